"""Listing: what the registry has, as people and programs are shown it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from shared.keys import RegistryEntry
from shared.registry import Alias, Registry, Version

#: Digits of a digest that people are shown.
SHOWN_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Model:
    """A model of the registry, whole."""

    name: str
    #: The newest first.
    versions: tuple[Version, ...]
    #: By their names.
    aliases: dict[str, Alias]

    def aliases_of(self, digest: str) -> list[str]:
        """The aliases that point to a version."""
        return [name for name, alias in self.aliases.items() if alias.digest == digest]

    def as_json(self) -> dict[str, Any]:
        """All of it."""
        return {
            "name": self.name,
            "versions": [version_facts(one, self) for one in self.versions],
            "aliases": {name: alias_facts(alias) for name, alias in self.aliases.items()},
        }


def version_facts(version: Version, model: Model) -> dict[str, Any]:
    """A version as JSON."""
    facts = version.model_dump(mode="json", exclude={"version"})
    return facts | {"metrics": version.metrics, "aliases": model.aliases_of(version.digest)}


def alias_facts(alias: Alias) -> dict[str, Any]:
    """An alias as JSON: where it points, and its moves, the newest first."""
    moves = [move.model_dump(mode="json") for move in reversed(alias.moves)]
    return {"digest": alias.digest, "before": alias.before, "moves": moves}


def one_model(name: str, registry: Registry) -> Model:
    """A model.

    Raises:
        ModelUnknown: The registry has no version of it.
        RecordInvalid: What is told of a version or an alias cannot be read.
        StorageError: S3 refused.
    """
    return _model(name, registry.known(name), registry)


def all_models(registry: Registry) -> list[Model]:
    """Every model, by its name; raises as `one_model`."""
    by_name: dict[str, list[RegistryEntry]] = {}
    for entry in registry.entries():
        by_name.setdefault(entry.name, []).append(entry)
    return [_model(name, entries, registry) for name, entries in sorted(by_name.items())]


def _model(name: str, entries: Iterable[RegistryEntry], registry: Registry) -> Model:
    entries = list(entries)
    versions = [registry.version(name, entry.id) for entry in entries if entry.kind == "versions"]
    aliases = {
        entry.id: registry.alias(name, entry.id).alias
        for entry in entries
        if entry.kind == "aliases"
    }
    newest_first = sorted(versions, key=lambda version: version.created, reverse=True)
    return Model(name, tuple(newest_first), aliases)
