"""The Hugging Face hub and its local cache, as far as references need them.

huggingface_hub reads HF_HOME, HF_HUB_OFFLINE and HF_ENDPOINT when it is imported, so it is
imported where it is used, never at the top.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from shared.errors import ModelMissing
from shared.references.digest import LOADABLE_ENDINGS
from shared.references.missing import missing_from_hub
from shared.references.reference import HubReference

if TYPE_CHECKING:
    from huggingface_hub import ModelInfo

#: Longest wait for the hub's answer, in seconds.
HUB_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Revision:
    """A repository at a commit, as the hub or the cache has it."""

    commit: str
    #: Bytes of its loadable files; None where nobody says.
    size: int | None
    #: Its directory in the cache; None where it is still to be downloaded.
    snapshot: Path | None


@dataclass(frozen=True, slots=True)
class Hub:
    """The hub at an endpoint, and the cache of what was downloaded from it."""

    endpoint: str
    cache: Path
    offline: bool

    @classmethod
    def from_environment(cls) -> "Hub":
        """The hub that HF_ENDPOINT, HF_HOME, HF_HUB_CACHE and HF_HUB_OFFLINE name."""
        from huggingface_hub import constants  # noqa: PLC0415 - see the module's docstring

        cache = Path(constants.HF_HUB_CACHE)
        return cls(constants.ENDPOINT, cache, offline=constants.HF_HUB_OFFLINE)

    def find(self, reference: HubReference) -> Revision:
        """The revision that a reference stands for: the hub's word, else the cache's.

        A full commit hash is taken as it is: it names the same bytes everywhere.

        Raises:
            ModelMissing: Neither knows it.
        """
        if reference.is_pinned:
            return self._revision(reference.repo, reference.revision, None)
        if self.offline:
            return self._cached_or_missing(reference, None)
        try:
            return self._ask(reference)
        except Exception as error:  # noqa: BLE001 - the client's HTTP library, and so its errors, differ by release; whatever they are, the cache may do
            return self._cached_or_missing(reference, error)

    def config(self, reference: HubReference) -> Path | None:
        """Its config.json alone, from the cache or else from the hub; None where neither has it.

        Args:
            reference: Its revision is a commit's hash.
        """
        cached = self._folder(reference.repo) / "snapshots" / reference.revision / "config.json"
        if cached.is_file():
            return cached
        try:
            return None if self.offline else self._download_config(reference)
        except Exception:  # noqa: BLE001 - as in `find`; and not every repository has the file
            return None

    def missing(self, reference: HubReference, error: Exception | None = None) -> ModelMissing:
        """The error that says where we looked; without a cause, the hub is switched off."""
        return missing_from_hub(
            reference,
            error=error,
            endpoint=self.endpoint,
            cache=self.cache,
            cached=self.repositories(),
        )

    def repositories(self) -> list[str]:
        """Ids of the repositories in the cache."""
        folders = self.cache.glob("models--*--*")
        return sorted(folder.name.removeprefix("models--").replace("--", "/") for folder in folders)

    def _ask(self, reference: HubReference) -> Revision:
        from huggingface_hub import HfApi  # noqa: PLC0415 - see the module's docstring

        info = HfApi(endpoint=self.endpoint).model_info(
            reference.repo, revision=reference.revision, timeout=HUB_SECONDS, files_metadata=True
        )
        if info.sha is None:
            raise ValueError("its answer names no commit")
        return self._revision(reference.repo, info.sha, _loadable_bytes(info))

    def _download_config(self, reference: HubReference) -> Path:
        from huggingface_hub import hf_hub_download  # noqa: PLC0415 - see the module's docstring
        from huggingface_hub.utils.tqdm import disable_progress_bars  # noqa: PLC0415 - likewise

        # A hub that does not answer says so at once here; a download asks for half a minute.
        self._ask(reference)
        disable_progress_bars()  # for some kilobytes
        path = hf_hub_download(
            reference.repo,
            "config.json",
            revision=reference.revision,
            cache_dir=self.cache,
            endpoint=self.endpoint,
        )
        return Path(path)

    def _cached_or_missing(self, reference: HubReference, error: Exception | None) -> Revision:
        ref = self._folder(reference.repo) / "refs" / reference.revision
        if ref.is_file():
            commit = ref.read_text(encoding="ascii").strip()
            return self._revision(reference.repo, commit, None)
        raise self.missing(reference, error) from error

    def _revision(self, repo: str, commit: str, size: int | None) -> Revision:
        snapshot = self._folder(repo) / "snapshots" / commit
        files = list(snapshot.rglob("*"))
        if any(file.suffix == ".safetensors" for file in files):
            return Revision(commit, _total_bytes(files), snapshot)
        return Revision(commit, size, None)

    def _folder(self, repo: str) -> Path:
        return self.cache / f"models--{repo.replace('/', '--')}"


def _total_bytes(files: Iterable[Path]) -> int:
    loadable = (file for file in files if file.name.endswith(LOADABLE_ENDINGS))
    return sum(file.stat().st_size for file in loadable if file.is_file())


def _loadable_bytes(info: "ModelInfo") -> int | None:
    files = [file for file in info.siblings or () if file.rfilename.endswith(LOADABLE_ENDINGS)]
    return sum(file.size or 0 for file in files) or None
