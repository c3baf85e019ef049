"""The catalogue of a chaos run: rows with planted poison, cut into batches."""

import io
import json
import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from infra.chaos.boundaries import BOUNDARIES, PREFIX
from infra.chaos.poison import CODES, POISON
from infra.demo import services
from infra.demo.catalogue import draw
from infra.s3.memory import MemoryStore
from producer.submission import Submission

MODELS = Path(services.__file__).parent / "models"
BUCKET = "chaos"
#: Width and height of the sources, and how many of them differ.
SIZE, DISTINCT = (120, 180), 8
#: Items of a batch.
BATCH = 10
#: One item of so many is poison, of a kind that the seed chooses; but two at least are.
POISON_EVERY, LEAST_POISON = 100, 2


@dataclass(frozen=True, slots=True)
class Row:
    """One item, and what must become of it."""

    name: str
    source: str
    poison: str = ""

    @property
    def prompt(self) -> str:
        """The item's name, and what it does to a device."""
        return f"{self.name} {self.poison}".rstrip()

    @property
    def failure_code(self) -> str | None:
        """The code that it must fail with; None where it must be done."""
        return CODES.get(self.poison)


@dataclass(frozen=True, slots=True)
class Shelf:
    """A batch to submit."""

    name: str
    rows: Sequence[Row]

    def request(self, folder: Path) -> Submission:
        """Its submission, the manifest and the style written into a folder."""
        manifest, style = folder / f"{self.name}.jsonl", folder / "style.yaml"
        lines = ({"external_id": r.name, "source": r.source, "prompt": r.prompt} for r in self.rows)
        manifest.write_text("".join(json.dumps(line) + "\n" for line in lines))
        style.write_text(
            f"mask: the dress\npaint: by its row\nworking_size: 64\n"
            f"segmenter: {MODELS}/clipseg\npainter: {MODELS}/inpaint\n"
        )
        return Submission(str(manifest), style, output_of(self.name), batch_id=self.name)


def output_of(batch_id: str) -> str:
    """Where a batch's results go."""
    return f"s3://{BUCKET}/out/{batch_id}/"


def stock(store: MemoryStore, count: int, seed: int, *, poisoned: bool) -> list[Shelf]:
    """Put the sources into S3 and cut their rows into batches.

    Args:
        store: Gets the pictures.
        count: Items in all.
        seed: Decides which of them are poison.
        poisoned: Whether any is.
    """
    rows = [Row(f"sku-{number:04d}", _source(store, number)) for number in range(count)]
    rng = random.Random(f"catalogue/{seed}")
    poisonous = max(LEAST_POISON, count // POISON_EVERY) if poisoned else 0
    kinds = rng.sample([*POISON] * poisonous, poisonous)
    for number, kind in zip(rng.sample(range(count), len(kinds)), kinds, strict=True):
        rows[number] = Row(rows[number].name, rows[number].source, kind)
    starts = range(0, count, BATCH)
    return [Shelf(f"batch-{at // BATCH:02d}", rows[at : at + BATCH]) for at in starts]


def boundary_shelf(store: MemoryStore) -> Shelf:
    """A batch with an item for every boundary, which crashes its process there once."""
    names = [PREFIX + name for name in BOUNDARIES]
    return Shelf("boundaries", [Row(name, _source(store, at)) for at, name in enumerate(names)])


def _source(store: MemoryStore, number: int) -> str:
    key = f"photos/{number:04d}.jpg"
    store.put(f"{BUCKET}/{key}", _picture(number % DISTINCT))
    return f"s3://{BUCKET}/{key}"


@cache
def _picture(seed: int) -> bytes:
    file = io.BytesIO()
    draw(seed, SIZE).image.save(file, "JPEG", quality=85)
    return file.getvalue()
