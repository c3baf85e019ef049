"""The words of a contact sheet, the same on the poster and on the page."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from producer.sheet.cards import Card, Frame, Sheet
from shared.states import ItemState

#: What a person calls the items of a state, in the order in which a sheet counts them.
STATE_WORDS = {
    ItemState.DONE: "restyled",
    ItemState.UNCHANGED: "unchanged",
    ItemState.FAILED: "failed",
    ItemState.REJECTED: "rejected",
    ItemState.CANCELLED: "cancelled",
    ItemState.HELD: "waiting for approval",
    ItemState.RUNNING: "under way",
    ItemState.QUEUED: "waiting",
}


def title(sheet: Sheet) -> str:
    """The style's name, or the batch's where the style has none."""
    name = sheet.batch.style.name
    return sheet.batch.batch_id if name == "unnamed" else name


def about(sheet: Sheet) -> list[tuple[str, str]]:
    """What was masked and what was painted, in the style's own words."""
    style = sheet.batch.style
    return [("Mask", ", ".join(style.mask_prompt)), ("Paint", style.prompt)]


def counts(numbers: Mapping[ItemState, int]) -> Iterator[tuple[ItemState, str]]:
    """`(done, "22 restyled")`, for every state that has items."""
    for state, word in STATE_WORDS.items():
        if number := numbers.get(state, 0):
            yield state, f"{number:,} {word}"


def facts(sheet: Sheet) -> str:
    """One line about the submission."""
    batch = sheet.batch
    when = f"{batch.submitted_at:%d %B %Y}".lstrip("0")
    return f"Batch {batch.batch_id} · submitted {when} · {batch.style.steps} steps"


def left_out(sheet: Sheet) -> str:
    """What the sheet does not show, or nothing."""
    if not sheet.left_out:
        return ""
    return f"{sheet.left_out:,} more item(s) are not on this sheet; raise --limit to see them."


def frame_titles(sheet: Sheet) -> list[str]:
    """Headings over the pictures of a card."""
    variants = variant_count(sheet)
    if sheet.titles:
        return ["Source", "Mask", *sheet.titles]
    results = ["Result"] if variants == 1 else [f"Variant {n}" for n in range(1, variants + 1)]
    return ["Source", "Mask", *results]


def variant_count(sheet: Sheet) -> int:
    """Most variants of any card; at least 1."""
    return max(1, *(len(card.frames) - 2 for card in sheet.cards))


def terse(card: Card) -> Frame:
    """The one picture of a card without results; its failure stands beside it, not inside."""
    frame = card.frames[0]
    return frame if frame.jpeg or card.failure is None else replace(frame, problem="No picture")


def plain(text: str) -> str:
    """Foreign text on one line, without characters that steer a terminal or a renderer."""
    return " ".join("".join(char if char.isprintable() else " " for char in text).split())


def in_two_groups(sheet: Sheet) -> tuple[list[Card], list[Card]]:
    """Cards with results, and those without."""
    with_results = [card for card in sheet.cards if len(card.frames) > 1]
    return with_results, [card for card in sheet.cards if len(card.frames) == 1]
