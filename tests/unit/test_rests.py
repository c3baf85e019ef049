"""Models that rest: how long, told once, forgotten when they answer."""

import pytest
from structlog.testing import capture_logs

from shared.errors import ModelUnavailable
from shared.jobs import ResolvedModel
from worker.models.rests import FIRST_REST_SECONDS, LONGEST_REST_SECONDS, Rests

MODEL = ResolvedModel(reference="/models/one", kind="directory", digest="a" * 64)
OTHER = ResolvedModel(reference="/models/two", kind="directory", digest="b" * 64)
ERROR = ModelUnavailable(reference="/models/one", reason="the disk is full")


class Clock:
    """A clock that the test moves."""

    now = 100.0

    def __call__(self) -> float:
        """Seconds."""
        return self.now


@pytest.fixture
def clock():
    """Stands until it is moved."""
    return Clock()


@pytest.fixture
def rests(clock):
    """No model rests."""
    return Rests(clock)


def test_a_model_rests_for_its_time_and_no_other_with_it(rests, clock):
    """Until then the same error is due; from then on the model may be tried."""
    assert rests.of(MODEL) is None
    rests.begin(MODEL, ERROR)
    clock.now += FIRST_REST_SECONDS * 0.99
    assert rests.of(MODEL).report() == ERROR.report()
    assert rests.of(OTHER) is None
    clock.now += FIRST_REST_SECONDS * 0.02
    assert rests.of(MODEL) is None
    assert rests.reasons() == {"/models/one": str(ERROR)}


def test_a_kept_error_holds_nothing_of_where_it_was_raised(rests):
    """A traceback would keep the pictures of all the items that it ended."""
    try:
        raise ERROR
    except ModelUnavailable as error:
        rests.begin(MODEL, error)
    kept = [rests.of(MODEL), rests.of(MODEL)]
    assert [error.__traceback__ for error in kept] == [None, None]
    assert kept[0] is not kept[1]


def test_each_failure_doubles_the_rest_up_to_the_longest(rests, clock):
    """So that a model that never comes costs ever less."""
    lengths = []
    for _ in range(12):
        rests.begin(MODEL, ERROR)
        started = clock.now
        while rests.of(MODEL):
            clock.now += 1.0
        lengths.append(clock.now - started)
    assert lengths[:3] == [FIRST_REST_SECONDS, 2 * FIRST_REST_SECONDS, 4 * FIRST_REST_SECONDS]
    assert lengths[-1] == LONGEST_REST_SECONDS


def test_the_items_of_one_failed_call_are_one_failure(rests, clock):
    """Eight items that failed together neither lengthen the rest nor tell it eight times."""
    with capture_logs() as lines:
        for _ in range(8):
            rests.begin(MODEL, ERROR)
    assert [line["event"] for line in lines] == ["model rests on this worker"]
    clock.now += FIRST_REST_SECONDS
    assert rests.of(MODEL) is None


def test_a_model_that_answers_has_never_failed(rests, clock):
    """Nothing is told of it any more, and its next rest is a first one."""
    rests.begin(MODEL, ERROR)
    clock.now += FIRST_REST_SECONDS
    rests.begin(MODEL, ERROR)
    rests.end(MODEL)
    assert (rests.of(MODEL), rests.reasons()) == (None, {})
    rests.begin(MODEL, ERROR)
    clock.now += FIRST_REST_SECONDS
    assert rests.of(MODEL) is None
