"""Listing: the pictures under an S3 prefix as rows, and what lies there beside them."""

from collections.abc import Iterator
from pathlib import PurePosixPath

from producer.left_out import IMAGES, LeftOut
from producer.rows import Row, Rows
from shared.errors import AddressInvalid
from shared.keys import S3Address
from shared.s3 import ObjectStore


def listed_rows(
    prefix: S3Address, store: ObjectStore, output: S3Address | None, left_out: LeftOut
) -> Iterator[Row]:
    """A row per image under a prefix, numbered from 1, with its ETag and size.

    Args:
        prefix: What is listed.
        store: Lists it.
        output: What lies under it is neither a source nor left out.
        left_out: Gets what is no image by its name.

    Raises:
        AddressInvalid: The output is the prefix itself.
        StorageError: It cannot be listed.
    """
    if output == prefix:
        reason = "it is the manifest's prefix, whose next listing would take results for sources"
        raise AddressInvalid(address=output, kind="output", reason=reason)
    number = 0
    for found in store.list(prefix):
        key = found.address.key
        if key.endswith("/") or _is_under(found.address, output):
            continue  # a folder's own object, as consoles make them, or an earlier result
        if PurePosixPath(key).suffix.lower() not in IMAGES:
            left_out.add(key.removeprefix(prefix.key))
            continue
        number += 1
        cells = {"source": str(found.address), "etag": found.etag, "size": found.size}
        yield Row(number, dict(cells))


def outside(rows: Rows, output: S3Address | None) -> Rows:
    """The rows whose sources do not lie under the output: those are earlier results."""
    under = str(output) if output else None
    for row in rows:
        source = str(row.cells.get("source")) if isinstance(row, Row) else ""
        if under is None or not source.startswith(under):
            yield row


def _is_under(address: S3Address, output: S3Address | None) -> bool:
    return output is not None and (
        address.bucket == output.bucket and address.key.startswith(output.key)
    )
