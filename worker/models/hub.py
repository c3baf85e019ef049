"""Models of the Hugging Face hub, fetched at a pinned commit; torch-free.

A whole model in the cache is used without asking the hub. huggingface_hub reads its variables
when it is imported, so it is imported where it is used.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import ModelMissing, ModelUnavailable
from shared.packing.layout import choose_files, problem
from shared.references import HubReference
from shared.references.hub import Hub
from shared.references.missing import missing_from_hub
from shared.wording import shorten


def fetch_snapshot(hub: Hub, reference: HubReference) -> Path:
    """The directory of a repository at a commit, downloaded if the cache has not all of it.

    Args:
        hub: Where to look.
        reference: Its revision is a commit's hash.

    Raises:
        ModelMissing: The hub has no such repository or commit, or it is switched off and the
            cache has not the whole model.
        ModelUnavailable: The hub cannot be reached now.
    """
    cached = hub.find(reference).snapshot
    if cached is not None and not problem(cached):
        return cached
    if hub.offline:
        raise _missing(hub, reference, None)
    with _hub_errors(hub, reference):
        return _download(hub, reference)


def _download(hub: Hub, reference: HubReference) -> Path:
    from huggingface_hub import HfApi  # noqa: PLC0415 - see the module's docstring

    api = HfApi(endpoint=hub.endpoint)
    listed = api.snapshot_download(
        reference.repo, revision=reference.revision, cache_dir=hub.cache, dry_run=True
    )
    names = choose_files(file.filename for file in listed)
    folder = api.snapshot_download(
        reference.repo, revision=reference.revision, cache_dir=hub.cache, allow_patterns=names
    )
    return Path(folder)


@contextmanager
def _hub_errors(hub: Hub, reference: HubReference) -> Iterator[None]:
    from huggingface_hub import errors  # noqa: PLC0415 - see the module's docstring

    absent = (errors.RepositoryNotFoundError, errors.RevisionNotFoundError)
    try:
        yield
    except OSError as error:
        # The client wraps what the hub said, and what the network said.
        cause = error.__cause__ if isinstance(error.__cause__, Exception) else error
        if isinstance(cause, absent):
            raise _missing(hub, reference, cause) from error
        reason = shorten(" ".join(str(cause).split()).rstrip("."), 200)
        raise ModelUnavailable(reference=reference, reason=reason) from error


def _missing(hub: Hub, reference: HubReference, error: Exception | None) -> ModelMissing:
    cached = [repo for repo in hub.repositories() if repo != reference.repo]
    return missing_from_hub(
        reference, error=error, endpoint=hub.endpoint, cache=hub.cache, cached=cached
    )
