"""Pictures of the class: given, or painted by the base into the places of the style; torch.

Painting into the masks of the pictures keeps the class where the style is learned; where no mask is
known, the whole picture is painted anew. They are kept in a folder with their masks, and so made
once, whatever the number of trainings. What lies there is never written over.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from itertools import count, islice
from pathlib import Path
from tempfile import NamedTemporaryFile

import structlog
from PIL import Image

from shared.errors import CheckpointFailed
from worker.arrays import Rgb
from worker.finetune.easel import Easel, Wish
from worker.finetune.pictures import Lesson
from worker.finetune.slips import MASK_ENDING, picture_names
from worker.finetune.views import Eye
from worker.finetune.writing import PART

log = structlog.get_logger()


def free_numbers(names: Sequence[str], wanted: int) -> list[int]:
    """The first numbers that no picture of a folder has; the same ones after a kill.

    Args:
        names: Of the folder's files.
        wanted: Pictures that it shall have.
    """
    # A mask without its picture is what a kill left.
    taken = {name.partition(".")[0] for name in names if not name.endswith(MASK_ENDING)}
    missing = max(0, wanted - len(picture_names(names)))
    return list(islice((number for number in count() if _stem(number) not in taken), missing))


def make_class(
    folder: Path,
    numbers: Sequence[int],
    easel: Easel,
    eye: Eye,
    lessons: list[Lesson],
    prompt: str,
) -> None:
    """Paint pictures of the class that a folder lacks.

    Args:
        folder: Where they go, as `class-N.png` with their masks.
        numbers: Theirs, which are their seeds too.
        easel: Of the base.
        eye: How lessons are looked at.
        lessons: Whose places are painted in.
        prompt: The class.

    Raises:
        CheckpointFailed: One cannot be written.
    """
    for start in range(0, len(numbers), easel.batch):
        some = numbers[start : start + easel.batch]
        seen = [lessons[number % len(lessons)] for number in some]
        places = [eye.plain(lesson) for lesson in seen]
        wishes = [
            Wish(rgb, mask, prompt, number)
            for number, (rgb, mask) in zip(some, places, strict=True)
        ]
        for wish, lesson, painted in zip(wishes, seen, easel.paint(wishes), strict=True):
            _keep(folder, wish, painted, masked=lesson.mask is not None)
        log.info("pictures of the class painted", done=start + len(some), of=len(numbers))


def _keep(folder: Path, wish: Wish, painted: Rgb, *, masked: bool) -> None:
    stem = _stem(wish.seed)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if masked:
            _add(folder / f"{stem}{MASK_ENDING}", Image.fromarray(wish.mask))
        # The picture last: it counts, and its mask must be there by then.
        _add(folder / f"{stem}.png", Image.fromarray(painted))
    except OSError as error:
        raise CheckpointFailed(path=folder / stem, reason=str(error).rstrip(".")) from error


def _add(target: Path, picture: Image.Image) -> None:
    """Write a picture whole, unless another training that paints here has written it by now."""
    with NamedTemporaryFile(dir=target.parent, prefix=f".{target.stem}-", suffix=PART) as fresh:
        picture.save(fresh, "PNG")
        fresh.flush()
        Path(fresh.name).chmod(0o644)
        with suppress(FileExistsError):
            os.link(fresh.name, target)


def _stem(number: int) -> str:
    return f"class-{number}"
