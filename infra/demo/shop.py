"""The demo's shop: a small catalogue as a real one is, rotated, cut out and broken files included.

Every entry knows what must become of it, so that the demo can judge itself.
"""

import csv
import io
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image, ImageFilter

from infra.demo.catalogue import Drawing, draw, mask_of
from infra.demo.palette import COLOURS

#: Width and height in pixels, as shops have them: portrait, square, landscape.
SIZES = ((800, 1200), (900, 1200), (1000, 1000), (1200, 1600), (600, 900), (1600, 1200))
#: What is asked for: solid twice, because most garments are.
PATTERNS = ("", "striped ", "", "polka dot ")
#: Colours that show at a glance that something was painted.
VIVID = tuple(name for name in COLOURS if name not in {"white", "grey", "black", "brown"})
#: EXIF orientation 6: the camera was held upright, the file lies on its side.
ORIENTATION_TAG, ORIENTATION_ROTATED = 0x0112, 6

Kind = Literal["photo", "cut-out", "rotated", "broken", "mistaken", "without"]
#: Which entries are not plain photos, by number.
SPECIAL: dict[int, Kind] = {
    2: "cut-out",
    4: "rotated",
    6: "broken",
    7: "mistaken",
    9: "without",
    14: "cut-out",
}
#: The code that the entries which cannot be painted must fail with.
FAILS = {"broken": "image_truncated", "without": "mask_empty"}
#: What a slip of the pen asks to repaint: far too much, so that the gate holds its mask.
MISTAKEN = "wall"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the demo's manifest, and what must become of it."""

    name: str
    kind: Kind
    garment: str
    colour: str
    pattern: str
    drawing: Drawing

    @property
    def external_id(self) -> str:
        """The file's name without its extension, as a shop's SKU would be."""
        return Path(self.name).stem

    @property
    def prompt(self) -> str:
        """What to paint."""
        return f"{self.colour} {self.pattern}{self.garment}"

    @property
    def failure_code(self) -> str | None:
        """The code of the failure that is due; None where the item must not fail."""
        return FAILS.get(self.kind)

    @property
    def due(self) -> str:
        """What must become of it: done, held, or the code of a failure."""
        return self.failure_code or ("held" if self.kind == "mistaken" else "done")


def stock(count: int, *, seed: int = 7) -> Iterator[Entry]:
    """Draw `count` entries; the same seed draws the same shop."""
    rng = random.Random(seed)
    for number in range(count):
        kind = SPECIAL.get(number, "photo")
        drawing = _drawing(seed * 1_000 + number, SIZES[number % len(SIZES)], kind)
        worn = list(drawing.garments)
        garment = rng.choice(worn)
        taken = {other.colour for other in worn}
        colour = rng.choice([name for name in VIVID if name not in taken])
        asked = {"without": "dress", "mistaken": MISTAKEN}.get(kind, garment.kind)
        extension = "png" if kind == "cut-out" else "jpg"
        name = f"{asked}-{number + 1:03d}.{extension}"
        yield Entry(name, kind, asked, colour, PATTERNS[number % len(PATTERNS)], drawing)


def _drawing(seed: int, size: tuple[int, int], kind: Kind) -> Drawing:
    """The first drawing from this seed on that suits the kind: `without` wears no dress."""
    while True:
        drawing = draw(seed, size)
        if kind != "without" or all(garment.kind != "dress" for garment in drawing.garments):
            return drawing
        seed += 100_000


def file_bytes(entry: Entry) -> bytes:
    """The entry's file as it lies in the shop's bucket."""
    file, image = io.BytesIO(), entry.drawing.image
    if entry.kind == "cut-out":
        _cut_out(entry.drawing).save(file, "PNG", compress_level=1)
    elif entry.kind == "rotated":
        exif = Image.Exif()
        exif[ORIENTATION_TAG] = ORIENTATION_ROTATED
        image.transpose(Image.Transpose.ROTATE_90).save(file, "JPEG", quality=92, exif=exif)
    else:
        image.save(file, "JPEG", quality=92)
    body = file.getvalue()
    return body[: len(body) // 2] if entry.kind == "broken" else body


def _cut_out(drawing: Drawing) -> Image.Image:
    """The person alone, on transparent ground with a soft edge."""
    person = Image.fromarray(mask_of(drawing, "person").astype("uint8") * 255)
    cut_out = drawing.image.copy()
    cut_out.putalpha(person.filter(ImageFilter.GaussianBlur(1)))
    return cut_out


def manifest_csv(entries: list[Entry], prefix: str) -> str:
    """The manifest: a row an entry, each with its own mask prompt and prompt."""
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(["external_id", "source", "mask_prompt", "prompt"])
    for entry in entries:
        words = (f"the {entry.garment}", entry.prompt)
        rows.writerow([entry.external_id, prefix + entry.name, *words])
    return file.getvalue()
