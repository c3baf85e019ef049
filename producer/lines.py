"""Lines: the lines of a text file, whatever ends them and however long, in bounded memory."""

import codecs
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self, TextIO

from shared.errors import ManifestUnreadable

#: A row over this many characters is none; it is skipped without being held in memory.
MAX_ROW = 1_000_000
#: What spreadsheets call the encoding that is read.
SAVE_AS_UTF8 = 'save the file as UTF-8 (a spreadsheet: "CSV UTF-8")'


def open_text(path: Path) -> TextIO:
    """A text file in UTF-8, or in UTF-16 with its byte order mark (a spreadsheet's "Unicode").

    Foreign bytes become lone surrogates, so that each row can be named.
    """
    with path.open("rb") as file:
        mark = file.read(2)
    if mark in {codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE}:
        return path.open(encoding="utf-16", errors="surrogatepass", newline="")
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")


@dataclass(frozen=True, slots=True)
class Encoding:
    """How `open_text` reads a file, to write the same bytes again."""

    #: The byte order mark, if it has one.
    mark: bytes
    name: str
    errors: str

    @classmethod
    def of(cls, path: Path) -> Self:
        """The encoding of a file."""
        with path.open("rb") as file:
            begin = file.read(3)
        for mark, name in ((codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be")):
            if begin.startswith(mark):
                return cls(mark, name, "surrogatepass")
        mark = codecs.BOM_UTF8 if begin == codecs.BOM_UTF8 else b""
        return cls(mark, "utf-8", "surrogateescape")

    def encoded(self, texts: Iterable[str]) -> Iterator[bytes]:
        """The bytes of a file of these texts."""
        yield self.mark
        for text in texts:
            yield text.encode(self.name, self.errors)


class RowTooLong(Exception):
    """A row that is skipped."""


class Lines:
    """The lines of a file, and the text of the row that is being read."""

    def __init__(self, stream: TextIO, name: str) -> None:
        self._stream, self._name = stream, name
        #: The number of the line read last, from 1.
        self.number = 0
        self._row: list[str] = []
        self._row_size = 0

    def begin_row(self) -> None:
        """What is read from here on is a row's."""
        self._row, self._row_size = [], 0

    @property
    def row(self) -> str:
        """The text of the row so far, as it stands in the file."""
        return "".join(self._row)

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._read()
        if not line:
            raise StopIteration
        self.number += 1
        if self.number == 1 and (problem := foreign(line)):
            raise ManifestUnreadable(manifest=self._name, reason=f"it {problem}")
        self._skip_rest(line)
        self._row_size += len(line)
        if self._row_size >= MAX_ROW:
            self._row = []
            raise RowTooLong(f"is over {MAX_ROW:,} characters")
        self._row.append(line)
        return line

    def _skip_rest(self, part: str) -> None:
        while len(part) == MAX_ROW and not part.endswith(("\n", "\r")):
            part = self._read()

    def _read(self) -> str:
        try:
            return self._stream.readline(MAX_ROW)
        except UnicodeError as error:  # UTF-16 may break off within a character
            reason = f"it begins as UTF-16 text and is none; {SAVE_AS_UTF8}"
            raise ManifestUnreadable(manifest=self._name, reason=reason) from error


def foreign(text: str) -> str:
    """What keeps the text from being one, as a clause; empty where nothing does."""
    if "\0" in text:
        return f"holds NUL bytes, as no text in UTF-8 does; {SAVE_AS_UTF8}"
    return "" if is_unicode(text) else f"is no UTF-8 text; {SAVE_AS_UTF8}"


def is_unicode(text: str) -> bool:
    """Whether the text has no lone surrogates, and so can be written as UTF-8."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
