"""History: what items have cost, by model, size and steps; the basis of every forecast."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from producer.styling import Styled
from shared.record import Record
from shared.sampling import sampling_of


class Work(NamedTuple):
    """What items must have in common for one's cost to tell of another's."""

    #: Digest of the painter.
    painter: str
    #: Digest of the segmenter; None where masks are supplied.
    segmenter: str | None
    #: Side of the painted squares in pixels.
    working_size: int
    #: Denoising steps.
    steps: int
    #: Pictures per item.
    variants: int

    @classmethod
    def of(cls, styled: Styled, *, supplied_mask: bool) -> "Work":
        """The kind of work that a row asks for."""
        style = styled.style
        segmenter = None if supplied_mask else styled.segmenter
        steps = sampling_of(style).steps
        return cls(styled.painter, segmenter, style.working_size, steps, style.variants)


class Measured(Record):
    """What some items of one kind of work took, together."""

    work: Work
    items: int
    device_seconds: float
    #: Bytes of their variants.
    size: int


class Tally:
    """Adds up what was measured, kind by kind."""

    def __init__(self) -> None:
        self._sums: dict[Work, list[float]] = defaultdict(lambda: [0, 0.0, 0])

    def add(self, work: Work, items: int, device_seconds: float, size: int) -> None:
        """Count some items in."""
        sums = self._sums[work]
        for place, value in enumerate((items, device_seconds, size)):
            sums[place] += value

    def merge(self, measured: Iterable[Measured]) -> None:
        """Count in what was added up elsewhere."""
        for one in measured:
            self.add(one.work, one.items, one.device_seconds, one.size)

    def measured(self) -> Iterator[Measured]:
        """The sums as they are when the first is asked for, the most items first."""
        yield from sorted(self.by_work().values(), key=lambda one: -one.items)

    def by_work(self) -> Mapping[Work, Measured]:
        """The sums by kind of work."""
        return {
            work: Measured(
                work=work, items=int(items), device_seconds=round(seconds, 3), size=int(size)
            )
            for work, (items, seconds, size) in self._sums.items()
        }
