"""Layout: which columns of a header name the items, and which hold the pictures' addresses."""

from collections.abc import Mapping
from dataclasses import dataclass

from producer.catalogues.entry import Recognised
from producer.catalogues.kind import KINDS, MAPPED, Kind, Parting, parting_of
from producer.problems import HeaderProblem, RowProblem
from producer.records import Record, plain_name
from shared.reading import Target
from shared.wording import did_you_mean, shorten

#: What `--map` says: `sku` and `image` → columns.
Columns = Mapping[Target, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Layout:
    """Where things stand in a record; columns are counted from 0."""

    kind: Kind
    #: Cells of a record.
    width: int
    sku: tuple[int, ...]
    #: Columns of addresses, and what parts them there.
    images: tuple[tuple[int, Parting], ...]
    product: tuple[int, ...]
    recognised: Recognised


def kind_of(header: Record) -> Kind | None:
    """The known kind of a header; None for ours and for unknown ones."""
    names = {plain_name(name) for name in header.cells}
    return next((kind for kind in KINDS if names.issuperset(kind.marks)), None)


def layout_for(header: Record, columns: Columns, problems: list[RowProblem]) -> Layout | None:
    """The layout of a header that is not ours, as corrected by `--map`.

    Args:
        header: The first record.
        columns: What `--map` says.
        problems: Gets what is wrong; then there is no layout.
    """
    kind = kind_of(header)
    if kind is None and not columns:
        return None
    return _layout(_Names(header, problems), kind or MAPPED, columns)


def _layout(names: "_Names", kind: Kind, columns: Columns) -> Layout | None:
    sku = names.find("sku", columns.get("sku", ()))
    images = names.find("image", columns.get("image", ()))
    sku = sku or [place for name in kind.sku for place in names.places(name)]
    images = images or names.images(kind)
    if not images and not names.problems:
        names.tell("image", _no_image(kind))
    if names.problems:
        return None
    return Layout(
        kind=kind,
        width=len(names.plain),
        sku=tuple(sku),
        images=tuple((place, parting_of(kind, names.plain[place])) for place in images),
        product=tuple(place for name in kind.product for place in names.places(name)),
        recognised=Recognised(
            kind.name, kind.title, names.written(sku), names.written(images), has_columns=True
        ),
    )


class _Names:
    """The names of a header."""

    def __init__(self, header: Record, problems: list[RowProblem]) -> None:
        self._header = header
        self.problems = problems
        self.plain = [plain_name(name) for name in header.cells]

    def places(self, name: str) -> list[int]:
        """Every column of a name; a name may be given twice."""
        return [place for place, one in enumerate(self.plain) if one == name]

    def images(self, kind: Kind) -> list[int]:
        """Every column of pictures that a kind knows or guesses."""
        guess = kind.guess
        return [
            place
            for place, name in enumerate(self.plain)
            if name in kind.images or (guess and guess.fullmatch(name))
        ]

    def tell(self, column: str, message: str) -> None:
        """Add a problem of the header."""
        self.problems.append(HeaderProblem(self._header.number, column, message))

    def find(self, target: str, wanted: tuple[str, ...]) -> list[int]:
        """The columns that `--map` names, in its order; those that are not there are problems."""
        found: list[int] = []
        for name in wanted:
            plain = plain_name(name)
            places = self.places(plain) or [
                place for place, one in enumerate(self.plain) if one.startswith(f"{plain}-")
            ]  # an attribute of Akeneo has a column for each locale and channel
            if not places:
                near = did_you_mean(name, self._header.cells)
                named = shorten(ascii(name))
                self.tell(target, f"--map names {named}, and there is no such column{near}")
            found.extend(place for place in places if place not in found)
        return found

    def written(self, places: list[int]) -> tuple[str, ...]:
        """The names as the header has them."""
        return tuple(self._header.cells[place] for place in places)


def _no_image(kind: Kind) -> str:
    what = "" if kind is MAPPED else f"this is taken for a catalogue of {kind.title}, and "
    return f"{what}no column is known to hold pictures; name it by --map image=COLUMN"
