"""Pictures to learn from: read whole, each with its caption and, where one is there, its mask.

Everything that is wrong with them is told together, before anything is trained. Torch-free.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import PurePosixPath

from shared.errors import (
    ImageError,
    InstancesTooFew,
    InstancesTooSmall,
    InstancesUnusable,
    MaskError,
)
from shared.pictures.limits import Limits, sides
from worker.arrays import Grey, Rgb, Size
from worker.finetune.captions import read_captions
from worker.finetune.shelf import Shelf
from worker.pictures.images import decode, decode_mask

#: Names that are pictures; others (captions, notes) lie beside them.
ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff", ".gif", ".avif")
MASK_ENDING = ".mask.png"
#: From one picture the model learns the picture, not the style.
LEAST_PICTURES = 2
#: Problems that are named in one sentence.
MAX_NAMED = 5
#: What pictures with transparency are laid on.
BACKGROUND = "#ffffff"
#: From this value on a mask's pixel is repainted.
MASK_LEVEL = 128


@dataclass(frozen=True, slots=True, eq=False)
class Lesson:
    """A picture, what it shows, and where that is."""

    name: str
    #: uint8, H x W x 3, sRGB.
    rgb: Rgb
    #: As given beside it; empty for none.
    caption: str
    #: uint8, H x W, 255 = repaint; None where masks are drawn at random.
    mask: Grey | None
    #: SHA-256 (hex) of picture, caption and mask.
    digest: str


def read_lessons(shelf: Shelf, limits: Limits) -> list[Lesson]:
    """Every picture of a shelf.

    Raises:
        InstancesUnusable: Some cannot be read, or their masks or captions cannot.
        StorageError: S3 does not serve them.
    """
    files = shelf.names()
    names = picture_names(files)
    captions = read_captions(shelf, names)
    lessons, wrong = [], []
    for name in names:
        mask = _mask_of(name)
        try:
            lessons.append(
                _read(shelf, name, captions.get(name, ""), mask if mask in files else "", limits)
            )
        except (ImageError, MaskError) as error:
            wrong.append(str(error).rstrip("."))
    if wrong:
        total, place = len(names), shelf.place
        raise InstancesUnusable(count=len(wrong), total=total, place=place, reason=_some(wrong))
    return lessons


def picture_names(files: Iterable[str]) -> list[str]:
    """Those of a shelf's files that are pictures, and no masks."""
    return [name for name in files if _is_picture(name)]


def refuse_too_few(lessons: list[Lesson], place: str) -> None:
    """Refuse what no style can be told from.

    Raises:
        InstancesTooFew: None, or one.
    """
    if len(lessons) < LEAST_PICTURES:
        raise InstancesTooFew(place=place, count=len(lessons), least=LEAST_PICTURES)


def refuse_too_small(lessons: list[Lesson], resolution: int, place: str) -> None:
    """Refuse pictures that would have to be enlarged.

    Raises:
        InstancesTooSmall: Their shorter sides are under the resolution.
    """
    small = [
        f"{one.name} has {sides(_size(one.rgb))}" for one in lessons if _is_small(one, resolution)
    ]
    if small:
        facts = {"place": place, "resolution": resolution, "reason": _some(small)}
        raise InstancesTooSmall(count=len(small), **facts)


def digest_of(lessons: list[Lesson]) -> str:
    """SHA-256 (hex) of all pictures, captions and masks, whatever their order and place."""
    text = "".join(
        f"{one.digest} {one.name}\0" for one in sorted(lessons, key=lambda one: one.name)
    )
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def _read(shelf: Shelf, name: str, caption: str, mask: str, limits: Limits) -> Lesson:
    body = shelf.read(name)
    picture = decode(body, source=name, limits=limits)
    rgb = picture.space.to_srgb(picture.flattened(BACKGROUND))
    bytes_of_mask = shelf.read(mask) if mask else b""
    hard = _mask(bytes_of_mask, name, mask, picture.size, limits) if mask else None
    digest = hashlib.sha256()
    for part in (body, caption.encode(errors="surrogateescape"), bytes_of_mask):
        digest.update(hashlib.sha256(part).digest())
    return Lesson(name, rgb, caption, hard, digest.hexdigest())


def _mask(body: bytes, name: str, mask: str, size: Size, limits: Limits) -> Grey | None:
    """The mask; one that repaints nothing counts as none."""
    grey = decode_mask(body, address=mask, source=name, size=size, limits=limits)
    hard: Grey = ((grey >= MASK_LEVEL) * 255).astype("uint8")
    return hard if hard.any() else None


def _is_picture(name: str) -> bool:
    low = name.lower()
    return low.endswith(ENDINGS) and not low.endswith(MASK_ENDING)


def _mask_of(name: str) -> str:
    return f"{PurePosixPath(name).stem}{MASK_ENDING}"


def _is_small(lesson: Lesson, resolution: int) -> bool:
    return min(_size(lesson.rgb)) < resolution


def _size(rgb: Rgb) -> Size:
    return rgb.shape[1], rgb.shape[0]


def _some(reasons: list[str]) -> str:
    rest = len(reasons) - MAX_NAMED
    named = "; ".join(reasons[:MAX_NAMED])
    return f"{named}; and {rest} more" if rest > 0 else named
