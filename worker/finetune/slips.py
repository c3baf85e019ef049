"""Slips: which pictures lie on a shelf, and what stands beside each: caption and mask; torch-free.

What stands there and belongs to no picture, or to two, is refused: it would be left out unnoticed.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from shared.errors import CompanionsUnusable
from worker.finetune.captions import TEXT_ENDING, read_captions
from worker.finetune.shelf import Shelf

#: Names that are pictures, in small letters or large ones; others (captions, notes) lie beside
#: them.
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".gif", ".avif")
MASK_ENDING = ".mask.png"
#: What ends the stem of a mask, whatever it is kept in.
MASK_MARK = ".mask"
#: Problems that are named in one sentence.
MAX_NAMED = 5


@dataclass(frozen=True, slots=True)
class Slip:
    """A picture of a shelf, not read yet."""

    name: str
    #: As given beside it; empty for none.
    caption: str
    #: The file of its mask; None where none is given.
    mask: str | None


def read_slips(shelf: Shelf) -> list[Slip]:
    """A slip of every picture, by name.

    Raises:
        CompanionsUnusable: Masks or captions of no picture, of two, or that cannot be read.
        StorageError: S3 does not serve them.
    """
    files = shelf.names()
    names = picture_names(files)
    masks = {_stem(PurePosixPath(name).stem): name for name in files if _is_mask(name)}
    if wrong := [*_stray(masks, names), *_shared(files, masks, names)]:
        reason = some(wrong)
        raise CompanionsUnusable(count=len(wrong), place=shelf.place, reason=reason)
    captions = read_captions(shelf, names)
    return [Slip(name, captions.get(name, ""), masks.get(_stem(name))) for name in names]


def picture_names(files: Iterable[str]) -> list[str]:
    """Those of a shelf's files that are pictures, and no masks."""
    return [name for name in files if name.lower().endswith(ENDINGS) and not _is_mask(name)]


def some(reasons: list[str]) -> str:
    """The first few, and how many more there are."""
    rest = len(reasons) - MAX_NAMED
    named = "; ".join(reasons[:MAX_NAMED])
    return f"{named}; and {rest} more" if rest > 0 else named


def _stray(masks: dict[str, str], names: list[str]) -> list[str]:
    """What is wrong with masks by themselves."""
    stems = set(map(_stem, names))
    alone = [f"{mask} is a mask of no picture" for stem, mask in masks.items() if stem not in stems]
    others = [name for name in masks.values() if not name.lower().endswith(MASK_ENDING)]
    return alone + [f"{name} is no PNG" for name in others]


def _shared(files: list[str], masks: dict[str, str], names: list[str]) -> list[str]:
    """Pictures of one stem, where a caption or a mask would be taken for all of them."""
    texts = {_stem(name) for name in files if name.lower().endswith(TEXT_ENDING)}
    families: dict[str, list[str]] = defaultdict(list)
    for name in names:
        families[_stem(name)].append(name)
    return [
        f"{' and '.join(family)} would share one {'mask' if stem in masks else 'caption'}"
        for stem, family in families.items()
        if len(family) > 1 and (stem in masks or stem in texts)
    ]


def _is_mask(name: str) -> bool:
    low = name.lower()
    return low.endswith(ENDINGS) and PurePosixPath(low).stem.endswith(MASK_MARK)


def _stem(name: str) -> str:
    return PurePosixPath(name).stem
