"""Table: a CSV, ours or a shop's; its header says which columns mean what."""

from collections.abc import Iterator

from producer.catalogues.cells import RawRecord, addresses
from producer.catalogues.entry import NO_IMAGE, Entry, Outcomes, Picture, Recognised
from producer.catalogues.layout import Columns, Layout, layout_for
from producer.catalogues.naming import Naming
from producer.catalogues.publisher import Publisher
from producer.lines import foreign
from producer.problems import HeaderProblem, RowProblem
from producer.records import Record, Records
from producer.rows import Row, miscounted, own_columns, own_row


class Table:
    """The rows of a CSV in our own form; spaces around a cell are dropped."""

    recognised: Recognised | None = None

    def __init__(self, header: Record, records: Records) -> None:
        self._header = header
        self._records = records
        self._columns: list[str | None] = []

    def entries(self) -> Iterator[Entry]:
        """Every row, the header first."""
        yield Entry(self._header.text, list(self._header_problems()))
        if self._is_usable():
            for record in self._records:
                yield self._entry(record)

    def answer(self, entry: Entry, outcomes: Outcomes, publisher: Publisher) -> str:
        """The row with its results' addresses; all else stays as it is."""
        if not outcomes:
            return entry.text
        record = RawRecord(entry.text, self._records.delimiter)
        for picture in sorted(outcomes, key=lambda one: one.start, reverse=True):
            text = record[picture.cell]
            lead = len(text) - len(text.lstrip())
            start, end = lead + picture.start, lead + picture.end
            if new := publisher.address(outcomes[picture], text[start:end]):
                record[picture.cell] = text[:start] + new + text[end:]
        return str(record)

    def _header_problems(self) -> Iterator[RowProblem]:
        self._columns = yield from own_columns(self._header)

    def _is_usable(self) -> bool:
        return "source" in self._columns

    def _entry(self, record: Record | RowProblem) -> Entry:
        if isinstance(record, RowProblem):
            return Entry("", [record])
        return self._filled(record) if record.cells else Entry(record.text)

    def _filled(self, record: Record) -> Entry:
        cell = self._columns.index("source")
        end = len(record.cells[cell]) if cell < len(record.cells) else 0
        rows = own_row(record, self._columns)
        found = [Picture(row, cell, 0, end) if isinstance(row, Row) else row for row in rows]
        return Entry(record.text, found)


class ShopTable(Table):
    """The rows of another program's CSV: columns that we do not know are the shop's own."""

    def __init__(self, header: Record, records: Records, layout: Layout) -> None:
        super().__init__(header, records)
        self._layout = layout
        self._naming = Naming()
        self.recognised = layout.recognised

    def _header_problems(self) -> Iterator[RowProblem]:
        return iter(())

    def _is_usable(self) -> bool:
        return True

    def _filled(self, record: Record) -> Entry:
        layout, cells = self._layout, record.cells
        if problem := miscounted(record, layout.width):
            return Entry(record.text, [RowProblem(record.number, "", problem)])
        carried = layout.kind.carried and bool(layout.product)
        fresh = self._naming.turn_to(_first(cells, layout.product), carried=carried)
        found = [self._picture(record, *place) for place in self._places(cells)]
        left_out = None if found else (record.number, NO_IMAGE)
        return Entry(record.text, found, left_out, fresh=fresh)

    def _places(self, cells: list[str]) -> Iterator[tuple[int, int, int]]:
        for cell, parting in self._layout.images:
            for start, end in addresses(cells[cell], parting):
                yield cell, start, end

    def _picture(self, record: Record, cell: int, start: int, end: int) -> Picture | RowProblem:
        sku, address = _first(record.cells, self._layout.sku), record.cells[cell][start:end]
        if problem := foreign(sku + address):
            return RowProblem(record.number, "", problem)
        name, again = self._naming.name(sku, address)
        given = {"source": address} | ({"external_id": name} if name else {})
        return Picture(Row(record.number, dict(given)), cell, start, end, again)


class BrokenTable:
    """A CSV whose header says too little to read a row by."""

    recognised: Recognised | None = None

    def __init__(self, problems: list[RowProblem]) -> None:
        self._problems = [HeaderProblem(*problem) for problem in problems]

    def entries(self) -> Iterator[Entry]:
        """What is wrong with the header."""
        yield Entry("", list(self._problems))

    def answer(self, entry: Entry, outcomes: Outcomes, publisher: Publisher) -> str:  # noqa: ARG002 - as all
        """Nothing can be written into it."""
        return entry.text


def table_of(first: Record | RowProblem, records: Records, columns: Columns) -> Table | BrokenTable:
    """The table whose header this is, as corrected by `--map`."""
    if isinstance(first, RowProblem):
        return BrokenTable([first])
    problems: list[RowProblem] = []
    layout = layout_for(first, columns, problems)
    if problems:
        return BrokenTable(problems)
    return ShopTable(first, records, layout) if layout else Table(first, records)


def _first(cells: list[str], places: tuple[int, ...]) -> str:
    """The first cell of these that is filled."""
    return next((cells[place] for place in places if cells[place]), "")
