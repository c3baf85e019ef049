"""Entry: a row of a catalogue, the pictures that it names, and its text as the file has it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, Protocol, runtime_checkable

from producer.catalogues.publisher import Publisher
from producer.left_out import LeftOut
from producer.problems import RowProblem
from producer.result_row import ResultRow
from producer.rows import Row, Rows

#: A reason to leave a row out: it has no address.
NO_IMAGE = "no image"


@dataclass(slots=True, eq=False)  # a frozen one takes three times as long to make
class Picture:
    """One picture that an entry names; no two are equal."""

    #: The item that it becomes.
    row: Row
    #: Where its address stands: the cell, from 0, and the part of its text.
    cell: int = 0
    start: int = 0
    end: int = 0
    #: Its product has named it before, as the same item.
    again: bool = False


class Entry(NamedTuple):
    """A row of a catalogue, or what stands between rows."""

    #: Its lines, with what ends them.
    text: str
    found: Sequence[Picture | RowProblem] = ()
    #: Of a row that names no picture: the line it starts on, and why it is none.
    left_out: tuple[int, str] | None = None
    #: Whether it begins another product than the entry before.
    fresh: bool = True


#: What became of the pictures of an entry; those that are no items have no outcome.
Outcomes = Mapping[Picture, ResultRow]


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a catalogue was taken for, and the columns it was read by."""

    #: `shopify`; `mapped` where only `--map` told.
    format: str
    #: As people call it.
    title: str
    #: Columns that name the items; the first that is filled does.
    sku: tuple[str, ...]
    #: Columns, or fields, that hold addresses.
    image: tuple[str, ...]
    #: Whether it has columns, which `--map` may name.
    has_columns: bool = False

    def __str__(self) -> str:
        sku = ", else ".join(self.sku) or "the source's key"
        return f"read as {self.title}: sku={sku}; image={','.join(self.image)}"

    def as_json(self) -> dict[str, Any]:
        """The same, for machines."""
        return asdict(self)


class Catalogue(Protocol):
    """A file of rows in one of the forms that are read."""

    @property
    def recognised(self) -> Recognised | None:
        """What it was read by; None for our own form."""
        ...

    def entries(self) -> Iterator[Entry]:
        """Every row, in one pass."""
        ...


@runtime_checkable
class Answerable(Catalogue, Protocol):
    """A catalogue that is written back entry by entry."""

    def answer(self, entry: Entry, outcomes: Outcomes, publisher: Publisher) -> str:
        """The text of an entry with what became of its pictures."""
        ...


def rows_of(catalogue: Catalogue, left_out: LeftOut) -> Rows:
    """The items of a catalogue, each once, and what is wrong with it."""
    for entry in catalogue.entries():
        if entry.left_out:
            line, reason = entry.left_out
            left_out.add(f"row {line}", reason)
        for found in entry.found:
            if isinstance(found, RowProblem):
                yield found
            elif not found.again:
                yield found.row
