"""Work in hand: what is painted is reported before anything dangerous begins."""

import threading

import pytest

from shared.jobs import Claim, ItemSpec
from worker.work import PAINTED, WorkInHand

LIMIT_SECONDS = 20


@pytest.fixture
def in_hand():
    """Nothing in hand; nobody renews here, so that no board is needed."""
    return WorkInHand(board=None, lease_seconds=30)


def claim(number: int) -> Claim:
    """A claim on an item."""
    spec = ItemSpec(number=number, external_id=f"sku-{number}", source="s3://shop/a.jpg")
    return Claim(batch_id="spring", spec=spec, fence=1, owner="w", deliveries=1)


def test_open_reports_are_waited_for(in_hand):
    """From the end of its painting to the end of its report; what is not painted is no matter."""
    waited = threading.Event()

    def wait() -> None:
        in_hand.await_reports()
        waited.set()

    with in_hand.holding(claim(0)):
        in_hand.await_reports()
        with in_hand.holding(claim(1)) as painted:
            with painted.times.stage(PAINTED):
                pass
            waiting = threading.Thread(target=wait)
            waiting.start()
            waiting.join(0.05)
            assert not waited.is_set()
        assert waited.wait(LIMIT_SECONDS)
        waiting.join()


def test_a_painting_that_failed_is_not_waited_for(in_hand):
    """It has nothing to report but its error."""
    with in_hand.holding(claim(0)) as failed:
        with pytest.raises(ValueError, match="broken"), failed.times.stage(PAINTED):
            raise ValueError("broken")
        assert not failed.painted
        in_hand.await_reports()


def test_a_report_that_does_not_come_is_not_waited_for_for_ever(in_hand):
    """With Redis away, a suspect goes on all the same."""
    with in_hand.holding(claim(0)) as painted:
        painted.passed(PAINTED)
        in_hand.await_reports(0.05)
