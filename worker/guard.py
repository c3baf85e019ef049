"""Guard: calls on the device, with their items noted as at risk and under the watchdog."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from worker.inpaint.buckets import bucket_of
from worker.inpaint.protocol import InpaintGroup
from worker.risks import Risks
from worker.segment.protocol import SegmentGroup
from worker.waiting import Group, Request
from worker.watchdog import Patience, watched

Run = Callable[[Group, Sequence[Request]], Sequence[Any]]
#: Calls that take about as long as each other: of one group, and of one compiled size.
Kind = tuple[Group, int]


def guarded(run: Run, risks: Risks, hang_seconds: float, sizes: Sequence[int]) -> Run:
    """The device's calls, guarded.

    Args:
        run: The call.
        risks: Where its items are noted.
        hang_seconds: Limit of the first call of a kind, and of all.
        sizes: Those that calls are padded to, where graphs are compiled; else none.
    """

    def noted(group: Group, requests: Sequence[Request]) -> Sequence[Any]:
        names = {request.claim for request in requests if request.claim}
        with risks.on_device(names, alone=group.alone is not None):
            return run(group, requests)

    def kind(group: Group, requests: Sequence[Request]) -> Kind:
        return _of_all(group), bucket_of(len(requests), sizes) if sizes else 0

    return watched(noted, Patience[Kind](hang_seconds), kind)


def _of_all(group: Group) -> Group:
    """A suspect's calls take as long as everybody's."""
    if isinstance(group, InpaintGroup | SegmentGroup):
        return replace(group, alone=None)
    return group
