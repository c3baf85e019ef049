"""Listing: the pictures under an S3 prefix as rows, and what lies there beside them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from producer.rows import Row
from shared.errors import AddressInvalid
from shared.keys import S3Address
from shared.s3 import ObjectStore

#: Objects under a prefix that count as sources, by their key's ending.
IMAGES = frozenset(
    {".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".gif", ".avif"}
)
#: Objects left out that are named; the others are counted.
NAMED = 3


@dataclass(slots=True)
class LeftOut:
    """Objects under a prefix that are no rows, since their names are no pictures'."""

    count: int = 0
    #: The first of them, below the prefix.
    names: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Count one in."""
        self.count += 1
        if len(self.names) < NAMED:
            self.names.append(name)

    @property
    def note(self) -> str:
        """What a person should know of it, as a clause; empty where nothing was left out."""
        if not self.count:
            return ""
        what = "object" if self.count == 1 else "objects"
        end = (
            "was left out, as its name ends"
            if self.count == 1
            else ("were left out, as their names end")
        )
        endings, rest = ", ".join(sorted(IMAGES)), ", …" if self.count > NAMED else ""
        named = ", ".join(self.names) + rest
        return f"{self.count:,} {what} under the prefix {end} in none of {endings}: {named}"


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


def _is_under(address: S3Address, output: S3Address | None) -> bool:
    return output is not None and (
        address.bucket == output.bucket and address.key.startswith(output.key)
    )
