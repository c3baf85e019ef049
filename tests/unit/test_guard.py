"""Guarded calls: suspects go alone, and their calls are as long as everybody's."""

import numpy as np
import pytest

from shared.jobs import ClaimName
from worker.guard import guarded
from worker.inpaint.protocol import InpaintRequest
from worker.risks import Notes, Risks, shared_memory
from worker.segment.protocol import SegmentRequest
from worker.waiting import BatchLimits, Job, WaitingRoom

GREY = np.zeros((8, 8, 3), np.uint8)


def painting(number: int, **fields: object) -> InpaintRequest:
    """A square of an item."""
    name = ClaimName("spring", number, 1)
    return InpaintRequest(
        model="m", picture=GREY, mask=GREY[..., 0], prompt="", claim=name, **fields
    )


def finding(number: int, **fields: object) -> SegmentRequest:
    """The same of a segmenter's."""
    name = ClaimName("spring", number, 1)
    return SegmentRequest(model="m", picture=GREY, prompts=("a",), claim=name, **fields)


@pytest.mark.parametrize("ask", [painting, finding])
def test_suspects_have_no_batch_mates(ask):
    """Each goes with its own squares and nobody else's; the others go together."""
    room = WaitingRoom(BatchLimits(max_batch=8, wait_seconds=0))
    for request in [ask(0), ask(1, suspect=True), ask(2), ask(3, suspect=True)]:
        room.add(Job(request, 0.0))
    room.add(Job(ask(1, suspect=True), 0.0))
    calls = []
    while jobs := room.take(1.0):
        calls.append(sorted(job.request.claim.number for job in jobs))
    assert sorted(calls) == [[0, 2], [1, 1], [3]]


@pytest.mark.parametrize("ask", [painting, finding])
def test_an_urgent_suspect_goes_first_and_alone(ask):
    """Neither rule costs the other: the next call is its own, without mates."""
    room = WaitingRoom(BatchLimits(max_batch=2, wait_seconds=0))
    requests = [ask(0, lane="bulk"), ask(1, lane="bulk"), ask(2, lane="urgent", suspect=True)]
    for request in requests:
        room.add(Job(request, 0.0))
    calls = [[job.request.claim.number for job in room.take(1.0)] for _ in range(2)]
    assert calls == [[2], [0, 1]]


def test_the_items_of_a_call_are_noted_while_it_runs():
    """And no longer."""
    notes = Notes()
    risks = Risks(shared_memory(notes.fileno))

    def run(group, requests):
        assert sorted(name.number for name in notes.suspects()) == [0, 1]
        return ["a", "b"]

    requests = [painting(0), painting(1)]
    assert guarded(run, risks, 60, ())(requests[0].group, requests) == ["a", "b"]
    assert notes.suspects() == []
    notes.close()
