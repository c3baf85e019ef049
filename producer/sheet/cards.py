"""Cards: what a contact sheet shows of a batch, with every picture already small."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from statistics import median

from PIL import Image

from producer.batches import ReadableBatch
from producer.parallel import in_parallel
from producer.sheet.thumbnails import as_jpeg, mask_thumbnail, thumbnail, tinted
from shared.errors import (
    CredentialsMissing,
    DownloadBroken,
    RestyleError,
    ResultsMissing,
    StorageUnavailable,
)
from shared.jobs import Batch, Failure, Item
from shared.keys import S3Address
from shared.pictures.limits import Limits
from shared.s3 import ObjectStore
from shared.states import ItemState

#: What a sheet shows unless told otherwise.
SHOWN_STATES = (ItemState.DONE, ItemState.UNCHANGED, ItemState.FAILED)
#: Items that are fetched at a time; what they take until they are small bounds the memory.
FETCHERS = 6
#: Longest side of a thumbnail by the number of pictures on the sheet: a page must stay loadable.
SIDES = ((120, 900), (480, 640), (1_500, 440))
LEAST_SIDE = 320
#: Slots for pictures have the shape of the batch's usual one, within these (width / height).
NARROWEST, WIDEST = 0.6, 1.5
#: A file that is no longer a result may be of any size; one that is has no more than its samples.
MOST_BYTES_PER_PIXEL = 4
#: Faults that would leave the whole sheet empty; any other costs one picture.
FATAL = (CredentialsMissing, StorageUnavailable)


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a card."""

    #: "source", "mask", "variant 1", …
    label: str
    #: A small JPEG and its size in pixels; None where there is a problem instead.
    jpeg: bytes | None
    size: tuple[int, int] = (3, 4)
    #: Why there is no picture, in one sentence.
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """One item: its pictures, and what stands under them."""

    external_id: str
    source: str
    state: ItemState
    frames: tuple[Frame, ...]
    #: Its own prompt, where the row replaces the style's.
    prompt: str | None
    #: Short facts: seed, fingerprint, seconds.
    notes: tuple[str, ...]
    failure: Failure | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that a contact sheet shows; the poster and the page draw the same one."""

    batch: Batch
    counts: dict[ItemState, int]
    #: Items with pictures first, failed ones last, each in manifest order.
    cards: tuple[Card, ...]
    #: Items of the shown states that the limit left out.
    left_out: int
    #: Headings over the results, where they are not one batch's variants.
    titles: tuple[str, ...] = ()


def usual_aspect(cards: Iterable[Card]) -> float:
    """Width / height of the usual source; every picture gets a slot of this shape."""
    sizes = [frame.size for card in cards for frame in card.frames[:1] if frame.jpeg]
    usual = median(width / height for width, height in sizes) if sizes else 0.75
    return min(max(usual, NARROWEST), WIDEST)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which items of a batch a sheet shows, and which pictures are too large for it."""

    states: tuple[ItemState, ...] = SHOWN_STATES
    #: Most items of each state.
    limit: int = 200
    #: Larger sources are not fetched, larger pictures not decoded.
    limits: Limits


def collect(
    found: ReadableBatch,
    store: ObjectStore,
    selection: Selection,
    on_card: Callable[[int, int], None],
) -> Sheet:
    """Fetch the pictures of a batch and make them small; a missing picture costs its frame only.

    Args:
        found: The batch.
        store: Where the pictures are.
        selection: Which of its items.
        on_card: Called with the cards made and the cards to make, after each one.

    Raises:
        ResultsMissing: No item is in any of the states yet.
        RecordMissing: The rows of an archived batch are gone.
        RecordInvalid: They are none that this release understands.
        BoardError: Redis did not answer.
        CredentialsMissing: For S3.
        StorageUnavailable: S3 did not answer.
    """
    status, items = found.status, _select(found, selection)
    if not items:
        raise ResultsMissing(batch=status.batch.batch_id)
    variants = max(len(item.result.variants) if item.result else 0 for item in items)
    side = thumbnail_side(len(items) * (2 + variants))
    maker = CardMaker(store, status.batch, side, selection.limits, FATAL)
    cards: list[Card] = []
    for card in in_parallel(maker.card, items, FETCHERS):
        cards.append(card)
        on_card(len(cards), len(items))
    known = sum(status.counts.get(state, 0) for state in selection.states)
    return Sheet(status.batch, dict(status.counts), tuple(cards), max(0, known - len(cards)))


def thumbnail_side(pictures: int) -> int:
    """Longest side in pixels of the thumbnails of a sheet with so many pictures."""
    return next((side for most, side in SIDES if pictures <= most), LEAST_SIDE)


def _select(found: ReadableBatch, selection: Selection) -> list[Item]:
    items = [
        item
        for state in dict.fromkeys(selection.states)
        for item in islice(found.items(state), selection.limit)
    ]
    return sorted(items, key=lambda item: (item.result is None, item.spec.number))


@dataclass(frozen=True, slots=True)
class CardMaker:
    """Makes the card of an item from the pictures in S3."""

    store: ObjectStore
    batch: Batch
    #: Longest side of the thumbnails.
    side: int
    limits: Limits
    #: Faults that are raised; any other costs one picture.
    fatal: tuple[type[RestyleError], ...] = ()

    def card(self, item: Item) -> Card:
        """The card of one item.

        Raises:
            RestyleError: A fault that is fatal.
        """
        spec = item.spec
        style = self.batch.style.with_overrides(spec.overrides)
        prompt = style.prompt if style.prompt != self.batch.style.prompt else None
        notes = _notes(item, style.seed)
        frames = tuple(self._frames(item))
        return Card(spec.external_id, spec.source, item.state, frames, prompt, notes, item.failure)

    def _frames(self, item: Item) -> Iterator[Frame]:
        source = self._picture(item.spec.source, self.limits.max_bytes)
        yield _frame("source", source)
        if item.result is None:
            return
        yield self._mask_frame(source, item.result.mask)
        for number, address in enumerate(item.result.variants, start=1):
            yield _frame(f"variant {number}", self._picture(address))

    def _picture(self, address: str, max_bytes: int | None = None) -> Image.Image | RestyleError:
        max_pixels = self.limits.max_pixels
        most_bytes = max_bytes or MOST_BYTES_PER_PIXEL * max_pixels
        try:
            raw = self.store.get(S3Address.parse(address), max_bytes=most_bytes)
            return thumbnail(raw, self.side, address=address, max_pixels=max_pixels)
        except RestyleError as error:
            return self._one_picture_only(error)

    def _mask_frame(self, source: Image.Image | RestyleError, address: str) -> Frame:
        if isinstance(source, RestyleError):
            return _frame("mask", source)
        try:
            raw = self.store.get(S3Address.parse(address), max_bytes=self.limits.max_bytes)
            mask = mask_thumbnail(
                raw, source.size, address=address, max_pixels=self.limits.max_pixels
            )
        except RestyleError as error:
            return _frame("mask", self._one_picture_only(error))
        return _frame("mask", tinted(source, mask))

    def _one_picture_only(self, error: RestyleError) -> RestyleError:
        """The error, unless it is fatal."""
        if isinstance(error, self.fatal) and not isinstance(error, DownloadBroken):
            raise error
        return error


def _frame(label: str, picture: Image.Image | RestyleError) -> Frame:
    if isinstance(picture, RestyleError):
        return Frame(label, None, problem=str(picture))
    return Frame(label, as_jpeg(picture), picture.size)


def _notes(item: Item, seed: int) -> tuple[str, ...]:
    if item.result is None:
        return ()
    mark, seconds = item.result.fingerprint[:12], item.result.render_seconds
    return (f"seed {seed}", mark, *([f"{seconds:.1f} s"] if seconds else []))
