"""Registry: reads versions and aliases."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from pydantic import ValidationError

from shared.errors import (
    AliasUnknown,
    ModelUnknown,
    ObjectMissing,
    RecordInvalid,
    RegistryConflict,
    RegistryMissing,
    SourceChanged,
    VersionUnknown,
)
from shared.keys import ModelKeys, RegistryEntry, S3Address
from shared.record import Record
from shared.registry.records import Alias, Version, check_name
from shared.s3 import ObjectStore
from shared.settings import load_settings
from shared.wording import did_you_mean, first_problems

RecordT = TypeVar("RecordT", bound=Record)

#: Digits of a digest that name a version for people, at least.
SHORT_DIGITS = 8
#: Before a digest, where an alias could stand.
DIGEST_MARK = "sha256:"
#: A record is a few kilobytes; a card may be longer.
MAX_RECORD_BYTES = 1_000_000
#: Reads of an alias that moves while it is read.
READ_TRIES = 5


@dataclass(frozen=True, slots=True)
class PinnedAlias:
    """An alias as it was read: who moves it must have seen its last move."""

    alias: Alias
    etag: str


class Registry:
    """The registry below a prefix."""

    def __init__(self, home: S3Address, store: ObjectStore) -> None:
        self.home = home
        self.store = store

    @classmethod
    def from_settings(cls, store: ObjectStore) -> Self:
        """The registry that RESTYLE_REGISTRY names.

        Raises:
            RegistryMissing: It names none.
        """
        named = load_settings().registry
        if named is None:
            raise RegistryMissing
        return cls(S3Address.parse_prefix(named, kind="registry"), store)

    def entries(self, name: str | None = None) -> Sequence[RegistryEntry]:
        """Every version and alias, or those of one model, by their keys.

        Raises:
            StorageError: S3 refused.
        """
        folder = self.keys(name).folder if name else self.home.join("models/")
        found = (RegistryEntry.of(self.home, info.address) for info in self.store.list(folder))
        return [entry for entry in found if entry]

    def keys(self, name: str) -> ModelKeys:
        """The keys of a model.

        Raises:
            ModelNameInvalid: No model may have this name.
        """
        return ModelKeys(self.home, check_name(name, "a model"))

    def version(self, name: str, digest: str) -> Version:
        """A version of a model.

        Raises:
            ModelUnknown: The registry has no version of it at all.
            VersionUnknown: It has, but not this one.
            RecordInvalid: What is told of it cannot be read.
        """
        address = self.keys(name).record(digest)
        try:
            return _read(Version, self.store.get(address, max_bytes=MAX_RECORD_BYTES), address)
        except ObjectMissing as error:
            self._digests(name)
            raise VersionUnknown(name=name, version=digest, found="no version") from error

    def alias(self, name: str, alias: str) -> PinnedAlias:
        """Where an alias points now.

        Raises:
            ModelUnknown: The registry has no version of the model.
            AliasUnknown: The model has no such alias.
            RecordInvalid: It cannot be read.
            RegistryConflict: It moved at each of several reads.
        """
        for _ in range(READ_TRIES):
            if found := self.find_alias(name, alias):
                return found
            known = [entry.id for entry in self.known(name) if entry.kind == "aliases"]
            if alias not in known:  # some servers hide an object while it is replaced
                raise AliasUnknown(name=name, alias=alias, near=_near(alias, known))
        raise RegistryConflict(name=name, alias=alias)

    def find_alias(self, name: str, alias: str) -> PinnedAlias | None:
        """The same, or None where there is no such alias.

        Raises:
            RegistryConflict: It moved at each of several reads.
        """
        address = self.keys(name).alias(check_name(alias, "an alias"))
        for _ in range(READ_TRIES):
            try:
                etag = self.store.head(address).etag
                content = self.store.get(address, etag=etag, max_bytes=MAX_RECORD_BYTES)
            except ObjectMissing:
                return None
            except SourceChanged:  # somebody moves it just now
                continue
            return PinnedAlias(_read(Alias, content, address), etag)
        raise RegistryConflict(name=name, alias=alias)

    def digest(self, name: str, which: str) -> str:
        """The digest of an alias, of `sha256:…`, or of the first digits of a digest.

        Raises:
            ModelUnknown: The registry has no version of the model.
            AliasUnknown: The model has no such alias.
            VersionUnknown: No version, or several, have such a digest.
        """
        digits = which.removeprefix(DIGEST_MARK).lower()
        if len(digits) < SHORT_DIGITS or not set(digits) <= set("0123456789abcdef"):
            return self.alias(name, which).alias.digest
        found = [digest for digest in self._digests(name) if digest.startswith(digits)]
        if len(found) != 1:
            count = f"{len(found)} versions" if found else "no version"
            raise VersionUnknown(name=name, version=digits, found=count)
        return found[0]

    def _digests(self, name: str) -> list[str]:
        return [entry.id for entry in self.known(name) if entry.kind == "versions"]

    def known(self, name: str) -> Sequence[RegistryEntry]:
        """What there is of a model.

        Raises:
            ModelUnknown: Nothing.
        """
        if found := self.entries(name):
            return found
        names = {entry.name for entry in self.entries()}
        raise ModelUnknown(registry=self.home, name=name, near=_near(name, names))


def _near(word: str, known: Sequence[str] | set[str]) -> str:
    """` (did you mean stable?)`; where nothing is near, what there is."""
    listed = ", ".join(sorted(known)[:5])
    return did_you_mean(word, known) or (f" (it has {listed})" if listed else "")


def _read(kind: type[RecordT], content: bytes, address: S3Address) -> RecordT:
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        reason = first_problems(error, kind.model_fields)
        raise RecordInvalid(record=address, reason=reason) from error
