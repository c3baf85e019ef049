"""Pictures to learn from: each with its caption and, where one is there, its mask.

Everything that is wrong with them is told together, before anything is trained. Torch-free.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from shared.errors import (
    ImageError,
    InstancesTooFew,
    InstancesTooSmall,
    InstancesUnusable,
    MaskError,
)
from shared.pictures.limits import Limits, sides
from worker.arrays import MASK_LEVEL, Grey, Rgb, Size
from worker.finetune.shelf import Shelf
from worker.finetune.slips import Slip, some
from worker.pictures.images import decode, decode_mask

#: From one picture the model learns the picture, not the style.
LEAST_PICTURES = 2
#: What pictures with transparency are laid on.
BACKGROUND = "#ffffff"


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
    #: Width and height as it came, in pixels; `rgb` may be a part of it by now, or smaller.
    size: Size
    #: SHA-256 (hex) of the files of picture and mask.
    look: str
    #: SHA-256 (hex) of these and the caption.
    digest: str
    #: Digest of the segmenter that looked for a mask; None where none did.
    segmenter: str | None = None


def read_lessons(
    shelf: Shelf,
    slips: Sequence[Slip],
    limits: Limits,
    prepare: Callable[[Lesson], Lesson] = lambda lesson: lesson,
) -> list[Lesson]:
    """The pictures of slips.

    Args:
        shelf: Where they lie.
        slips: Theirs.
        limits: Of what is decoded.
        prepare: Makes of each as soon as it is read what is kept of it: whole photos of a thousand
            would fill the memory.

    Raises:
        InstancesUnusable: Some cannot be read, or their masks cannot.
        StorageError: S3 does not serve them.
    """
    lessons, wrong = [], []
    for slip in slips:
        try:
            lesson = _read(shelf, slip, limits)
        except (ImageError, MaskError) as error:
            wrong.append(str(error).rstrip("."))
            continue
        if not wrong:
            lessons.append(prepare(lesson))
    if wrong:
        total, place = len(slips), shelf.place
        raise InstancesUnusable(count=len(wrong), total=total, place=place, reason=some(wrong))
    return lessons


def refuse_too_few(slips: Sequence[Slip], place: str) -> None:
    """Refuse what no style can be told from.

    Raises:
        InstancesTooFew: None, or one.
    """
    if len(slips) < LEAST_PICTURES:
        raise InstancesTooFew(place=place, count=len(slips), least=LEAST_PICTURES)


def refuse_too_small(lessons: list[Lesson], resolution: int, place: str) -> None:
    """Refuse pictures that would have to be enlarged.

    Raises:
        InstancesTooSmall: Their shorter sides are under the resolution.
    """
    small = [f"{one.name} has {sides(one.size)}" for one in lessons if min(one.size) < resolution]
    if small:
        facts = {"place": place, "resolution": resolution, "reason": some(small)}
        raise InstancesTooSmall(count=len(small), **facts)


def digest_of(lessons: list[Lesson]) -> str:
    """SHA-256 (hex) of all pictures, captions and masks, whatever their order and place."""
    text = "".join(
        f"{one.digest} {one.name}\0" for one in sorted(lessons, key=lambda one: one.name)
    )
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()


def _read(shelf: Shelf, slip: Slip, limits: Limits) -> Lesson:
    body = shelf.read(slip.name)
    picture = decode(body, source=slip.name, limits=limits)
    rgb = picture.space.to_srgb(picture.flattened(BACKGROUND))
    bytes_of_mask = shelf.read(slip.mask) if slip.mask else b""
    hard = _mask(bytes_of_mask, slip, picture.size, limits) if slip.mask else None
    look = _digest(body, bytes_of_mask)
    digest = _digest(look.encode(), slip.caption.encode(errors="surrogateescape"))
    return Lesson(slip.name, rgb, slip.caption, hard, picture.size, look, digest)


def _digest(*parts: bytes) -> str:
    """Of several in this order, whatever their lengths."""
    each = b"".join(hashlib.sha256(part).digest() for part in parts)
    return hashlib.sha256(each).hexdigest()


def _mask(body: bytes, slip: Slip, size: Size, limits: Limits) -> Grey | None:
    """The mask; one that repaints nothing counts as none."""
    grey = decode_mask(body, address=str(slip.mask), source=slip.name, size=size, limits=limits)
    hard: Grey = ((grey >= MASK_LEVEL) * 255).astype("uint8")
    return hard if hard.any() else None
