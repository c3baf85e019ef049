"""Tally: all that a report tells of a batch's items, from one look at each."""

import heapq
from collections import Counter
from dataclasses import dataclass, field

from producer.report.record import FailureKind, SlowItem
from producer.report.spread import Spread
from producer.result_row import ResultRow
from shared.jobs import Failure, Item, Result
from shared.results import Stage
from shared.states import ItemState

#: Items that are named of each kind of failure, and of those that wait for a person.
MOST_EXAMPLES = 3
MOST_HELD = 20
#: Items that are named as the slowest.
MOST_SLOW = 10
#: Items whose pictures are shown.
SAMPLE_ITEMS = 12


@dataclass(slots=True)
class _Kind:
    """The failures of one code so far."""

    first: Failure
    count: int = 0
    examples: list[ResultRow] = field(default_factory=list)


class Tally:
    """Counters, heaps and examples: its memory does not grow with the items."""

    def __init__(self) -> None:
        self.counts: Counter[ItemState] = Counter()
        #: Bytes of all variants.
        self.bytes_written = 0
        #: The first of the items that wait for a person.
        self.held: list[ResultRow] = []
        #: How many of them wait with a mask, and with a result.
        self.stages: Counter[Stage] = Counter()
        self._kinds: dict[str, _Kind] = {}
        #: Smallest first; of two that took equally long the later one goes first.
        self._slow: list[tuple[float, int, SlowItem]] = []
        self._done: Spread[Item] = Spread(SAMPLE_ITEMS)

    def add(self, item: Item) -> None:
        """Count an item; they come in manifest order, each once."""
        self.counts[item.state] += 1
        if item.failure:
            self._add_failure(item, item.failure)
        if item.result:
            self._add_result(item, item.result)
        if item.state is ItemState.HELD:
            self._add_held(item)

    def _add_held(self, item: Item) -> None:
        if item.held:
            self.stages[item.held.stage] += 1
        if len(self.held) < MOST_HELD:
            self.held.append(ResultRow.of(item))

    def _add_failure(self, item: Item, failure: Failure) -> None:
        kind = self._kinds.setdefault(failure.code, _Kind(failure))
        kind.count += 1
        if len(kind.examples) < MOST_EXAMPLES:
            kind.examples.append(ResultRow.of(item))

    def _add_result(self, item: Item, result: Result) -> None:
        self.bytes_written += result.size
        self._done.add(item)
        entry = (result.render_seconds, -item.spec.number, _slow_item(item, result))
        if len(self._slow) < MOST_SLOW:
            heapq.heappush(self._slow, entry)
        else:
            heapq.heappushpop(self._slow, entry)

    def failures(self) -> tuple[FailureKind, ...]:
        """Every code that some item failed with, the most frequent first."""
        ordered = sorted(self._kinds.items(), key=lambda pair: (-pair[1].count, pair[0]))
        return tuple(
            FailureKind(
                code=code,
                count=kind.count,
                message=kind.first.message,
                hint=kind.first.hint,
                examples=tuple(kind.examples),
            )
            for code, kind in ordered
        )

    def slowest(self) -> tuple[SlowItem, ...]:
        """The items that took longest from claim to report, the slowest first."""
        return tuple(item for _, _, item in sorted(self._slow, reverse=True))

    def sample(self) -> list[Item]:
        """Items that are done, spread over the batch."""
        return self._done.sample()


def _slow_item(item: Item, result: Result) -> SlowItem:
    return SlowItem(
        external_id=item.spec.external_id,
        source=item.spec.source,
        sidecar=result.sidecar,
        render_seconds=result.render_seconds,
        device_seconds=result.device_seconds,
    )
