"""The plan: manifest, style and earlier results → each item new, changed, unchanged or orphaned."""

from producer.plan.forecast import Forecast
from producer.plan.plan import Plan, Progress, Subject, Wishes, made_plan
from producer.plan.verdicts import ITEMS, QUEUED, Kind, Orphan, Planned

__all__ = [
    "ITEMS",
    "QUEUED",
    "Forecast",
    "Kind",
    "Orphan",
    "Plan",
    "Planned",
    "Progress",
    "Subject",
    "Wishes",
    "made_plan",
]
