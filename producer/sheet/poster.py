"""The poster: a contact sheet as PNG, on as many pages as it takes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PIL import Image

from producer.sheet import wording
from producer.sheet.brush import ALARM, INK, PAPER, SOFT_INK, Brush, wrapped
from producer.sheet.cards import Card, Frame, Sheet, usual_aspect

MARGIN = 72
FRAME_GAP = 10
COLUMN_GAP = 64
LINE_GAP = 40
#: Height of every picture's slot; a sheet of many variants gets lower ones.
SLOT_HEIGHT = 360
FAILED_SLOT_HEIGHT = 180
CAPTION_HEIGHT = 66
MAX_WIDTH = 3_600
#: A page longer than this opens badly in many viewers.
MAX_HEIGHT = 12_000


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand on a page; all in pixels."""

    frames: int
    columns: int
    #: Width and height of a picture's slot.
    slot: tuple[int, int]

    @classmethod
    def of(cls, sheet: Sheet, columns: int | None) -> "Layout":
        """The layout of a sheet; by default two cards a line where a card has few pictures."""
        frames = 2 + wording.variant_count(sheet)
        columns = columns or (2 if frames <= 4 else 1)
        height, aspect = SLOT_HEIGHT, usual_aspect(sheet.cards)
        room = (MAX_WIDTH - 2 * MARGIN - (columns - 1) * COLUMN_GAP) // columns
        width = min(round(height * aspect), (room - (frames - 1) * FRAME_GAP) // frames)
        width = max(width, 48)
        return cls(frames, columns, (width, min(height, round(width / aspect))))

    @property
    def card_width(self) -> int:
        """Width of a card: all its slots."""
        return self.frames * self.slot[0] + (self.frames - 1) * FRAME_GAP

    @property
    def width(self) -> int:
        """Width of the page's content."""
        return self.columns * self.card_width + (self.columns - 1) * COLUMN_GAP

    def card_left(self, column: int) -> int:
        """Left edge of a column."""
        return MARGIN + column * (self.card_width + COLUMN_GAP)

    def slot_left(self, column: int, slot: int) -> int:
        """Left edge of a slot in a column."""
        return self.card_left(column) + slot * (self.slot[0] + FRAME_GAP)


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a page: its height, and how to paint it from a y on."""

    height: int
    paint: Callable[[Brush, int], None]


def posters(sheet: Sheet, columns: int | None = None) -> Iterator[Image.Image]:
    """The sheet's pages (mode RGB), at most `MAX_HEIGHT` pixels high each.

    Args:
        sheet: What to show.
        columns: Cards per line; by default as many as look well.
    """
    layout = Layout.of(sheet, columns)
    for blocks in _pages(list(_blocks(sheet, layout))):
        height = sum(block.height for block in blocks) + 2 * MARGIN
        page = Image.new("RGB", (layout.width + 2 * MARGIN, height), PAPER)
        brush, top = Brush(page), MARGIN
        for block in blocks:
            block.paint(brush, top)
            top += block.height
        yield page


def _pages(blocks: list[Block]) -> Iterator[list[Block]]:
    page: list[Block] = []
    for block in blocks:
        if page and sum(part.height for part in page) + block.height > MAX_HEIGHT - 2 * MARGIN:
            yield page
            page = []
        page.append(block)
    yield page


def _blocks(sheet: Sheet, layout: Layout) -> Iterator[Block]:
    rendered, failed = wording.in_two_groups(sheet)
    yield _header(sheet, layout)
    if rendered:
        yield _headings(sheet, layout)
    for line in _lines(rendered, layout.columns):
        yield _card_line(line, layout)
    if failed:
        yield _section("Not restyled", layout)
    for line in _lines(failed, layout.columns):
        yield _failed_line(line, layout)
    if note := wording.left_out(sheet):
        yield Block(40, lambda brush, top: _say(brush, top, note, layout))


def _lines(cards: list[Card], columns: int) -> Iterator[list[Card]]:
    return (cards[start : start + columns] for start in range(0, len(cards), columns))


def _say(brush: Brush, top: int, text: str, layout: Layout) -> None:
    brush.text((MARGIN, top), text, 18, layout.width, SOFT_INK)


def _header(sheet: Sheet, layout: Layout) -> Block:
    about = [
        (label, wrapped(text, 24, layout.width - 90, 3)) for label, text in wording.about(sheet)
    ]
    counted = " · ".join(words for _, words in wording.counts(sheet.counts))
    lines = sum(len(text) for _, text in about)

    def paint(brush: Brush, top: int) -> None:
        brush.text((MARGIN, top - 8), wording.title(sheet), 52, layout.width)
        below = top + 76
        for label, text in about:
            brush.text((MARGIN, below + 4), label, 18, 80, SOFT_INK)
            below = brush.paragraph((MARGIN + 90, below), text, 24, INK)
        brush.text((MARGIN, below + 12), counted, 20, layout.width, SOFT_INK)
        brush.text((MARGIN, below + 42), wording.facts(sheet), 16, layout.width, SOFT_INK)
        brush.rule(MARGIN, below + 90, MARGIN + layout.width)

    return Block(76 + lines * 34 + 130, paint)


def _headings(sheet: Sheet, layout: Layout) -> Block:
    titles = wording.frame_titles(sheet)

    def paint(brush: Brush, top: int) -> None:
        for column in range(layout.columns):
            for slot, heading in enumerate(titles):
                at = (layout.slot_left(column, slot), top)
                brush.text(at, heading, 16, layout.slot[0], SOFT_INK)

    return Block(34, paint)


def _card_line(cards: list[Card], layout: Layout) -> Block:
    def paint(brush: Brush, top: int) -> None:
        for column, card in enumerate(cards):
            for slot, frame in enumerate(card.frames):
                _paint_frame(brush, layout, frame, (layout.slot_left(column, slot), top))
            _paint_caption(brush, layout, card, (layout.card_left(column), top + layout.slot[1]))

    return Block(layout.slot[1] + CAPTION_HEIGHT + LINE_GAP, paint)


def _paint_frame(brush: Brush, layout: Layout, frame: Frame, at: tuple[int, int]) -> None:
    brush.frame(frame, (at[0], at[1], at[0] + layout.slot[0], at[1] + layout.slot[1]))


def _paint_caption(brush: Brush, layout: Layout, card: Card, at: tuple[int, int]) -> None:
    left, top = at
    brush.text((left, top + 14), card.external_id, 20, layout.card_width)
    words = " · ".join([*card.notes, card.prompt] if card.prompt else card.notes)
    brush.text((left, top + 42), words, 15, layout.card_width, SOFT_INK)


def _section(heading: str, layout: Layout) -> Block:
    def paint(brush: Brush, top: int) -> None:
        brush.rule(MARGIN, top, MARGIN + layout.width)
        brush.text((MARGIN, top + 36), heading, 32, layout.width)

    return Block(110, paint)


def _failed_line(cards: list[Card], layout: Layout) -> Block:
    def paint(brush: Brush, top: int) -> None:
        for column, card in enumerate(cards):
            _paint_failed(brush, layout, card, (layout.card_left(column), top))

    return Block(FAILED_SLOT_HEIGHT + LINE_GAP, paint)


def _paint_failed(brush: Brush, layout: Layout, card: Card, at: tuple[int, int]) -> None:
    left, top = at
    width = round(FAILED_SLOT_HEIGHT * layout.slot[0] / layout.slot[1])
    brush.frame(wording.terse(card), (left, top, left + width, top + FAILED_SLOT_HEIGHT))
    left, room = left + width + 24, layout.card_width - width - 24
    brush.text((left, top + 2), card.external_id, 20, room)
    if card.failure is None:
        brush.text((left, top + 34), card.state, 16, room, SOFT_INK)
        return
    brush.text((left, top + 34), card.failure.code, 16, room, ALARM)
    sentence = wrapped(card.failure.message, 16, room, 3)
    below = brush.paragraph((left, top + 64), sentence, 16)
    brush.paragraph((left, below + 4), wrapped(card.failure.hint, 15, room, 2), 15, SOFT_INK)
