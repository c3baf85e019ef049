"""From a reference to the digest that a batch is submitted with."""

from itertools import islice
from pathlib import Path

from shared.errors import ModelInvalid, ObjectMissing, RegistryMissing, StorageError
from shared.jobs import ResolvedModel
from shared.keys import S3Address
from shared.references.digest import tree_digest
from shared.references.hub import Hub
from shared.references.missing import missing_archive, missing_directory
from shared.references.reference import (
    ArchiveReference,
    DirectoryReference,
    HubReference,
    RegistryReference,
    parse,
)
from shared.registry import Registry
from shared.s3 import ObjectInfo, ObjectStore

#: Keys looked at for the nearest match of an archive that is not there.
MAX_SIBLINGS = 1_000


def resolve(
    reference: str,
    *,
    store: ObjectStore | None = None,
    hub: Hub | None = None,
    registry: Registry | None = None,
) -> ResolvedModel:
    """What a reference stands for now.

    A directory is hashed; an archive is named by its own digest, and must exist where a store is
    given to ask; a hub id becomes a commit; an alias becomes the version that it points to.

    Args:
        reference: As written in a style. The result has directories absolute.
        store: Where archives are.
        hub: By default the one that the environment names.
        registry: By default the one that RESTYLE_REGISTRY names.

    Raises:
        ModelReferenceInvalid: No reference at all.
        ModelMissing: Nothing is there.
        ModelInvalid: A directory without weights, or one that cannot be read.
        RegistryError: There is no registry, or it has no such model, alias or version.
        StorageError: S3 cannot be asked for the archive.
    """
    match parse(reference):
        case DirectoryReference() as directory:
            # Workers have another current directory.
            digest = tree_digest(find_directory(directory))
            return ResolvedModel(reference=str(directory), kind="directory", digest=digest)
        case ArchiveReference() as archive:
            if store is not None:
                find_archive(archive, store)
            return ResolvedModel(reference=reference, kind="archive", digest=archive.sha256)
        case RegistryReference() as named:
            found = version_of(named, registry or registry_of(store))
            address = str(found.address)
            return ResolvedModel(
                reference=reference, kind="archive", digest=found.sha256, address=address
            )
        case HubReference() as repository:
            commit = (hub or Hub.from_environment()).find(repository).commit
            return ResolvedModel(reference=reference, kind="hub", digest=commit)


def registry_of(store: ObjectStore | None) -> Registry:
    """The registry that the settings name.

    Raises:
        RegistryMissing: They name none, or nothing may be asked of S3.
    """
    if store is None:
        raise RegistryMissing
    return Registry.from_settings(store)


def version_of(reference: RegistryReference, registry: Registry) -> ArchiveReference:
    """The archive of the version that a reference stands for now.

    Raises:
        RegistryError: The registry has no such model, alias or version.
        StorageError: S3 cannot be asked for it.
    """
    name, which = reference.name, reference.which
    digest = registry.digest(name, which)
    archive = ArchiveReference(registry.keys(name).archive(digest), digest)
    find_archive(archive, registry.store)
    return archive


def find_directory(reference: DirectoryReference) -> Path:
    """The directory of a reference, which exists.

    Raises:
        ModelMissing: There is no such directory.
        ModelInvalid: It is a file, or behind a folder that is closed to us.
    """
    path = reference.path
    try:
        if path.is_dir():
            return path
        reason = "it is a file, not a directory" if path.exists() else ""
    except OSError as error:
        reason = f"it cannot be read ({error})"
    if reason:
        raise ModelInvalid(reference=reference, reason=reason, kind="model")
    raise missing_directory(reference)


def find_archive(reference: ArchiveReference, store: ObjectStore) -> ObjectInfo:
    """What S3 says of an archive.

    Raises:
        ModelMissing: There is no such object.
        StorageError: S3 cannot be asked.
    """
    try:
        return store.head(reference.address)
    except ObjectMissing as error:
        raise missing_archive(reference, _siblings(reference.address, store)) from error


def _siblings(address: S3Address, store: ObjectStore) -> list[str]:
    folder, slash, _ = address.key.rpartition("/")
    listing = store.list(S3Address(address.bucket, folder + slash))
    try:
        return [info.address.key for info in islice(listing, MAX_SIBLINGS)]
    except StorageError:  # whoever may read may not always list; the nearest match is a courtesy
        return []
