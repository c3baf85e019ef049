"""The sentences for a model that is not there: where we looked, what is near, what to run."""

import difflib
from collections.abc import Iterable
from pathlib import Path

from rich.filesize import decimal

from shared.errors import ModelMissing
from shared.references.reference import ArchiveReference, DirectoryReference, HubReference
from shared.styles import DEFAULT_PAINTER, DEFAULT_SEGMENTER
from shared.urls import mask_url, mask_urls
from shared.wording import shorten

#: Where repositories went that style files out there still name.
MOVED = {
    "stabilityai/stable-diffusion-2-inpainting": DEFAULT_PAINTER,
    "runwayml/stable-diffusion-inpainting": "stable-diffusion-v1-5/stable-diffusion-inpainting",
}

#: About how many bytes a worker downloads of the default models.
DOWNLOAD_BYTES = {DEFAULT_SEGMENTER: 600_000_000, DEFAULT_PAINTER: 2_600_000_000}

#: What cures each of the hub's refusals, by the name of its client's error: words and command.
_REFUSALS = {
    "GatedRepoError": ("Accept its terms at {page}, then run `{command}`.", "hf auth login"),
    "RevisionNotFoundError": (
        "Name a branch, a tag or a full commit hash; `{command}` lists the first two.",
        "git ls-remote {page}",
    ),
    "RepositoryNotFoundError": (
        "Correct the name, or run `{command}` if the repository is private.",
        "hf auth login",
    ),
}


def missing_directory(reference: DirectoryReference) -> ModelMissing:
    """No such directory; the nearest is a sibling of whatever part of its path is wrong."""
    path = reference.path
    parent = next((folder for folder in path.parents if folder.is_dir()), Path("/"))
    wrong = path.relative_to(parent).parts[0]
    near = _near(wrong, _folders(parent))
    return ModelMissing(
        reference=reference,
        places=f"{parent}, which has no {wrong}",
        nearest=_did_you_mean(near and str(parent / near / path.relative_to(parent / wrong))),
        remedy=f"Correct the path, or put the model there; `ls {parent}` shows what there is.",
        command=f"ls {parent}",
    )


def missing_archive(reference: ArchiveReference, siblings: Iterable[str]) -> ModelMissing:
    """No such object; `siblings` are the keys beside it."""
    address = reference.address
    near = _near(address.key, siblings)
    command = f"aws s3 cp {Path(address.key).name} {address}"
    return ModelMissing(
        reference=reference,
        places=f"the bucket {address.bucket}",
        nearest=_did_you_mean(near and f"s3://{address.bucket}/{near}"),
        remedy=f"Run `{command}`, or correct the reference.",
        command=command,
    )


def missing_from_hub(
    reference: HubReference,
    *,
    error: Exception | None,
    endpoint: str,
    cache: Path,
    cached: Iterable[str],
) -> ModelMissing:
    """Not in the cache, and the hub refused or did not answer, or is switched off (no error)."""
    endpoint = mask_url(endpoint)
    asked = f"the hub ({endpoint})" if error else f"not the hub ({endpoint}), which is switched off"
    known = [*cached, DEFAULT_SEGMENTER, DEFAULT_PAINTER]
    near = MOVED.get(reference.repo) or _near(reference.repo, known)
    remedy, command = _hub_remedy(reference, error, endpoint)
    return ModelMissing(
        reference=reference,
        places=f"its cache ({cache}) and {asked}" if error else f"its cache ({cache}), {asked}",
        nearest=_did_you_mean(near if near != reference.repo else ""),
        remedy=remedy,
        command=command,
    )


def download_command(reference: HubReference) -> str:
    """What a person runs to put a repository into the cache."""
    pinned = f" --revision {reference.revision}" if "@" in str(reference) else ""
    return f"hf download {reference.repo}{pinned}"


def _hub_remedy(reference: HubReference, error: Exception | None, endpoint: str) -> tuple[str, str]:
    """What to do, as a sentence, and the one command of it."""
    words, cure = _REFUSALS.get(type(error).__name__, ("", ""))
    if words:
        cure = cure.format(page=f"{endpoint}/{reference.repo}")
        return words.format(page=f"{endpoint}/{reference.repo}", command=cure), cure
    command = download_command(reference)
    size = DOWNLOAD_BYTES.get(reference.repo)
    run = f"run `{command}`" + (f" (about {decimal(size)})" if size else "")
    elsewhere = f"{run} on a connected host and copy its HF_HOME here"
    if error is None:
        return f"HF_HUB_OFFLINE is set: unset it and {run}, or {elsewhere}.", (
            f"HF_HUB_OFFLINE=0 {command}"
        )
    reason = shorten(mask_urls(" ".join(str(error).split())).rstrip("."), 120)
    words = f"The hub did not answer ({reason}): check the network and HF_ENDPOINT, or {elsewhere}."
    return words, command


def _folders(parent: Path) -> list[str]:
    try:
        return [path.name for path in parent.iterdir() if path.is_dir()]
    except OSError:
        return []


def _near(word: str, known: Iterable[str]) -> str:
    return next(iter(difflib.get_close_matches(word, list(known), n=1)), "")


def _did_you_mean(near: str) -> str:
    return f" Did you mean {near}?" if near else ""
