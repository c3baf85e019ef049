"""Pushing: a model's directory or archive becomes a version of the registry."""

import json
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from shared.errors import ModelInvalid, ModelUnknown, VersionUnknown
from shared.packing import pack, unpack
from shared.packing.layout import CARD, problem
from shared.references import DirectoryReference, file_digest, resolve
from shared.references.missing import missing_directory
from shared.registry import Registry, Version

#: Most bytes of a card.
MAX_CARD_BYTES = 200_000


@dataclass(frozen=True, slots=True)
class Pushed:
    """A version, and whether it came just now."""

    version: Version
    is_new: bool


@dataclass(frozen=True, slots=True)
class _Parcel:
    """An archive that may be uploaded."""

    archive: Path
    digest: str
    card: dict[str, Any]


def push(
    source: Path,
    name: str,
    registry: Registry,
    *,
    by: str,
    max_bytes: int,
    base: str | None = None,
) -> Pushed:
    """Bring a version into the registry; one that is there already stays as it is.

    Args:
        source: A model's directory, or an archive of one.
        name: The model's name.
        registry: Where it goes.
        by: Who brings it.
        max_bytes: Largest model, packed and unpacked.
        base: Reference of the model that it was made from; by default its card's.

    Raises:
        ModelNameInvalid: No model may have this name.
        ModelMissing: There is no such file or directory, or no such base.
        ModelInvalid: It is no whole model, or not safe to unpack.
        StorageError: S3 refused.
        DiskFailed: This host cannot pack it.
    """
    keys = registry.keys(name)
    with _parcel(source, max_bytes) as parcel:
        try:
            return Pushed(registry.version(name, parcel.digest), is_new=False)
        except (ModelUnknown, VersionUnknown):
            version = _version(parcel, name, registry, by=by, base=base)
        address = keys.archive(parcel.digest)
        registry.store.upload(
            address, parcel.archive, content_type="application/gzip", sha256=parcel.digest
        )
    # Last, so that a version that is told of is whole.
    told = version.model_dump_json(indent=1).encode()
    registry.store.put(keys.record(version.digest), told, content_type="application/json")
    return Pushed(version, is_new=True)


@contextmanager
def _parcel(source: Path, max_bytes: int) -> Iterator[_Parcel]:
    with tempfile.TemporaryDirectory(prefix="restyle-") as folder:
        if source.is_dir():
            archive = Path(folder) / "model.tar.gz"
            digest = pack(source, archive, max_bytes=max_bytes)
            yield _Parcel(archive, digest, _card(source))
        elif source.is_file():
            content = Path(folder)
            unpack(source, content, reference=str(source), max_bytes=max_bytes, ours=True)
            if reason := problem(content):
                raise ModelInvalid(reference=source, reason=reason, kind="model")
            yield _Parcel(source, file_digest(source), _card(content))
        else:
            raise missing_directory(DirectoryReference(source.absolute()))


def _card(directory: Path) -> dict[str, Any]:
    """What the model's card tells; nothing where there is none."""
    path = directory / CARD
    if not path.is_file():
        return {}
    try:
        with path.open("rb") as file:
            text = file.read(MAX_CARD_BYTES + 1)
        card = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise _odd_card(directory, f"its {CARD} cannot be read ({error})") from error
    if len(text) > MAX_CARD_BYTES or not isinstance(card, dict):
        raise _odd_card(directory, f"its {CARD} is no object of at most {MAX_CARD_BYTES:,} bytes")
    return card


def _odd_card(directory: Path, reason: str) -> ModelInvalid:
    return ModelInvalid(reference=directory, reason=reason, kind="model")


def _version(
    parcel: _Parcel, name: str, registry: Registry, *, by: str, base: str | None
) -> Version:
    reference, parent = _lineage(parcel.card, base, registry)
    return Version(
        name=name,
        digest=parcel.digest,
        size=parcel.archive.stat().st_size,
        created=datetime.now(UTC),
        by=by,
        base=reference,
        parent=parent,
        card=parcel.card,
    )


def _lineage(
    card: dict[str, Any], base: str | None, registry: Registry
) -> tuple[str | None, str | None]:
    """Reference and digest of the base: as somebody says, else as the card tells."""
    if base is not None:
        found = resolve(base, store=registry.store)
        return found.reference, found.digest
    told = card.get("base")
    if not isinstance(told, dict):
        return None, None
    reference, digest = told.get("reference"), told.get("digest")
    return reference and str(reference), digest and str(digest)
