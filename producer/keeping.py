"""Keeping: the file that a batch was made from becomes a part of its record, byte for byte."""

import hashlib
from pathlib import Path, PurePosixPath

from producer.manifest import Manifest
from shared.errors import ManifestUnreadable
from shared.jobs import Batch, KeptCatalogue
from shared.keys import S3Address, catalogue_file
from shared.reading import Reading
from shared.s3 import ObjectStore


def kept_catalogue(
    batch_id: str, output: str, manifest: Manifest, reading: Reading
) -> KeptCatalogue | None:
    """Where a manifest's own file is to lie; None for a listed prefix.

    Raises:
        ManifestUnreadable: The file went away while it was read.
    """
    if manifest.original is None:
        return None
    suffix = PurePosixPath(manifest.name).suffix
    address = catalogue_file(output, batch_id, _digest(manifest.original, manifest.name), suffix)
    form = manifest.recognised.format if manifest.recognised else "own"
    return KeptCatalogue(address=str(address), format=form, reading=reading.model_dump(mode="json"))


def keep(batch: Batch, manifest: Manifest, store: ObjectStore) -> None:
    """Put the file there.

    Raises:
        StorageError: The output may not be written, or S3 did not answer.
    """
    if batch.catalogue and manifest.original:
        address = S3Address.parse(batch.catalogue.address)
        store.put_file(address, manifest.original, content_type="application/octet-stream")


def _digest(path: Path, name: str) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ManifestUnreadable(manifest=name, reason=reason) from error
