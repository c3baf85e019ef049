"""Prompts: what of a style's or an item's prompts would be read otherwise than it was meant."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from producer.known_labels import KnownLabels
from shared.jobs import ItemSpec, ResolvedModel
from shared.references import local_directory
from shared.styles import Style
from shared.tokens import cut_prompts

#: The fields of a style that decide what is read, and by whom.
READ_FIELDS = frozenset(
    {"prompt", "negative_prompt", "mask_prompt", "protect_prompts", "segmenter", "painter"}
)
#: Fields that may hold several prompts, and what people part them by where a list is due.
LISTS, SEPARATORS = ("mask_prompt", "protect_prompts"), "|,"
#: Items of one note that are named; the others are counted.
NAMED_ITEMS = 3


class Note(NamedTuple):
    """What a person should know of a prompt, as a clause."""

    #: The same for all items that it is true of.
    clause: str
    #: What goes on from there and is an item's own.
    words: str = ""

    def __str__(self) -> str:
        return self.clause + self.words


@dataclass(slots=True)
class SharedNote:
    """A note and the items that it is true of."""

    note: Note
    count: int = 0
    #: External ids of the first of them.
    items: list[str] = field(default_factory=list)

    def add(self, external_id: str) -> None:
        """Count an item in."""
        self.count += 1
        if len(self.items) < NAMED_ITEMS:
            self.items.append(external_id)

    def __str__(self) -> str:
        rest = self.count - len(self.items)
        named = ", ".join(self.items) + (f" and {rest:,} more" if rest else "")
        return f"{named}: {self.note if self.count == 1 else self.note.clause}"


class PromptNotes:
    """Tells of prompts that are cut off, taken for labels or run together.

    The first two as far as their models are at hand.
    """

    def __init__(
        self,
        style: Style,
        models: Mapping[str, ResolvedModel],
        cache: Path,
        labels: KnownLabels | None = None,
    ) -> None:
        """Look for the models.

        Args:
            style: The batch's.
            models: References, resolved; those that could not be are missing.
            cache: Restyle's cache folder.
            labels: Of the models, where they were looked for already.
        """
        self._style = style
        self._directories = {name: local_directory(models[name], cache) for name in models}
        self._labels = labels or KnownLabels(models, cache)
        self._of_style = self._of(style)

    def of_style(self) -> tuple[str, ...]:
        """Of the batch's own prompts, as clauses."""
        return tuple(map(str, self._of_style))

    def of_item(self, spec: ItemSpec) -> tuple[Note, ...]:
        """Of the prompts that a row gives instead; what is true of the style is not told again."""
        if not READ_FIELDS & spec.overrides.keys():
            return ()
        # A row's overrides were checked when it was read: no need to validate them once more.
        style = self._style.model_copy(update=spec.overrides)
        return tuple(note for note in self._of(style) if note not in self._of_style)

    def of_items(self, specs: Iterable[ItemSpec]) -> list[SharedNote]:
        """Of all rows, each note once with the items that it is true of."""
        shared: dict[str, SharedNote] = {}
        for spec in specs:
            for note in self.of_item(spec):
                shared.setdefault(note.clause, SharedNote(note)).add(spec.external_id)
        return list(shared.values())

    def _of(self, style: Style) -> tuple[Note, ...]:
        find = self._directories.get
        cuts = cut_prompts(style, find(style.segmenter), find(style.painter))
        labels = (Note(clause) for clause in self._labels.notes(style))
        return (*(Note(cut.clause, cut.words) for cut in cuts), *labels, *_run_together(style))


def _run_together(style: Style) -> Iterator[Note]:
    for name in LISTS:
        prompts = getattr(style, name)
        if len(prompts) == 1 and (mark := next((m for m in SEPARATORS if m in prompts[0]), "")):
            yield Note(f"{name} holds one prompt with a '{mark}': write a list to name several")
