"""Archive: what `--archive` names, and whether the program of an endpoint is in it."""

import tarfile
import zlib
from dataclasses import dataclass
from pathlib import PurePosixPath

from shared.errors import ArchiveUnservable, ModelInvalid, OptionInvalid
from shared.keys import S3Address
from shared.references import ArchiveReference, RegistryReference, parse
from shared.references.resolve import find_archive, registry_of, version_of
from shared.s3 import ObjectStore
from worker.endpoint import FOLDER, PROGRAM

#: SageMaker unpacks no other.
ENDING = ".tar.gz"
#: So much of an archive is read at most to find the program; packed by us it comes first.
LOOK_BYTES = 8_000_000
WANTED = f"{FOLDER}/{PROGRAM}"


@dataclass(frozen=True, slots=True)
class Archive:
    """A model's archive in S3."""

    address: S3Address
    #: Its digest, or its ETag where none was named: another one is another model.
    mark: str
    #: Whether the program is in it; None where only reading all of it would tell.
    serves: bool | None


def find(reference: str, store: ObjectStore) -> Archive:
    """The archive of `s3://…/model.tar.gz`, with or without its digest, or of `registry:…`.

    Raises:
        OptionInvalid: Neither.
        ArchiveUnservable: The program is not in it.
        ModelError: There is no such archive, version or alias.
        StorageError: S3 cannot be asked.
    """
    if reference.startswith("s3://") and not reference.partition("#")[0].endswith(ENDING):
        raise OptionInvalid(option="--archive", reason=f"SageMaker unpacks *{ENDING} only")
    address, mark = _located(reference, store)
    serves = _serves(address, store)
    if serves is False:
        raise ArchiveUnservable(archive=address, program=WANTED)
    return Archive(address, mark, serves)


def _located(reference: str, store: ObjectStore) -> tuple[S3Address, str]:
    if reference.startswith("s3://") and "#" not in reference:
        address = S3Address.parse(reference, kind="model archive")
        return address, store.head(address).etag
    match parse(reference):
        case RegistryReference() as named:
            found = version_of(named, registry_of(store))
        case ArchiveReference() as found:
            find_archive(found, store)
        case _:
            reason = f"{reference} is neither s3://…{ENDING} nor registry:NAME@ALIAS"
            raise OptionInvalid(option="--archive", reason=reason)
    return found.address, found.sha256


def _serves(address: S3Address, store: ObjectStore) -> bool | None:
    """Read the archive's beginning; ours have their names in order, so one is missed early."""
    is_packed = True
    try:
        with store.open(address) as file, tarfile.open(fileobj=file, mode="r|gz") as tar:
            for member in tar:
                name = str(PurePosixPath(member.name))
                if name == WANTED:
                    return True
                is_packed = is_packed and member.mtime == 0
                if is_packed and name > WANTED:
                    return False
                if member.offset_data + member.size > LOOK_BYTES:
                    return None
    except (tarfile.TarError, EOFError, zlib.error) as error:
        reason = f"it is no readable {ENDING} ({error})"
        raise ModelInvalid(reference=address, reason=reason, kind="model") from error
    return False
