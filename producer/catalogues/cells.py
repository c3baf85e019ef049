"""Cells: where in a record's text its cells stand, and where in a cell its addresses."""

import re
from collections.abc import Iterator, Mapping

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


def with_cells(text: str, delimiter: str, cells: Mapping[int, str]) -> str:
    """The text of a record with other texts in some of its cells; all else stays as it is."""
    spans = list(_spans(text, delimiter))
    for number in sorted(cells, reverse=True):
        start, end = spans[number]
        text = text[:start] + _written(cells[number], text[start:end], delimiter) + text[end:]
    return text


def raw_cells(text: str, delimiter: str) -> list[str]:
    """The cells of a record as they stand in the file."""
    return [text[start:end] for start, end in _spans(text, delimiter)]


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
