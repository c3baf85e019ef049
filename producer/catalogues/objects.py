"""Objects: JSON Lines, ours, SageMaker's or OpenAI's; the first object says which."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from producer.catalogues.entry import Entry, Picture, Recognised
from producer.catalogues.openai import OPENAI, request_rows
from producer.catalogues.sagemaker import SAGEMAKER, source_rows
from producer.lines import Lines, RowTooLong
from producer.problems import RowProblem
from producer.rows import Rows, json_object, own_object

#: The fields that tell a form, the form, and what makes rows of its objects.
FORMS: Mapping[tuple[str, ...], tuple[Recognised, Callable[[int, dict[str, Any]], Rows]]] = {
    ("source-ref",): (SAGEMAKER, source_rows),
    ("custom_id", "body"): (OPENAI, request_rows),
}


class Objects:
    """The rows of a JSON Lines file: an object a line."""

    def __init__(self, lines: Lines) -> None:
        """Read up to the first object, which tells the form.

        Raises:
            ManifestUnreadable: The file is no text.
        """
        self._lines = lines
        #: None for our own form.
        self.recognised: Recognised | None = None
        self._rows: Callable[[int, dict[str, Any]], Rows] = own_object
        self._begin = list(self._up_to_an_object())

    def entries(self) -> Iterator[Entry]:
        """Every line; one that holds nothing has no rows."""
        for number, line in self._begin:
            yield self._entry(number, line)
        while (found := self._next()) is not None:
            yield self._entry(*found)

    def _up_to_an_object(self) -> Iterator[tuple[int, str | RowProblem]]:
        while (found := self._next()) is not None:
            yield found
            number, line = found
            if isinstance(line, str) and line.strip():
                self._recognise(json_object(number, line))
                return

    def _recognise(self, first: Mapping[str, Any] | RowProblem) -> None:
        names = set() if isinstance(first, RowProblem) else set(first)
        for fields, (recognised, rows) in FORMS.items():
            if names.issuperset(fields):
                self.recognised, self._rows = recognised, rows

    def _next(self) -> tuple[int, str | RowProblem] | None:
        self._lines.begin_row()
        try:
            line = next(self._lines, None)
        except RowTooLong as error:
            return self._lines.number, RowProblem(self._lines.number, "", str(error))
        return None if line is None else (self._lines.number, line)

    def _entry(self, number: int, line: str | RowProblem) -> Entry:
        if isinstance(line, RowProblem):
            return Entry("", [line])
        if not line.strip():
            return Entry(line)
        fields = json_object(number, line)
        if isinstance(fields, RowProblem):
            return Entry(line, [fields])
        rows = self._rows(number, fields)
        return Entry(line, [row if isinstance(row, RowProblem) else Picture(row) for row in rows])
