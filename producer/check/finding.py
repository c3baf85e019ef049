"""Finding: one thing that would go wrong, or that a person should know."""

from dataclasses import dataclass
from typing import Literal, Self, TypeAlias

from producer.problems import Shared
from shared.errors import ManifestInvalid, RestyleError

#: `row`, `model` and `output` stop a submission, `item` fails alone, `note` changes nothing.
Kind: TypeAlias = Literal["row", "model", "output", "item", "note"]

#: The kinds that `restyle submit` would refuse.
REFUSED = frozenset[Kind]({"row", "model", "output"})


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that would go wrong, in the words in which it would be reported."""

    kind: Kind
    #: Rows of the manifest, a model reference, the output, or an item's external id.
    where: str
    #: Empty for a note.
    code: str
    message: str
    hint: str = ""
    #: The line, from 1, that an item's row starts on; None for all else and under a prefix.
    row: int | None = None

    @classmethod
    def of(cls, kind: Kind, where: str, error: RestyleError) -> Self:
        """The finding that an error stands for."""
        report = error.report()
        return cls(kind, where, error.code, str(report["message"]), str(report["hint"]))

    @classmethod
    def note(cls, where: str, text: str) -> Self:
        """Something that changes nothing and that a person should know."""
        return cls("note", where, "", text)

    @classmethod
    def of_rows(cls, problem: Shared) -> Self:
        """The finding that a problem of rows stands for."""
        what = f"{problem.column}: {problem.message}" if problem.column else problem.message
        where = f"{'row' if len(problem.rows) == 1 else 'rows'} {problem.places}"
        return cls("row", where, ManifestInvalid.code, what, ManifestInvalid.hint)
