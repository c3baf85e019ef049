"""The examination: every check, in the order in which a person would look."""

from collections.abc import Callable, Iterable, Iterator

from producer.doctor.backoffice import check_backoffice
from producer.doctor.check import Check, failed
from producer.doctor.host import check_disk, check_python, check_torch
from producer.doctor.models import check_models
from producer.doctor.services import (
    check_broker,
    check_redis,
    check_region,
    check_s3,
    check_workers,
)
from producer.doctor.webhooks import check_webhooks
from shared.errors import RestyleError
from shared.settings import Settings
from shared.styles import Style


def examine(
    settings: Settings, *, style: Style | None = None, output: str | None = None
) -> Iterator[Check]:
    """Look at everything, one check after the other; an error ends its own part only.

    Args:
        settings: Whose Redis and, by default, whose output to try.
        style: Whose models to look for; by default those of a style that names none.
        output: The s3:// prefix to try.
    """
    output = output or settings.output
    parts: dict[str, Callable[[], Iterable[Check]]] = {
        "python": check_python,
        "torch": check_torch,
        "redis": lambda: check_redis(settings),
        "broker": lambda: check_broker(settings),
        "workers": lambda: check_workers(settings),
        "webhooks": lambda: check_webhooks(settings),
        "back office": lambda: check_backoffice(settings),
        "s3 region": check_region,
        "s3": lambda: check_s3(output, settings.allowed),
        "models": lambda: check_models(style, settings.allowed),
        "disk": check_disk,
    }
    for name, part in parts.items():
        yield from examined(name, part)


def examined(name: str, part: Callable[[], Iterable[Check]]) -> Iterator[Check]:
    """A part's checks; an error that ends it becomes a failed check of the part's name."""
    try:
        yield from part()
    except RestyleError as error:
        yield failed(name, error)
