"""The waiting room under a clock of the test's own."""

from collections import Counter
from dataclasses import dataclass

from hypothesis import given
from hypothesis import strategies as st

from shared.jobs import LANES, Lane
from worker.waiting import IDLE_SHARE, MAX_REMEMBERED_GROUPS, BatchLimits, Job, WaitingRoom

LIMITS = BatchLimits(max_batch=3, wait_seconds=1.0, patience_seconds=10.0)


@dataclass(frozen=True)
class Shape:
    """A group of requests."""

    name: str
    stage: str = "inpaint"
    side: int = 512


@dataclass(frozen=True)
class Question:
    """A request."""

    group: Shape
    number: int = 0
    claim: None = None
    lane: Lane = "standard"


def filled(*arrivals: tuple[str, float]) -> WaitingRoom:
    """A room in which requests of the named groups arrived at these times."""
    room = WaitingRoom(LIMITS)
    for number, (name, arrived) in enumerate(arrivals):
        room.add(Job(Question(Shape(name), number), arrived))
    return room


def taken(room: WaitingRoom, now: float) -> list[tuple[str, int]]:
    """What is taken now, as names and numbers."""
    return [(job.request.group.name, job.request.number) for job in room.take(now)]


def test_a_full_batch_goes_at_once():
    """Nobody waits for mates that do not fit any more."""
    assert taken(filled(("a", 0), ("a", 0), ("a", 0)), now=0) == [("a", 0), ("a", 1), ("a", 2)]


def test_a_small_batch_waits_a_short_time_for_mates():
    """It goes when its oldest has waited `wait_seconds`, and the room says when that is."""
    room = filled(("a", 0))
    assert taken(room, now=0.9) == []
    assert abs(room.seconds_until_ripe(0.9) - 0.1) < 1e-9
    assert taken(room, now=1.0) == [("a", 0)]
    assert room.seconds_until_ripe(1.0) is None


def test_a_batch_goes_when_its_mates_are_overdue():
    """Two came 0.25 s apart; once nobody has come for twice as long, nobody is waited for."""
    room = filled(("a", 0), ("a", 0.25))
    assert taken(room, now=0.5) == []
    assert room.seconds_until_ripe(0.5) == 0.25
    assert taken(room, now=0.75) == [("a", 0), ("a", 1)]


def test_nobody_waits_for_mates_that_come_too_late():
    """One comes every 5 s and may wait 1 s: each goes alone and at once, but for the first."""
    room = filled(("a", 0))
    assert taken(room, now=1) == [("a", 0)]
    for now in (5.0, 10.0, 15.0):
        room.add(Job(Question(Shape("a")), now))
        assert taken(room, now) == [("a", 0)]


def test_nobody_waits_when_all_who_could_come_are_here():
    """Askers, not requests, are counted: one with several pictures is no sign of another."""
    room = WaitingRoom(LIMITS)
    for number, asker in enumerate([1, 1, 2]):
        room.add(Job(Question(Shape(f"{asker}"), number), 0.0, asker))
    assert taken_of(room, under_way=3) == []
    assert taken_of(room, under_way=None) == []
    assert taken_of(room, under_way=2) == [("1", 0), ("1", 1)]
    assert taken_of(room, under_way=1) == [("2", 2)]


def taken_of(room: WaitingRoom, under_way: int | None) -> list[tuple[str, int]]:
    """What is taken at once while so many are under way."""
    jobs = room.take(0.0, under_way)
    return [(job.request.group.name, job.request.number) for job in jobs]


def test_a_full_group_goes_before_an_older_small_one():
    """A full batch never waits behind one that is only ripe."""
    room = filled(("a", 0), ("b", 1), ("b", 1), ("b", 1))
    assert [name for name, _ in taken(room, now=2)] == ["b"] * 3


def test_the_last_group_is_preferred():
    """Its model is warm: among ripe groups it goes on, though another's head is older."""
    room = filled(("a", 0))
    assert taken(room, now=1) == [("a", 0)]
    for name, arrived in [("b", 1), ("a", 2)]:
        room.add(Job(Question(Shape(name)), arrived))
    assert taken(room, now=4) == [("a", 0)]
    assert taken(room, now=4) == [("b", 0)]


def test_no_group_starves():
    """Under an endless stream of full batches the oldest goes once its patience is over."""
    room = filled(("b", 0))
    now = 0.0
    while len(room) and now < 100:
        for _ in range(3):
            room.add(Job(Question(Shape("a")), now))
        if taken(room, now)[0][0] == "b":
            break
        now += 0.5
    assert now == LIMITS.patience_seconds


def test_the_memory_of_groups_is_bounded():
    """However many groups shrink, the room remembers the size and the pace of a limited number."""
    room = WaitingRoom(LIMITS)
    for number in range(2 * MAX_REMEMBERED_GROUPS + 5):
        room.shrink(Shape(str(number)), 1)
        room.add(Job(Question(Shape(str(number))), 0.0))
        room.take_all()
    assert len(room._safe_sizes) <= MAX_REMEMBERED_GROUPS
    assert len(room._paces) <= MAX_REMEMBERED_GROUPS
    assert room.safe_size(Shape("unknown")) == LIMITS.max_batch


def test_a_safe_size_only_shrinks_and_stays_at_least_one():
    """No later message makes calls larger again, and none forbids them."""
    room = WaitingRoom(LIMITS)
    for size, expected in [(2, 2), (3, 2), (0, 1), (8, 1)]:
        room.shrink(Shape("a"), size)
        assert room.safe_size(Shape("a")) == expected


@given(sizes=st.dictionaries(st.sampled_from("ab"), st.integers(1, 9)), shrunk=st.integers(0, 9))
def test_no_call_is_larger_than_memory_allows(sizes, shrunk):
    """The smallest of what is wanted, what fits and what proved safe."""
    limits = BatchLimits(max_batch=5, wait_seconds=0, fits=lambda group: sizes.get(group.name, 9))
    room: WaitingRoom = WaitingRoom(limits)
    room.shrink(Shape("a"), shrunk)
    for number in range(20):
        room.add(Job(Question(Shape("ab"[number % 2]), number), 0.0))
    while batch := taken(room, now=1):
        name = batch[0][0]
        assert len(batch) <= min(5, sizes.get(name, 9), max(1, shrunk) if name == "a" else 9)
    assert len(room) == 0


arrivals = st.lists(st.tuples(st.sampled_from("abcd"), st.floats(0, 3)), max_size=30)


@given(arrivals=arrivals, caps=st.dictionaries(st.sampled_from("abcd"), st.integers(1, 3)))
def test_taking_gives_each_job_once_in_order_and_in_one_group(arrivals, caps):
    """Every taken batch is of one group, no larger than is safe, first come first served."""
    room = filled(*sorted(arrivals, key=lambda arrival: arrival[1]))
    for name, size in caps.items():
        room.shrink(Shape(name), size)
    seen: list[tuple[str, int]] = []
    while batch := taken(room, now=1e6):
        assert len({name for name, _ in batch}) == 1
        assert len(batch) <= caps.get(batch[0][0], LIMITS.max_batch)
        seen += batch
    assert Counter(number for _, number in seen) == Counter(range(len(arrivals)))
    for name in "abcd":
        numbers = [number for group, number in seen if group == name]
        assert numbers == sorted(numbers)
    assert len(room) == 0


@given(arrivals=arrivals, now=st.floats(0, 6))
def test_the_room_never_sleeps_past_a_ripe_batch(arrivals, now):
    """Whenever there is nothing to take now, there is after the time that the room names."""
    room = filled(*arrivals)
    if room.take(now):
        return
    seconds = room.seconds_until_ripe(now)
    assert (seconds is None) == (not arrivals)
    if seconds is not None:
        assert room.take(now + seconds + 1e-6)


def test_an_earlier_stage_goes_first_even_where_the_later_one_is_full_and_warm():
    """What is segmented now is painted soon: put off, all of it would come at once."""
    room = filled(("a", 0), ("a", 0), ("a", 0))
    assert [name for name, _ in taken(room, now=0)] == ["a"] * 3
    room.add(Job(Question(Shape("s", stage="segment")), 1))
    for _ in range(3):
        room.add(Job(Question(Shape("a")), 0))
    assert [name for name, _ in taken(room, now=2)] == ["s"]
    assert [name for name, _ in taken(room, now=2)] == ["a"] * 3


@given(call=st.floats(0.001, 100), others=st.lists(st.floats(0.001, 100), max_size=5))
def test_an_idle_device_waits_a_small_share_of_a_call(call, others):
    """Whatever calls took, nobody waits longer than their longest one allows, nor the limit."""
    room = filled(("a", 0.0))
    room.take(1.0)
    for seconds in (call, *others):
        room.note_call(Shape("a"), seconds)
    room.add(Job(Question(Shape("a")), 2.0))
    most = min(LIMITS.wait_seconds, IDLE_SHARE * max(call, *others, 0))
    assert room.seconds_until_ripe(2.0) <= most + 1e-9


def test_calls_of_one_group_say_nothing_of_another():
    """A quick segmenter does not hurry the painter's first call."""
    room = filled(("a", 0.0))
    room.note_call(Shape("b"), 0.001)
    assert room.seconds_until_ripe(0.0) == LIMITS.wait_seconds


def test_lengths_of_calls_are_forgotten_in_time():
    """Whoever changes prompts into groups for years does not fill the memory."""
    room = WaitingRoom(LIMITS)
    for number in range(MAX_REMEMBERED_GROUPS + 1):
        room.note_call(Shape(str(number)), 1.0)
    assert len(room._call_seconds) <= MAX_REMEMBERED_GROUPS


def asked(name: str, number: int, lane: Lane, arrived: float = 0.0, **shape: str) -> Job:
    """A request of a lane."""
    return Job(Question(Shape(name, **shape), number, lane=lane), arrived)


lanes = st.sampled_from(LANES)
crowds = st.lists(
    st.tuples(
        st.sampled_from("abcd"),
        lanes,
        st.sampled_from(["segment", "inpaint"]),
        st.floats(0, 30),
    ),
    max_size=40,
)


def crowded(rows) -> tuple[WaitingRoom, list[Job]]:
    """A room of requests that came one after the other, and what came."""
    room, jobs = WaitingRoom(LIMITS), []
    for number, (name, lane, stage, arrived) in enumerate(sorted(rows, key=lambda row: row[-1])):
        jobs.append(asked(f"{stage} {name}", number, lane, arrived, stage=stage))
        room.add(jobs[-1])
    return room, jobs


@given(rows=crowds, stage=st.sampled_from(["segment", "inpaint"]), now=st.floats(30, 60))
def test_an_urgent_item_is_in_the_next_call_whatever_waits(rows, stage, now):
    """Overdue, full, warm, of an earlier stage: no other call is made before its own."""
    room, _ = crowded([(name, lane, s, t) for name, lane, s, t in rows if lane != "urgent"])
    for number in range(2):
        room.add(asked("u", number, "urgent", now, stage=stage))
    room.add(asked("a", 0, "bulk", now))
    jobs = room.take(now) or room.take(now + room.seconds_until_ripe(now) + 1e-6)
    assert [job.lane for job in jobs] == ["urgent", "urgent"]


@given(rows=crowds, step=st.floats(0.01, 3))
def test_while_urgent_ones_wait_every_call_is_theirs(rows, step):
    """In the order in which they came to their group, before all other mates of the call."""
    room, jobs = crowded(rows)
    urgent, now = {job.request.number for job in jobs if job.lane == "urgent"}, 30.0
    while len(room):
        taken = room.take(now)
        numbers = [job.request.number for job in taken if job.lane == "urgent"]
        assert bool(numbers) == bool(urgent and taken)
        assert [job.request.number for job in taken[: len(numbers)]] == sorted(numbers)
        urgent -= set(numbers)
        now += step


@given(rows=crowds, step=st.floats(0.01, 3))
def test_lanes_lose_and_double_nothing(rows, step):
    """Each job is in one call, with jobs of its group, and first come first served in its lane."""
    room, jobs = crowded(rows)
    seen: list[Job] = []
    now = 30.0
    while len(room):
        taken = room.take(now)
        assert len({job.request.group for job in taken}) <= 1
        assert len(taken) <= LIMITS.max_batch
        seen, now = seen + taken, now + step
    assert Counter(map(id, seen)) == Counter(map(id, jobs))
    for place in {(job.request.group, job.lane) for job in jobs}:
        numbers = [job.request.number for job in seen if (job.request.group, job.lane) == place]
        assert numbers == sorted(numbers)


def test_other_lanes_fill_an_urgent_call():
    """Places that urgent requests leave go to standard ones, then to bulk."""
    room = WaitingRoom(LIMITS)
    for number, lane in enumerate(["bulk", "bulk", "standard", "urgent"]):
        room.add(asked("a", number, lane))
    assert taken(room, now=1) == [("a", 3), ("a", 2), ("a", 0)]


def test_standard_goes_before_fuller_warmer_and_older_bulk():
    """As long as the bulk requests have not lost their patience."""
    room = filled(("b", 0))
    taken(room, now=1)
    for number in range(3):
        room.add(asked("b", number, "bulk", 1.0))
    room.add(asked("a", 9, "standard", 2.0))
    assert taken(room, now=3) == [("a", 9)]
    assert taken(room, now=3) == [("b", 0), ("b", 1), ("b", 2)]


@given(name=st.sampled_from("ab"), step=st.floats(0.05, 2))
def test_standard_does_not_starve_bulk(name, step):
    """Under full calls of standard work, bulk goes in the first call after its patience is over."""
    room, now = WaitingRoom(LIMITS), 0.0
    room.add(asked(name, 99, "bulk"))
    while True:
        for number in range(LIMITS.max_batch):
            room.add(asked("a", number, "standard", now))
        if any(job.lane == "bulk" for job in room.take(now)):
            break
        assert now < LIMITS.patience_seconds
        now += step


def test_an_urgent_request_waits_for_mates_where_nobody_else_is_due():
    """A fuller call gains as much as ever, and costs it no call of others."""
    room = WaitingRoom(LIMITS)
    room.add(asked("u", 1, "urgent"))
    room.add(asked("b", 2, "bulk"))
    assert taken(room, now=0.9) == []
    assert taken(room, now=1.0) == [("u", 1)]
