"""Objects: JSON Lines, ours, SageMaker's or OpenAI's; the first object says which."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from producer.catalogues.entry import Entry, Outcomes, Picture, Recognised
from producer.catalogues.openai import OPENAI, request_rows, response_answer
from producer.catalogues.publisher import Publisher
from producer.catalogues.sagemaker import SAGEMAKER, label_answer, source_rows
from producer.catalogues.splicing import source_answer
from producer.lines import Lines, RowTooLong
from producer.problems import RowProblem
from producer.result_row import ResultRow
from producer.rows import Rows, json_object, own_object


class Form(NamedTuple):
    """A form of objects."""

    #: None for our own.
    recognised: Recognised | None
    #: The rows of an object on a line.
    rows: Callable[[int, dict[str, Any]], Rows]
    #: The line of an object as it is written back: its text, its picture, what became of it.
    answer: Callable[[str, Picture, ResultRow | None, Publisher], str]


OWN = Form(None, own_object, source_answer)
#: The fields that tell another form.
FORMS: Mapping[tuple[str, ...], Form] = {
    ("source-ref",): Form(SAGEMAKER, source_rows, label_answer),
    ("custom_id", "body"): Form(OPENAI, request_rows, response_answer),
}


class Objects:
    """The rows of a JSON Lines file: an object a line."""

    def __init__(self, lines: Lines) -> None:
        self._lines = lines
        self._form: Form | None = None

    @property
    def recognised(self) -> Recognised | None:
        """None for our own form, and before the first object is read."""
        return self._form.recognised if self._form else None

    def answer(self, entry: Entry, outcomes: Outcomes, publisher: Publisher) -> str:
        """The line with what became of its picture, as its form tells it."""
        pictures = [one for one in entry.found if isinstance(one, Picture)]
        if not pictures:
            return entry.text
        picture, form = pictures[0], self._form or OWN
        return form.answer(entry.text, picture, outcomes.get(picture), publisher)

    def entries(self) -> Iterator[Entry]:
        """Every line; one that holds nothing has no rows."""
        while (found := self._next()) is not None:
            yield self._entry(*found)

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
        self._form = self._form or _form_of(fields)
        rows = self._form.rows(number, fields)
        return Entry(line, [row if isinstance(row, RowProblem) else Picture(row) for row in rows])


def _form_of(first: Mapping[str, Any]) -> Form:
    return next((FORMS[names] for names in FORMS if first.keys() >= set(names)), OWN)
