"""Sifting: rows as a reading wants them: public addresses become S3's, patterns choose pictures."""

from producer.left_out import LeftOut
from producer.problems import RowProblem
from producer.rows import Row, Rows
from shared.errors import AddressInvalid
from shared.keys import S3Address
from shared.reading import Reading

#: Columns that hold addresses.
ADDRESSED = ("source", "mask")


def sifted(rows: Rows, reading: Reading, left_out: LeftOut) -> Rows:
    """The rows that a reading leaves, their addresses in S3; the others are counted.

    An address that no rewrite covers is its row's problem.
    """
    chooses = bool(reading.include or reading.exclude)
    for row in rows:
        found = located(row, reading) if isinstance(row, Row) else row
        reason = _omission(found, reading) if chooses and isinstance(found, Row) else ""
        if reason and isinstance(found, Row):
            left_out.add(str(found.cells["source"]), reason)
        else:
            yield found


def located(row: Row, reading: Reading) -> Row | RowProblem:
    """The row with its addresses in S3, or why one of them is not there."""
    cells = row.cells
    if "mask" not in cells and str(cells.get("source")).startswith("s3://"):
        return row  # most rows of most manifests
    given: dict[str, object] = {}
    for column in ADDRESSED:
        text = cells.get(column)
        if not isinstance(text, str):
            continue  # whoever checks the row says so
        try:
            given[column] = reading.locate(text)
        except ValueError as error:
            return RowProblem(row.number, column, str(error))
    return Row(row.number, cells | given)


def _omission(row: Row, reading: Reading) -> str:
    try:
        return reading.omission(S3Address.parse(str(row.cells.get("source"))).key)
    except AddressInvalid:
        return ""  # whoever checks the row says so
