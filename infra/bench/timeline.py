"""The timeline's picture: how busy a device was from moment to moment, a strip a run."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from infra.bench.yard import Call
from producer.sheet.brush import HAIRLINE, INK, MAT, PAPER, SOFT_INK, Brush, Colour

#: Width and height of a strip, the space around it, and lines of text, in pixels.
WIDTH, HEIGHT, MARGIN, LINE, FONT = 1_000, 90, 20, 22, 14
#: Moments that a strip shows: each a column of so many pixels.
COLUMN_PIXELS = 4
BUSY: Colour = (38, 110, 140)


@dataclass(frozen=True, slots=True)
class Strip:
    """One run's calls under a caption."""

    caption: str
    calls: Sequence[Call]


def busy_shares(calls: Sequence[Call], moments: int) -> npt.NDArray[np.float64]:
    """The share of each of so many equal moments that lies in calls, from first to last.

    Returns:
        Shares, 0 to 1, one a moment.
    """
    begin = min(call.started for call in calls)
    end = max(call.started + call.seconds for call in calls)
    edges = np.linspace(begin, end, moments + 1)
    busy = np.zeros(moments + 1)
    for call in calls:
        busy += np.clip(edges - call.started, 0, call.seconds)
    return np.diff(busy) / np.diff(edges)


def timeline(strips: Sequence[Strip]) -> Image.Image:
    """All strips under one another."""
    each = HEIGHT + 2 * LINE + MARGIN
    page = Image.new("RGB", (WIDTH + 2 * MARGIN, each * len(strips) + MARGIN), PAPER)
    for number, strip in enumerate(strips):
        _draw(page, strip, MARGIN + number * each)
    return page


def _draw(page: Image.Image, strip: Strip, top: int) -> None:
    brush, pen = Brush(page), ImageDraw.Draw(page)
    brush.text((MARGIN, top), strip.caption, FONT, WIDTH, INK)
    floor = top + LINE + HEIGHT
    pen.rectangle((MARGIN, top + LINE, MARGIN + WIDTH, floor), fill=MAT)
    for number, share in enumerate(busy_shares(strip.calls, WIDTH // COLUMN_PIXELS)):
        left = MARGIN + number * COLUMN_PIXELS
        height = round(float(share) * HEIGHT)
        pen.rectangle((left, floor - height, left + COLUMN_PIXELS - 1, floor), fill=BUSY)
    pen.line((MARGIN, floor - HEIGHT // 2, MARGIN + WIDTH, floor - HEIGHT // 2), fill=HAIRLINE)
    last = max(call.started + call.seconds for call in strip.calls)
    seconds = last - min(call.started for call in strip.calls)
    brush.text(
        (MARGIN, floor + 2), f"0 to {seconds:.1f} s; full height is 100 %", FONT, WIDTH, SOFT_INK
    )
