"""Where the bytes of a reference are now, without reading them."""

from collections.abc import Callable
from dataclasses import dataclass

from shared.references.digest import loadable_files
from shared.references.hub import Hub
from shared.references.missing import DOWNLOAD_BYTES, download_command
from shared.references.reference import (
    ArchiveReference,
    DirectoryReference,
    HubReference,
    RegistryReference,
    parse,
)
from shared.references.resolve import find_archive, find_directory, registry_of, version_of
from shared.s3 import ObjectStore


@dataclass(frozen=True, slots=True)
class Location:
    """Where a model lies."""

    #: A directory on this host, an address, or the hub's endpoint.
    place: str
    #: In bytes; None where nobody says.
    size: int | None
    #: Whether a worker on this host still has to download it.
    is_remote: bool
    #: What downloads it beforehand; None where nothing has to or no command does.
    command: str | None = None


def locate(reference: str, *, store: Callable[[], ObjectStore], hub: Hub | None = None) -> Location:
    """Find a model.

    Args:
        reference: As written in a style.
        store: Connects to where archives are; called where the reference leads there only.
        hub: By default the one that the environment names.

    Raises:
        ModelReferenceInvalid: No reference at all.
        ModelMissing: Nothing is there.
        ModelInvalid: A directory without weights, or one that cannot be read.
        RegistryError: There is no registry, or it has no such model, alias or version.
        StorageError: S3 cannot be asked for the archive.
    """
    match parse(reference):
        case DirectoryReference() as directory:
            return _on_disk(directory)
        case ArchiveReference() as archive:
            return _in_s3(archive, store())
        case RegistryReference() as named:
            registry = registry_of(store())
            return _in_s3(version_of(named, registry), registry.store)
        case HubReference() as repository:
            return _in_hub(repository, hub or Hub.from_environment())


def _on_disk(reference: DirectoryReference) -> Location:
    files = loadable_files(find_directory(reference)).values()
    return Location(str(reference), sum(file.stat().st_size for file in files), is_remote=False)


def _in_s3(reference: ArchiveReference, store: ObjectStore) -> Location:
    size = find_archive(reference, store).size
    return Location(str(reference.address), size, is_remote=True)


def _in_hub(reference: HubReference, hub: Hub) -> Location:
    found = hub.find(reference)
    if found.snapshot is not None:
        return Location(str(found.snapshot), found.size, is_remote=False)
    if hub.offline:
        raise hub.missing(reference)
    size = found.size or DOWNLOAD_BYTES.get(reference.repo)
    return Location(hub.endpoint, size, is_remote=True, command=download_command(reference))
