"""The pictures of a report: cards of its sample, within a budget of pixels, bytes and time."""

from dataclasses import replace
from math import isqrt

from producer.parallel import in_parallel
from producer.sheet.cards import FETCHERS, Card, CardMaker
from shared.jobs import Batch, Item
from shared.pictures.limits import Limits
from shared.s3 import ObjectStore

#: Variants of an item that are shown; a style may ask for sixteen.
MOST_VARIANTS = 4
#: Longest side of a thumbnail, where there are few.
MOST_SIDE = 360
#: Pixels of all thumbnails together: at the usual two bits each they make 0.9 MB.
MOST_PIXELS = 3_600_000
#: Bytes of all thumbnails together; as text in the page they take a third more.
MOST_BYTES = 1_000_000


def sample_cards(
    store: ObjectStore, batch: Batch, items: list[Item], limits: Limits
) -> tuple[Card, ...]:
    """A card for each item; whatever is wrong with a picture costs its place on the card only.

    Cards whose pictures do not fit into the page are left out, the largest first.
    """
    shown = [_few_variants(item) for item in items]
    pictures = sum(2 + len(item.result.variants) for item in shown if item.result)
    side = min(MOST_SIDE, isqrt(MOST_PIXELS // max(1, pictures)))
    maker = CardMaker(store, batch, side, limits)
    return _that_fit(list(in_parallel(maker.card, shown, FETCHERS)), items)


def _few_variants(item: Item) -> Item:
    if item.result is None:
        return item
    variants = item.result.variants[:MOST_VARIANTS]
    return item.model_copy(update={"result": item.result.model_copy(update={"variants": variants})})


def _that_fit(cards: list[Card], items: list[Item]) -> tuple[Card, ...]:
    kept = [_with_count(card, item) for card, item in zip(cards, items, strict=True)]
    while sum(map(_bytes, kept)) > MOST_BYTES:
        kept.remove(max(kept, key=_bytes))
    return tuple(kept)


def _with_count(card: Card, item: Item) -> Card:
    """The card with a word about the variants that it does not show."""
    count = len(item.result.variants) if item.result else 0
    if count <= MOST_VARIANTS:
        return card
    return replace(card, notes=(*card.notes, f"{MOST_VARIANTS} of {count} variants"))


def _bytes(card: Card) -> int:
    return sum(len(frame.jpeg or b"") for frame in card.frames)
