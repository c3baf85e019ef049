"""Pictures of the class: given, or painted by the base into the places of the style; torch.

Painting into the masks of the pictures keeps the class where the style is learned; where no mask is
known, the whole picture is painted anew. They are kept in a folder with their masks, and so made
once, whatever the number of trainings.
"""

from pathlib import Path

from PIL import Image

from worker.arrays import Rgb
from worker.finetune.easel import Easel, Wish
from worker.finetune.pictures import MASK_ENDING, Lesson
from worker.finetune.views import Eye
from worker.finetune.writing import replaced_picture


def make_class(
    folder: Path, wanted: range, easel: Easel, eye: Eye, lessons: list[Lesson], prompt: str
) -> None:
    """Paint pictures of the class that a folder lacks.

    Args:
        folder: Where they go, as `class-N.png` with their masks.
        wanted: Their numbers, which are their seeds too.
        easel: Of the base.
        eye: How lessons are looked at.
        lessons: Whose places are painted in.
        prompt: The class.

    Raises:
        CheckpointFailed: One cannot be written.
    """
    for start in range(wanted.start, wanted.stop, easel.batch):
        numbers = range(start, min(start + easel.batch, wanted.stop))
        seen = [lessons[number % len(lessons)] for number in numbers]
        places = [eye.plain(lesson) for lesson in seen]
        wishes = [
            Wish(rgb, mask, prompt, number)
            for number, (rgb, mask) in zip(numbers, places, strict=True)
        ]
        for wish, lesson, painted in zip(wishes, seen, easel.paint(wishes), strict=True):
            _keep(folder, wish, painted, masked=lesson.mask is not None)


def _keep(folder: Path, wish: Wish, painted: Rgb, *, masked: bool) -> None:
    if masked:
        replaced_picture(folder / f"class-{wish.seed}{MASK_ENDING}", Image.fromarray(wish.mask))
    # The picture last: it counts, and its mask must be there by then.
    replaced_picture(folder / f"class-{wish.seed}.png", Image.fromarray(painted))
