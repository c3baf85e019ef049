"""Sample sheets: what the parts paint now, beside what they are to learn; torch-free."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from worker.arrays import Rgb
from worker.finetune.config import Training
from worker.finetune.easel import Easel, Wish
from worker.finetune.pictures import Lesson
from worker.finetune.views import Eye

#: Longest side of a picture on a sheet, the space between two, and a line of text, in pixels.
SIDE, GUTTER, LINE = 192, 6, 20
PAPER, INK = (255, 255, 255), (50, 50, 56)


@dataclass(slots=True, eq=False)
class Samples:
    """The samples of one training: always the same pictures, places and seeds."""

    easel: Easel
    #: Caption and pictures to be painted of each row.
    rows: tuple[tuple[str, tuple[Wish, ...]], ...]
    #: What is to be learned.
    lessons: tuple[Rgb, ...]
    #: The last sheet.
    last: Image.Image | None = None

    @classmethod
    def of(cls, training: Training, easel: Easel, eye: Eye, lessons: Sequence[Lesson]) -> "Samples":
        """The style's prompt, and the class's where there is one."""
        seen = [eye.plain(lesson) for lesson in lessons[: training.num_validation_images]]
        wanted = [training.validation_prompt or training.instance_prompt]
        wanted += [training.class_prompt] if training.class_prompt else []
        rows = tuple(
            (
                prompt,
                tuple(Wish(rgb, mask, prompt, n) for n, (rgb, mask) in enumerate(seen)),
            )
            for prompt in wanted
        )
        return cls(easel, rows, tuple(rgb for rgb, _ in seen))

    def sheet(self) -> Image.Image:
        """The pictures to learn from, and below them what is painted in their places."""
        painted = [("to be learned", list(self.lessons))]
        painted += [(prompt, self.easel.paint(wishes)) for prompt, wishes in self.rows]
        self.last = _sheet(painted)
        return self.last


def _sheet(rows: list[tuple[str, list[Rgb]]]) -> Image.Image:
    columns = max(len(pictures) for _, pictures in rows)
    height = SIDE + LINE + GUTTER
    sheet = Image.new("RGB", (columns * (SIDE + GUTTER) + GUTTER, len(rows) * height), PAPER)
    draw = ImageDraw.Draw(sheet)
    for number, (title, pictures) in enumerate(rows):
        top = number * height
        draw.text((GUTTER, top + 2), title, fill=INK, font=ImageFont.load_default(13))
        for column, picture in enumerate(pictures):
            small = Image.fromarray(np.ascontiguousarray(picture)).resize((SIDE, SIDE))
            sheet.paste(small, (GUTTER + column * (SIDE + GUTTER), top + LINE))
    return sheet
