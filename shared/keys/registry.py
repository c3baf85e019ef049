"""Keys of the registry of models: versions by their digest, aliases by their name."""

import re
from dataclasses import dataclass
from typing import Literal, Self

from shared.keys.s3 import S3Address

#: Longest first part of a registry's keys, in bytes: the longest key below it has 250 more.
MAX_REGISTRY_BYTES = 512

ARCHIVE, RECORD = "model.tar.gz", "version.json"

_KEY = re.compile(
    r"(?P<name>[^/]+)/(versions/(?P<digest>[0-9a-f]{64})/version|aliases/(?P<alias>[^/]+))\.json"
)


@dataclass(frozen=True, slots=True)
class ModelKeys:
    """The keys of one model below a registry's prefix."""

    registry: S3Address
    name: str

    @property
    def folder(self) -> S3Address:
        """Where all of the model lies; nothing else does."""
        return self.registry.join(f"models/{self.name}/")

    def archive(self, digest: str) -> S3Address:
        """The archive of a version."""
        return self.folder.join(f"versions/{digest}/{ARCHIVE}")

    def record(self, digest: str) -> S3Address:
        """What is told of a version; it is written last."""
        return self.folder.join(f"versions/{digest}/{RECORD}")

    def alias(self, alias: str) -> S3Address:
        """Where an alias points, and pointed."""
        return self.folder.join(f"aliases/{alias}.json")

    def golden(self, alias: str, batch_id: str, name: str) -> S3Address:
        """A file about a golden set; `batch_id` is the candidate's."""
        return self.folder.join(f"aliases/{alias}.golden/{batch_id}/{name}")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a key of the registry stands for."""

    name: str
    kind: Literal["versions", "aliases"]
    #: A version's digest, or an alias.
    id: str

    @classmethod
    def of(cls, registry: S3Address, address: S3Address) -> Self | None:
        """The version or alias whose record lies at an address; None for anything else."""
        found = _KEY.fullmatch(address.key.removeprefix(f"{registry.key}models/"))
        if found is None:
            return None
        if digest := found["digest"]:
            return cls(found["name"], "versions", digest)
        return cls(found["name"], "aliases", found["alias"])
