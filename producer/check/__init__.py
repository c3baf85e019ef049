"""Check: what would become of a manifest under a style, before anything is queued."""

from producer.check.finding import Finding
from producer.check.report import Draft, Report, check

__all__ = ["Draft", "Finding", "Report", "check"]
