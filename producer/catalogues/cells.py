"""Cells: where in a record's text its cells stand, and where in a cell its addresses."""

import re
from collections.abc import Iterator

#: What parts the addresses of one cell.
COMMAS = re.compile(",")
#: Commas before what looks like an address: some names of files hold commas.
ADDRESSES = re.compile(r",(?=\s*(?:https?:|s3:|/))")
#: `url|width|height;url|width|height`: the sizes belong to what parts.
SIZES = re.compile(r"(?:\|[^;]*)?;|\|[^;]*$")


def addresses(text: str, parting: re.Pattern[str] | None) -> Iterator[tuple[int, int]]:
    """Start and end of each address in a cell's text."""
    start = 0
    ends = [(found.start(), found.end()) for found in parting.finditer(text)] if parting else []
    for end, after in [*ends, (len(text), len(text))]:
        part = text[start:end]
        begin = start + len(part) - len(part.lstrip())
        if part.strip():
            yield begin, begin + len(part.strip())
        start = after


def cell_text(raw: str) -> str:
    """What a cell as it stands in the file says, with the spaces that are around it."""
    quoted = raw.lstrip(" ")
    return quoted[1:-1].replace('""', '"') if quoted.startswith('"') else raw


class RawRecord:
    """The text of a record, of which some cells get another text."""

    def __init__(self, text: str, delimiter: str) -> None:
        self._text = text
        self._delimiter = delimiter
        self._spans = list(_spans(text, delimiter))
        self._new: dict[int, str] = {}

    def __getitem__(self, cell: int) -> str:
        """What a cell says, with the spaces that are around it."""
        start, end = self._spans[cell]
        return self._new.get(cell) or cell_text(self._text[start:end])

    def __setitem__(self, cell: int, text: str) -> None:
        """Give a cell another text."""
        self._new[cell] = text

    def __str__(self) -> str:
        """The text of the record; what is not new is as it was."""
        text = self._text
        for cell in sorted(self._new, reverse=True):
            start, end = self._spans[cell]
            new = _written(self._new[cell], text[start:end], self._delimiter)
            text = text[:start] + new + text[end:]
        return text


def _spans(text: str, delimiter: str) -> Iterator[tuple[int, int]]:
    """Start and end of each cell; a quoted cell may hold delimiters and line ends."""
    cell = re.compile(f' *"[^"]*(?:""[^"]*)*"|[^{delimiter}\r\n]*')
    at = len(text) - len(text.lstrip("\r\n"))  # empty lines before the record
    while found := cell.match(text, at):
        yield found.span()
        at = found.end() + 1
        if text[found.end() : at] != delimiter:
            return


def _written(new: str, old: str, delimiter: str) -> str:
    quoted = old.lstrip(" ").startswith('"')
    if not quoted and not re.search(f'[{delimiter}"\r\n]', new):
        return new
    lead = old[: len(old) - len(old.lstrip(" "))] if quoted else ""
    return lead + '"' + new.replace('"', '""') + '"'
