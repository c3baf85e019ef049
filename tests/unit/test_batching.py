"""The Batcher: nothing lost, doubled or mixed up, whatever fails on the device."""

import gc
import threading
import weakref
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import CancelledError, wait
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import BatcherClosed, DeviceLost, DeviceOutOfMemory, ModelInvalid
from shared.jobs import Lane
from worker.batching import Batcher, BatcherStats, DeviceFaults
from worker.waiting import BatchLimits

#: Longest wait for a future that must end, in seconds.
LIMIT_SECONDS = 20


@dataclass(frozen=True)
class Shape:
    """A group of requests."""

    name: str
    stage: str = "inpaint"
    side: int = 512


@dataclass(frozen=True, eq=False)
class Question:
    """A request; a bad one makes its call fail."""

    group: Shape
    number: int
    bad: bool = False
    lane: Lane = "standard"


class OutOfMemory(RuntimeError):
    """The device's memory is full."""


class Sticky(RuntimeError):
    """The device is lost."""


class Device:
    """Answers requests, remembers its calls, has memory for some requests per call."""

    def __init__(self, memory: int = 1_000) -> None:
        self.memory = memory
        self.calls: list[tuple[Shape, list[int]]] = []
        self.freed = 0

    def run(self, group: Shape, requests: Sequence[Question]) -> list[tuple[Shape, int]]:
        """The call: fails for want of memory, then for a bad request."""
        self.calls.append((group, [request.number for request in requests]))
        if len(requests) > self.memory:
            raise OutOfMemory
        if any(request.bad for request in requests):
            raise ValueError("bad picture")
        return [(request.group, request.number) for request in requests]

    def free_memory(self) -> None:
        """Counts."""
        self.freed += 1

    def batcher(
        self, *, on_fatal=lambda error: None, run=None, under_way=None, **limits
    ) -> Batcher:
        """A Batcher on this device, or on another call; batches wait for nobody."""
        faults = DeviceFaults(
            is_out_of_memory=lambda error: isinstance(error, OutOfMemory),
            is_fatal=lambda error: isinstance(error, Sticky),
            free_memory=self.free_memory,
        )
        limits = BatchLimits(**({"wait_seconds": 0} | limits))
        return Batcher(
            run or self.run,
            limits=limits,
            faults=faults,
            on_fatal=on_fatal,
            under_way=lambda: under_way,
        )

    @property
    def sizes(self) -> list[int]:
        """Requests of each call."""
        return [len(numbers) for _, numbers in self.calls]


def ended(futures):
    """Futures that have all ended."""
    assert not wait(futures, LIMIT_SECONDS).not_done
    return futures


def answered(device, rows, max_batch):
    """The questions of rows of a shape and whether it is bad, and their futures, all ended."""
    batcher = device.batcher(max_batch=max_batch)
    asked = [Question(Shape(name), number, bad) for number, (name, bad) in enumerate(rows)]
    futures = [batcher.submit(question) for question in asked]
    with batcher:
        return asked, ended(futures)


questions = st.lists(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.sampled_from([False, False, False, True])),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(rows=questions, memory=st.integers(1, 9), max_batch=st.integers(1, 9))
def test_every_request_gets_its_own_answer_or_its_own_error(rows, memory, max_batch):
    """Nothing is lost, doubled or mixed up, and only bad requests fail, whatever the memory."""
    device = Device(memory)
    asked, futures = answered(device, rows, max_batch)
    for question, future in zip(asked, futures, strict=True):
        if question.bad:
            assert isinstance(future.exception(), ValueError)
        else:
            assert future.result().value == (question.group, question.number)
    for group, numbers in device.calls:
        assert len(numbers) <= max_batch
        assert numbers == sorted(numbers)
        assert all(asked[number].group == group for number in numbers)


@settings(max_examples=15, deadline=None)
@given(threads=st.integers(1, 8), each=st.integers(1, 15), room=st.integers(1, 6))
def test_many_threads_share_a_small_waiting_room(threads, each, room):
    """Back-pressure delays submitters but loses and doubles nothing."""
    device = Device()
    answers: list[tuple[Shape, int]] = []

    def ask(batcher: Batcher, thread: int) -> None:
        for number in range(each):
            question = Question(Shape(f"g{number % 2}"), thread * 1_000 + number)
            answers.append(batcher.submit(question).result(LIMIT_SECONDS).value)

    with device.batcher(max_waiting=room) as batcher:
        started = [threading.Thread(target=ask, args=(batcher, t)) for t in range(threads)]
        for thread in started:
            thread.start()
        for thread in started:
            thread.join(LIMIT_SECONDS)
    numbers = Counter(number for _, number in answers)
    assert numbers == Counter(t * 1_000 + n for t in range(threads) for n in range(each))
    assert sum(device.sizes) == threads * each


def test_compatible_requests_share_a_call():
    """Requests that wait together are run together, up to the largest batch."""
    device = Device()
    batcher = device.batcher(max_batch=4)
    futures = [batcher.submit(Question(Shape("a"), number)) for number in range(10)]
    with batcher:
        ended(futures)
    assert device.sizes == [4, 4, 2]


def test_what_one_thread_asks_together_shares_a_call():
    """The device is idle and nobody else is under way, yet no call is made for the first alone."""
    device = Device()
    with device.batcher(wait_seconds=LIMIT_SECONDS, under_way=1) as batcher:
        ended(batcher.submit_all([Question(Shape("a"), number) for number in range(3)]))
    assert device.sizes == [3]


def test_a_device_does_not_wait_for_whom_nobody_could_bring():
    """With all threads under way waiting for answers, the longest wait is never begun."""
    device = Device()
    with device.batcher(wait_seconds=10 * LIMIT_SECONDS, under_way=1) as batcher:
        for number in range(3):
            assert batcher.submit(Question(Shape("a"), number)).result(LIMIT_SECONDS)
    assert device.sizes == [1, 1, 1]


@settings(max_examples=40, deadline=None)
@given(rows=questions, memory=st.integers(1, 9), max_batch=st.integers(1, 9))
def test_an_answer_knows_the_call_that_gave_it(rows, memory, max_batch):
    """Batch mates are the other requests of the last call with it, however often it was cut."""
    device = Device(memory)
    asked, futures = answered(device, rows, max_batch)
    last_call = {number: numbers for _, numbers in device.calls for number in numbers}
    for question, future in zip(asked, futures, strict=True):
        if not question.bad:
            call = future.result().call
            assert call.batch_mates == len(last_call[question.number]) - 1
            assert call.seconds >= 0


def test_a_full_waiting_room_blocks_the_next_submit():
    """`submit` returns only when there is room again."""
    device = Device()
    batcher = device.batcher(max_waiting=1)
    first = batcher.submit(Question(Shape("a"), 0))
    second = []
    thread = threading.Thread(
        target=lambda: second.append(batcher.submit(Question(Shape("a"), 1))), daemon=True
    )
    thread.start()
    thread.join(0.05)
    assert thread.is_alive()
    assert not second
    with batcher:
        thread.join(LIMIT_SECONDS)
        ended([first, *second])
    assert len(second) == 1


def test_an_urgent_item_is_let_into_a_full_room_and_into_the_next_call():
    """While a call runs and its backlog fills the room, it waits for that one call alone."""
    device, running, go_on = Device(), threading.Event(), threading.Event()

    def run(group, requests):
        running.set()
        assert go_on.wait(LIMIT_SECONDS)
        return device.run(group, requests)

    batcher = device.batcher(run=run, max_batch=2, max_waiting=6)
    futures = [batcher.submit(Question(Shape("ab"[n % 2]), n, lane="bulk")) for n in range(6)]
    with batcher:
        assert running.wait(LIMIT_SECONDS)
        futures.append(batcher.submit(Question(Shape("a"), 6, lane="bulk")))
        futures.append(batcher.submit(Question(Shape("b"), 7, lane="bulk")))
        futures.append(batcher.submit(Question(Shape("b"), 8, lane="urgent")))
        go_on.set()
        ended(futures)
    assert device.calls[:2] == [(Shape("a"), [0, 2]), (Shape("b"), [8, 1])]


def test_one_bad_request_fails_alone():
    """Its batch mates get their answers, in about 2 log n calls more."""
    device = Device()
    batcher = device.batcher(max_batch=8)
    futures = [batcher.submit(Question(Shape("a"), n, bad=n == 5)) for n in range(8)]
    with batcher:
        ended(futures)
    assert [future.exception() is None for future in futures] == [n != 5 for n in range(8)]
    assert device.sizes == [8, 4, 4, 2, 1, 1, 2]


def test_the_safe_size_of_a_group_is_remembered():
    """After an out-of-memory error no call of that group is as large again; others are."""
    device = Device(memory=3)
    batcher = device.batcher(max_batch=8)
    futures = [batcher.submit(Question(Shape("a"), number)) for number in range(16)]
    with batcher:
        ended(futures)
        assert device.sizes == [8, 4] + [2] * 8
        assert device.freed == 2
        device.memory = 8
        ended([batcher.submit(Question(Shape("a"), number)) for number in range(8)])
        assert max(device.sizes[10:]) <= 2
        assert batcher.stats().requests == sum(device.sizes)


def test_one_image_that_never_fits_is_out_of_memory():
    """Alone it is tried twice, with memory freed between, and then says what did not fit."""
    device = Device(memory=0)
    with device.batcher() as batcher:
        error = batcher.submit(Question(Shape("a", side=768), 1)).exception(LIMIT_SECONDS)
    assert isinstance(error, DeviceOutOfMemory)
    assert error.facts == {"working_size": 768, "stage": "inpaint"}
    assert device.sizes == [1, 1]
    assert device.freed == 1


def test_an_error_of_the_model_is_not_tried_in_halves():
    """A model that cannot be loaded fails its requests at once: halves would fail alike."""
    device = Device()
    broken = ModelInvalid(reference="m", reason="empty", kind="CLIPSeg")

    def run(group, requests):
        device.calls.append((group, [request.number for request in requests]))
        raise broken

    batcher = device.batcher(run=run)
    futures = [batcher.submit(Question(Shape("a"), number)) for number in range(8)]
    with batcher:
        ended(futures)
    assert {future.exception() for future in futures} == {broken}
    assert device.sizes == [8]


def test_a_call_that_was_cancelled_cancels_its_requests():
    """A painter stops between steps when all its items are cancelled; nobody tries again."""
    device = Device()

    def run(group, requests):
        raise CancelledError

    with device.batcher(run=run) as batcher:
        future = batcher.submit(Question(Shape("a"), 1))
        assert isinstance(future.exception(LIMIT_SECONDS), CancelledError)


def test_too_few_answers_are_an_error():
    """A device that answers fewer requests than it was asked fails them, and hangs none."""
    device = Device()
    with device.batcher(run=lambda group, requests: []) as batcher:
        assert isinstance(
            batcher.submit(Question(Shape("a"), 1)).exception(LIMIT_SECONDS), ValueError
        )


def test_a_future_cancelled_in_time_never_runs():
    """What its owner cancelled before its call is skipped."""
    device = Device()
    batcher = device.batcher()
    futures = [batcher.submit(Question(Shape("a"), number)) for number in range(4)]
    assert futures[1].cancel()
    assert futures[2].cancel()
    with batcher:
        ended(futures)
    assert device.calls == [(Shape("a"), [0, 3])]


def test_what_was_cancelled_takes_no_place_in_a_call():
    """The others fill the call, and count only each other as batch mates."""
    device = Device()
    batcher = device.batcher(max_batch=4)
    futures = [batcher.submit(Question(Shape("a"), number)) for number in range(7)]
    assert all(future.cancel() for future in futures[:3])
    with batcher:
        ended(futures)
    assert device.calls == [(Shape("a"), [3, 4, 5, 6])]
    assert [future.result().call.batch_mates for future in futures[3:]] == [3] * 4


def test_a_call_is_not_made_early_for_what_was_cancelled():
    """A group that only the cancelled would fill still waits for more; its calls grow full."""
    device = Device()
    batcher = device.batcher(max_batch=3, wait_seconds=LIMIT_SECONDS)
    cancelled = [batcher.submit(Question(Shape("a"), number)) for number in range(2)]
    assert all(future.cancel() for future in cancelled)
    with batcher:
        asked = [batcher.submit(Question(Shape("a"), number)) for number in range(2, 5)]
        ended([*cancelled, *asked])
    assert device.calls == [(Shape("a"), [2, 3, 4])]


def test_a_room_full_of_cancelled_requests_lets_others_in():
    """Whoever waits to submit comes in as soon as the device thread looks."""
    device = Device()
    batcher = device.batcher(max_waiting=1, wait_seconds=LIMIT_SECONDS, max_batch=2)
    first, others = batcher.submit(Question(Shape("a"), 0)), []
    thread = threading.Thread(
        target=lambda: others.append(batcher.submit(Question(Shape("b"), 1))), daemon=True
    )
    thread.start()
    assert first.cancel()
    with batcher:
        thread.join(LIMIT_SECONDS / 2)
        assert len(others) == 1
    assert device.calls == []


def test_closing_hands_back_what_waits_and_ends_what_runs():
    """The running call keeps its results; the others get BatcherClosed; nothing more is taken."""
    device, running, go_on = Device(), threading.Event(), threading.Event()

    def run(group, requests):
        running.set()
        assert go_on.wait(LIMIT_SECONDS)
        return device.run(group, requests)

    batcher = device.batcher(run=run, max_batch=1)
    batcher.start()
    futures = [batcher.submit(Question(Shape("a"), number)) for number in range(3)]
    assert running.wait(LIMIT_SECONDS)
    assert not batcher.close(timeout_seconds=0)
    assert [type(future.exception(0)) for future in futures[1:]] == [BatcherClosed] * 2
    with pytest.raises(BatcherClosed):
        batcher.submit(Question(Shape("a"), 9))
    go_on.set()
    assert batcher.close(LIMIT_SECONDS)
    assert futures[0].result().value == (Shape("a"), 0)
    assert device.sizes == [1]


def test_closing_wakes_a_blocked_submitter():
    """Who waits for room when the Batcher closes gets BatcherClosed and not silence."""
    batcher = Device().batcher(max_waiting=1)
    batcher.submit(Question(Shape("a"), 0))
    errors = []

    def ask() -> None:
        try:
            batcher.submit(Question(Shape("a"), 1))
        except BatcherClosed as error:
            errors.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    assert batcher.close()
    thread.join(LIMIT_SECONDS)
    assert len(errors) == 1


@pytest.mark.parametrize("death", [Sticky("CUDA error: illegal address"), SystemExit(3)])
def test_a_lost_device_fails_every_future_and_is_reported_once(death):
    """On the device: DeviceLost (a strike); still waiting: BatcherClosed. Then `on_fatal`."""
    device, reported = Device(), threading.Event()
    deaths = []

    def run(group, requests):
        raise death

    def on_fatal(error):
        deaths.append(error)
        reported.set()

    batcher = device.batcher(run=run, on_fatal=on_fatal, max_batch=2)
    futures = [batcher.submit(Question(Shape("a"), number)) for number in range(5)]
    with batcher:
        ended(futures)
        assert reported.wait(LIMIT_SECONDS)
    kinds = [type(future.exception()) for future in futures]
    assert kinds == [DeviceLost] * 2 + [BatcherClosed] * 3
    assert deaths == [death]
    with pytest.raises(BatcherClosed):
        batcher.submit(Question(Shape("a"), 9))


def test_the_memory_of_a_failed_call_is_free_before_the_next():
    """A traceback's frames hold the call's tensors; they must be gone when halves are tried."""

    class Tensor:
        """Stands for device memory."""

    device = Device()
    alive: list[weakref.ref[Tensor]] = []
    held_at_call: list[int] = []

    def run(group, requests):
        held_at_call.append(sum(ref() is not None for ref in alive))
        tensor = Tensor()
        alive.append(weakref.ref(tensor))
        if len(requests) > 1:
            raise OutOfMemory
        return [len(alive)] * len(requests)

    batcher = device.batcher(run=run, max_batch=8)
    gc.disable()
    try:
        futures = [batcher.submit(Question(Shape("a"), number)) for number in range(8)]
        with batcher:
            ended(futures)
    finally:
        gc.enable()
    assert set(held_at_call) == {0}


def test_counters_tell_calls_requests_and_busy_time():
    """The counters add up over successes and failures; the mean is requests per call."""
    device = Device()
    batcher = device.batcher(max_batch=4)
    futures = [batcher.submit(Question(Shape("a"), n, bad=n == 0)) for n in range(4)]
    assert batcher.stats() == BatcherStats()
    assert batcher.stats().mean_batch == 0
    with batcher:
        ended(futures)
    stats = batcher.stats()
    assert (stats.batches, stats.requests, stats.failed_batches) == (5, 10, 3)
    assert stats.mean_batch == 2
    assert stats.busy_seconds > 0
    assert sum(size * calls for size, calls in stats.sizes.items()) == stats.requests
    assert sum(stats.sizes.values()) == stats.batches


def test_the_time_of_a_running_call_counts_as_it_runs():
    """A call of minutes keeps the device busy now, not at its end; and never twice."""
    began, go_on = threading.Event(), threading.Event()

    def run(group, requests):
        began.set()
        go_on.wait(LIMIT_SECONDS)
        return [0 for _ in requests]

    batcher = Device().batcher(run=run, max_batch=1)
    with batcher:
        first, second = (batcher.submit(Question(Shape("a"), number)) for number in range(2))
        assert began.wait(LIMIT_SECONDS)
        early, late = batcher.stats(), batcher.stats()
        assert (early.batches, batcher.waiting()) == (0, 1)
        assert 0 < early.busy_seconds < late.busy_seconds
        go_on.set()
        ended([first, second])
    stats = batcher.stats()
    assert (stats.running_since, batcher.waiting()) == (None, 0)
    assert stats.busy_seconds > late.busy_seconds
