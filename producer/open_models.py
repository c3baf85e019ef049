"""OpenModels: which models a request may name that does not come from this host's own users.

A hub id or an archive in S3 may be named by whoever may submit; a directory of this host is read
and hashed, so only those may be named that an operator opened.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from producer.style_folder import StyleFolder
from shared.errors import ModelNotAllowed
from shared.folders import folders
from shared.references import is_hub_id
from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class OpenModels:
    """Models that are open to requests, beside those in S3 and at the hub."""

    #: References as the operator's own styles write them.
    named: frozenset[str] = frozenset()
    #: Every directory below these, which are absolute.
    folders: tuple[Path, ...] = ()

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """What the settings open: the models of RESTYLE_STYLES, and RESTYLE_MODEL_FOLDERS.

        Raises:
            StyleUnreadable: The folder of styles cannot be read.
        """
        styles = [file.style for file in StyleFolder(settings.styles).files() if file.style]
        named = frozenset(name for style in styles for name in (style.segmenter, style.painter))
        return cls(named, folders(settings.model_folders))

    def check(self, references: Iterable[str]) -> None:
        """Let references pass that may be named; nothing of the disk is read for one that may not.

        Raises:
            ModelNotAllowed: One may not.
        """
        for reference in sorted(references):
            if not (reference in self.named or _is_far(reference) or self._holds(Path(reference))):
                raise ModelNotAllowed(reference=reference)

    def _holds(self, path: Path) -> bool:
        # What climbs is refused as it is written: through a link it may lead anywhere.
        is_plain = path.is_absolute() and ".." not in path.parts
        return is_plain and any(path.is_relative_to(folder) for folder in self.folders)


def _is_far(reference: str) -> bool:
    """Whether it leads to S3 or to the hub, or nowhere; a hub's id may be a directory here, too."""
    if "://" in reference:
        return True
    return is_hub_id(reference) and not Path(reference).is_dir()
