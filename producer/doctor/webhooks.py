"""Whether webhooks can be signed, and whether the last events arrived."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from producer.doctor.check import Check, fail, ok, warn
from shared.board import Delivery, StatusBoard
from shared.errors import BoardError
from shared.settings import Settings

#: Deliveries that are looked at, the newest ones.
LOOKED_AT = 20
#: A delivery that is due for this long is not on anybody's way.
LATE = timedelta(minutes=5)


def check_webhooks(settings: Settings) -> Iterator[Check]:
    """The secret and the last deliveries; nothing where nobody uses webhooks."""
    deliveries = _newest(settings)
    if (settings.webhooks or deliveries) and settings.webhook_secret is None:
        finding = "events are to be sent, and there is no RESTYLE_WEBHOOK_SECRET to sign them with"
        yield fail("webhooks", finding, "restyle webhooks secret")
    elif settings.webhooks or deliveries:
        yield _verdict(deliveries)


def _newest(settings: Settings) -> list[Delivery]:
    board = StatusBoard.connect(settings)
    try:
        return list(islice(board.deliveries(), LOOKED_AT))
    except BoardError:  # the check of Redis has told it
        return []
    finally:
        board.close()


def _verdict(deliveries: list[Delivery]) -> Check:
    late = datetime.now(UTC) - LATE
    if any(one.due_at and one.due_at < late for one in deliveries):
        finding = "deliveries are due for minutes, and no steward sends them"
        return warn("webhooks", finding, "restyle steward")
    failed = [one for one in deliveries if one.failed]
    if not failed:
        return ok("webhooks", f"none of the last {len(deliveries)} deliveries failed")
    finding = f"{len(failed)} of the last {len(deliveries)} deliveries failed"
    return warn(
        "webhooks", f"{finding}: {failed[0].tries[0].error}", "restyle webhooks list --failed"
    )
