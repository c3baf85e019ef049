"""The sheet of a golden set: each picture as an alias paints it now, and as its candidate does."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

from producer.parallel import in_parallel
from producer.result_row import ResultRow
from producer.sheet.cards import FATAL, FETCHERS, Card, CardMaker, Sheet, thumbnail_side
from producer.sheet.page import render_page
from producer.sheet.poster import posters
from shared.jobs import BatchStatus, Failure, Item, ItemSpec, Result
from shared.pictures.limits import Limits
from shared.registry import Registry

#: Items that a sheet shows.
MOST_CARDS = 100
#: Pictures of a card: source, mask, now, candidate.
PICTURES = 4
TITLES = ("Now", "Candidate")


@dataclass(frozen=True, slots=True)
class Pair:
    """One golden item under both versions."""

    candidate: ResultRow
    #: None where there is no version to compare with.
    current: ResultRow | None

    def item(self, number: int) -> Item:
        """An item whose variants are the first ones of both; of a candidate that failed, none."""
        row, spec = self.candidate, _spec(self.candidate, number)
        if not (row.variants and row.mask and row.sidecar and row.fingerprint):
            failure = _failure(row) if row.code else None
            return Item(spec=spec, state=row.state, failure=failure)
        before = self.current.variants[:1] if self.current else ()
        result = Result(
            fingerprint=row.fingerprint,
            variants=(*before, row.variants[0]),
            mask=row.mask,
            sidecar=row.sidecar,
        )
        return Item(spec=spec, state=row.state, result=result)


def written_sheet(
    name: str,
    alias: str,
    status: BatchStatus,
    pairs: Sequence[Pair],
    registry: Registry,
    limits: Limits,
) -> str:
    """Write the sheet beside the alias, as a page and as a poster, and return the page's address.

    Args:
        name: The model's name.
        alias: The alias that is to be moved.
        status: Of the candidate's batch.
        pairs: The golden items.
        registry: Gets the sheet.
        limits: Of pictures.

    Raises:
        StorageError: S3 refused.
    """
    shown = list(pairs[:MOST_CARDS])
    maker = CardMaker(
        registry.store, status.batch, thumbnail_side(PICTURES * len(shown)), limits, FATAL
    )
    items = [pair.item(number) for number, pair in enumerate(shown)]
    cards = tuple(in_parallel(maker.card, items, FETCHERS))
    sheet = Sheet(status.batch, dict(status.counts), cards, len(pairs) - len(shown), _titles(cards))
    keys, batch_id = registry.keys(name), status.batch.batch_id
    page = keys.golden(alias, batch_id, "sheet.html")
    for number, poster in enumerate(posters(sheet, None), start=1):
        sink = io.BytesIO()
        poster.save(sink, "PNG")
        address = keys.golden(alias, batch_id, f"sheet-{number}.png")
        registry.store.put(address, sink.getvalue(), content_type="image/png")
    registry.store.put(page, render_page(sheet).encode(), content_type="text/html; charset=utf-8")
    return str(page)


def _titles(cards: Sequence[Card]) -> tuple[str, ...]:
    """Without a version to compare with there is one picture of each item."""
    most = max((len(card.frames) for card in cards), default=0)
    return TITLES if most >= PICTURES else TITLES[1:]


def _spec(row: ResultRow, number: int) -> ItemSpec:
    return ItemSpec(number=number, external_id=row.external_id, source=row.source)


def _failure(row: ResultRow) -> Failure:
    return Failure(code=row.code or "", message=row.message or "", hint=row.hint or "")
