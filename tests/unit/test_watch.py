"""The numbers of `restyle watch`: counts, pace, time left, and how they are said."""

import io
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from producer.cli.batches import batches_table
from producer.cli.gauge import COLOURS, duration, gauge, plain_line, widths
from producer.cli.watching import facts
from producer.watch import Pace, Progress, View, goes_on, past_rate
from shared.errors import RedisUnreachable
from shared.jobs import Batch, BatchStatus
from shared.states import ItemState
from shared.styles import Style

NOON = datetime(2026, 10, 3, 12, tzinfo=UTC)

counts = st.dictionaries(st.sampled_from(ItemState), st.integers(0, 10**7))


def status_of(counts: dict[ItemState, int], **fields: object) -> BatchStatus:
    """A batch's roll-up with these counts."""
    batch = Batch(
        batch_id="autumn",
        submitted_at=NOON,
        output="s3://shop/out/",
        style=Style(name="Autumn reds", mask="the dress", paint="a red dress"),
        models={},
        total=max(1, sum(counts.values())),
        manifest_digest="a" * 64,
    )
    return BatchStatus(batch=batch, counts=counts, **fields)


def view_of(counts: dict[ItemState, int], *, elapsed: float = 0.0, **fields: object) -> View:
    """A look at a batch with these counts."""
    trouble, idle = fields.pop("trouble", None), bool(fields.pop("idle", False))
    status = status_of(counts, **fields)
    return View(status, Progress.of(status.counts, 30.0), elapsed, trouble, idle)


@given(counts=counts, rate=st.none() | st.floats(0.001, 1e6))
def test_final_and_open_items_make_up_the_whole_batch(counts, rate):
    """Progress: total = final + open, and time left is 0 exactly when no worker has work."""
    progress, status = Progress.of(counts, rate), status_of(counts)
    assert progress.final + status.open == progress.total
    ahead = progress.count(ItemState.QUEUED, ItemState.RUNNING)
    assert (progress.seconds_left == 0) == (ahead == 0)
    assert (progress.seconds_left is None) == (ahead > 0 and rate is None)


def test_time_left_is_the_work_ahead_over_the_rate():
    """30 images a minute and 10 ahead (a held one is not): 20 seconds."""
    counts = {ItemState.QUEUED: 7, ItemState.RUNNING: 3, ItemState.HELD: 1, ItemState.DONE: 5}
    assert Progress.of(counts, 30.0).seconds_left == pytest.approx(20.0)


def test_a_batch_succeeded_only_if_every_item_is_done_or_unchanged():
    """A failed, cancelled, rejected or open item is no success."""
    good = {ItemState.DONE: 3, ItemState.UNCHANGED: 2}
    assert Progress.of(good, None).succeeded
    for state in set(ItemState) - set(good):
        assert not Progress.of(good | {state: 1}, None).succeeded


@pytest.mark.parametrize(
    ("counts", "fields", "expected"),
    [
        ({ItemState.QUEUED: 1, ItemState.HELD: 2}, {}, True),
        ({ItemState.RUNNING: 1}, {}, True),
        ({ItemState.HELD: 2, ItemState.DONE: 1}, {}, False),
        ({ItemState.HELD: 2}, {"publishing": 1}, True),
        ({ItemState.DONE: 1}, {}, False),
        ({}, {"sealed": False}, True),
    ],
)
def test_a_watch_ends_where_only_a_person_can_go_on(counts, fields, expected):
    """Held items wait for a decision; approved ones are still being published."""
    assert goes_on(status_of(counts, **fields)) == expected


def test_pace_is_unknown_before_anything_was_seen_to_end():
    """No look, one look, or a standstill say nothing of the rate."""
    pace = Pace()
    assert pace.rate_per_minute is None
    for second in range(5):
        pace.look(float(second), 7)
        assert pace.rate_per_minute is None


@given(
    gaps=st.lists(st.floats(0.01, 5), min_size=2, max_size=200),
    per_second=st.floats(0.5, 50),
)
def test_a_steady_worker_has_a_steady_pace(gaps, per_second):
    """Whenever one looks, a constant speed is measured to within one image over the window."""
    pace, now = Pace(), 0.0
    pace.look(0.0, 0)
    for gap in gaps:
        now += gap
        pace.look(now, int(now * per_second))
    if pace.rate_per_minute is not None:
        seen = min(now, pace.window_seconds)
        assert abs(pace.rate_per_minute / 60 - per_second) <= 1.5 / seen + 1e-9


def test_pace_forgets_what_is_older_than_the_window():
    """A worker that went from 10 images a second to 1 has a pace of 60 after a window."""
    pace = Pace(window_seconds=10)
    for second in range(20):
        pace.look(float(second), second * 10)
    for second in range(20, 40):
        pace.look(float(second), 190 + second - 19)
    assert pace.rate_per_minute == pytest.approx(60)


def test_pace_covers_renders_of_minutes():
    """One image every two minutes is 0.5 a minute, though the window is one minute."""
    pace = Pace(window_seconds=60)
    for second in range(3_600):
        pace.look(float(second), second // 120)
    assert pace.rate_per_minute == pytest.approx(0.5, rel=0.1)


def test_pace_of_dead_workers_fades():
    """When nothing ends any more, the rate falls with every look and memory does not grow."""
    pace = Pace(window_seconds=10)
    for second in range(100):
        pace.look(float(second), second)
    rates = []
    for second in range(100, 10_000):
        pace.look(float(second), 99)
        rates.append(pace.rate_per_minute)
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] < 0.1
    assert len(pace._looks) < 20


def test_pace_starts_afresh_when_the_board_was_put_back():
    """A count that falls is a board put back, not a negative rate."""
    pace = Pace()
    for second, rendered in enumerate([10, 20, 5, 6]):
        pace.look(float(second), rendered)
    assert pace.rate_per_minute == pytest.approx(60)


def test_who_joins_late_learns_the_pace_from_the_boards_own_times():
    """From first claim to last report: 30 done in 60 seconds is 30 a minute, failures or not."""
    counts = {ItemState.DONE: 30, ItemState.FAILED: 500, ItemState.QUEUED: 70}
    late = NOON + timedelta(seconds=60)
    assert past_rate(status_of(counts, first_claim_at=NOON, last_report_at=late)) == 30.0
    assert past_rate(status_of(counts)) is None
    assert past_rate(status_of(counts, first_claim_at=NOON, last_report_at=NOON)) is None


@given(counts=counts, width=st.integers(1, 200))
def test_the_bar_is_exactly_as_wide_as_its_room(counts, width):
    """Cells of all states sum to the width and none is negative, whatever the counts."""
    cells = widths(Progress.of(counts, None), width)
    assert sum(cells) == width
    assert min(cells) >= 0


def test_every_state_has_a_colour():
    """A state without one would be missing from bar and counts."""
    assert set(COLOURS) == set(ItemState)


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.4, "0:00:00"), (75, "0:01:15"), (3_600, "1:00:00")]
)
def test_durations_read_like_a_clock(seconds, said):
    """Hours, minutes, seconds."""
    assert duration(seconds) == said


@pytest.mark.parametrize(
    ("counts", "fields", "expected"),
    [
        ({ItemState.QUEUED: 2}, {"paused": True}, "paused"),
        ({ItemState.QUEUED: 2}, {"elapsed": 60.0}, "restyle-worker running?"),
        ({ItemState.RUNNING: 2}, {"idle": True}, "No worker seems to be at work"),
        ({ItemState.QUEUED: 2}, {"sealed": False}, "still adding items"),
        ({ItemState.HELD: 2, ItemState.DONE: 1}, {}, "wait for a person"),
    ],
)
def test_a_batch_that_does_not_move_says_why(counts, fields, expected):
    """Paused, unsealed, without workers, held: each has its sentence."""
    assert expected in plain_line(view_of(counts, **fields))


def test_a_lost_redis_is_one_sentence_beside_the_last_known_numbers():
    """The trouble shows on the line and in JSON; the counts stay."""
    trouble = RedisUnreachable(address="redis://shop", reason="connection refused")
    view = view_of({ItemState.QUEUED: 2, ItemState.DONE: 3}, trouble=trouble)
    line = plain_line(view)
    assert "3 done" in line
    assert "redis://shop cannot be reached" in line
    assert facts(view)["trouble"]["code"] == "redis_unreachable"
    assert facts(view)["counts"] == {"queued": 2, "done": 3}


def test_the_live_gauge_shows_name_counts_and_pace():
    """What a person reads on the terminal; hostile markup in names stays text."""
    view = view_of({ItemState.DONE: 12, ItemState.FAILED: 2, ItemState.QUEUED: 13})
    sink = io.StringIO()
    Console(file=sink, width=80).print(gauge(view))
    text = sink.getvalue()
    for words in ("autumn", "Autumn reds", "12 done", "2 failed", "of 27", "30.0 images/min"):
        assert words in text


def test_a_long_id_hides_no_count():
    """At 80 columns the id gives way, over several lines, and nothing is lost of it."""
    counts = dict.fromkeys(ItemState, 0) | {ItemState.DONE: 12_345, ItemState.FAILED: 678}
    status = status_of(counts, first_claim_at=NOON)
    long = status.batch.model_copy(update={"batch_id": "spring-" + "x" * 121})
    sink = io.StringIO()
    Console(file=sink, width=80).print(batches_table([status.model_copy(update={"batch": long})]))
    head, first, *rest = sink.getvalue().splitlines()
    numbers = ["Done", "Held", "Unchanged", "Failed", "Total"]
    assert head.split() == ["Batch", "Phase", "Submitted", *numbers]
    assert first.split()[-5:] == ["12,345", "0", "0", "678", "13,023"]
    assert first.split()[0] + "".join(rest).replace(" ", "") == long.batch_id
