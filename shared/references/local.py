"""Where a resolved model, or what describes it, lies on this host."""

from pathlib import Path

from shared.jobs import ResolvedModel
from shared.references.hub import Hub
from shared.references.reference import HubReference


def archives_folder(cache: Path) -> Path:
    """Where archives are unpacked, each under its digest, below Restyle's cache folder."""
    return cache / "models"


def archive_folder(cache: Path, digest: str) -> Path:
    """Where an archive of this digest is unpacked, below Restyle's cache folder."""
    return archives_folder(cache) / digest


def config_directory(model: ResolvedModel, cache: Path, *, hub: Hub | None = None) -> Path | None:
    """The directory with a model's config.json; of the hub's models, that file alone is fetched.

    Args:
        model: As a batch was submitted with it.
        cache: Restyle's cache folder.
        hub: By default the one that the environment names.
    """
    if model.kind != "hub":
        return local_directory(model, cache)
    repo, _, _ = model.reference.partition("@")
    config = (hub or Hub.from_environment()).config(HubReference(repo, model.digest))
    return config.parent if config else None


def local_directory(model: ResolvedModel, cache: Path, *, hub: Hub | None = None) -> Path | None:
    """The directory of a model that is at hand; nothing is fetched.

    Args:
        model: As a batch was submitted with it.
        cache: Restyle's cache folder.
        hub: By default the one that the environment names.
    """
    if model.kind == "hub":
        repo, _, _ = model.reference.partition("@")
        # A commit is looked up in the cache, never at the hub.
        return (hub or Hub.from_environment()).find(HubReference(repo, model.digest)).snapshot
    is_archive = model.kind == "archive"
    folder = archive_folder(cache, model.digest) if is_archive else Path(model.reference)
    return folder if folder.is_dir() else None
