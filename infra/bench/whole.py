"""Whole: pictures a minute through the whole system, against a bare loop over the same pictures.

The demo's models on the CPU. The loop decodes, masks, paints, composites and encodes in one
process, at the same batch size, with nothing around it: no queue, no S3, no proof, no sidecar.
"""

import tempfile
import time
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import torch

from infra.bench.measure import Ratio
from infra.demo import services
from infra.demo.shop import Entry, file_bytes, manifest_csv, stock
from infra.demo.stage import BUCKET, Stage, running_stage
from shared.facts import Call
from shared.pictures.limits import Limits
from shared.styles import Style, parse_style
from worker.arrays import Rgb
from worker.inpaint.protocol import InpaintRequest, Painter
from worker.models.load import load_painter, load_segmenter
from worker.pictures.encoding import encode, encode_mask, output_container
from worker.pictures.images import Picture, decode
from worker.pixels.composite import paste
from worker.pixels.crops import CropPlan, plan_crops
from worker.pixels.letterbox import letterbox
from worker.pixels.masks import FoundMask, found_mask
from worker.pixels.repaint import Repaint
from worker.pixels.views import View, views_of
from worker.segment.geometry import segmenter_geometry
from worker.segment.protocol import Segmenter, SegmentRequest

MODELS = Path(services.__file__).parent / "models"
#: Pictures a run; the shop's broken ones are left out.
PICTURES, BATCH = 72, 8
STEPS, WORKING_SIZE = 25, 128
#: Both are run so often, by turns: others may be at work on the machine.
ROUNDS = 2
LEAST = 0.9
#: Torch's threads, in both: several on a busy machine wait for each other.
TORCH_THREADS = 1
LIMITS = Limits(max_bytes=50_000_000, max_side=16_384, max_pixels=64_000_000)
#: Of the worker: three batches' worth of items, one on the device.
SETTINGS = {"RESTYLE_THREADS": "24", "RESTYLE_MAX_BATCH": str(BATCH)}


def whole() -> Ratio:
    """Images per minute, from submit to the last result, the worker warm."""
    torch.set_num_threads(TORCH_THREADS)
    entries = [entry for entry in stock(PICTURES + 5) if entry.due == "done"][:PICTURES]
    bodies = [file_bytes(entry) for entry in entries]
    segmenter = load_segmenter(MODELS / "clipseg", "cpu")
    loop = Loop(segmenter, load_painter(MODELS / "inpaint", "cpu"))
    settings = SETTINGS | {"OMP_NUM_THREADS": str(TORCH_THREADS)}
    with _stage(settings) as stage:
        _fill(stage, entries, bodies)
        _system_seconds(stage, entries[:BATCH])  # warms the worker up
        loop.run(entries[:BATCH], bodies[:BATCH])
        rounds = [
            (_system_seconds(stage, entries), loop.seconds(entries, bodies)) for _ in range(ROUNDS)
        ]
    ours, bare = (60 * len(entries) / min(times) for times in zip(*rounds, strict=True))
    against = f"a bare loop in batches of {BATCH}, {TORCH_THREADS} torch thread"
    return Ratio("whole system on the CPU", ours, bare, "images/min", against, least=LEAST)


@contextmanager
def _stage(settings: dict[str, str]) -> Iterator[Stage]:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stage(Path(folder), "cpu", settings) as stage,
    ):
        yield stage


def _fill(stage: Stage, entries: Sequence[Entry], bodies: Sequence[bytes]) -> None:
    (stage.folder / "style.yaml").write_text(
        f"mask: the dress\npaint: a red dress\nworking_size: {WORKING_SIZE}\nsteps: {STEPS}\n"
        f"segmenter: {MODELS}/clipseg\npainter: {MODELS}/inpaint\n"
    )
    for entry, body in zip(entries, bodies, strict=True):
        (stage.bucket / entry.name).write_bytes(body)


def _system_seconds(stage: Stage, entries: Sequence[Entry]) -> float:
    """From the start of `restyle submit` to the end of its watch; all must be done."""
    manifest, name = stage.folder / "manifest.csv", uuid.uuid4().hex[:8]
    manifest.write_text(manifest_csv(list(entries), f"s3://{BUCKET}/"))
    where = ("--manifest", str(manifest), "--style", str(stage.folder / "style.yaml"))
    started = time.perf_counter()
    stage.restyle_json("submit", *where, "--batch-id", name, "--watch")  # raises if one failed
    return time.perf_counter() - started


@dataclass(frozen=True, slots=True)
class Subject:
    """A picture on its way through the loop."""

    style: Style
    picture: Picture
    mask: Repaint
    plan: CropPlan
    views: list[View]


@dataclass(frozen=True, slots=True)
class Loop:
    """The same models and pixel code, called one after the other."""

    segmenter: Segmenter
    painter: Painter

    def seconds(self, entries: Sequence[Entry], bodies: Sequence[bytes]) -> float:
        """How long it takes."""
        started = time.perf_counter()
        self.run(entries, bodies)
        return time.perf_counter() - started

    def run(self, entries: Sequence[Entry], bodies: Sequence[bytes]) -> list[bytes]:
        """The results' files."""
        files = []
        for start in range(0, len(entries), BATCH):
            part = slice(start, start + BATCH)
            files += self._batch(entries[part], bodies[part])
        return files

    def _batch(self, entries: Sequence[Entry], bodies: Sequence[bytes]) -> list[bytes]:
        pairs = list(zip(entries, bodies, strict=True))
        pictures = [decode(body, source=entry.name, limits=LIMITS) for entry, body in pairs]
        subjects = self._masked([_style(entry) for entry in entries], pictures)
        asked = [_request(one, view) for one in subjects for view in one.views]
        squares = iter(self.painter.paint(asked))
        files = []
        for one in subjects:
            painted = [next(squares) for _ in one.views]
            rgb = paste(one.picture.rgb, painted, one.plan, one.mask.alpha)
            container = output_container(one.style.output_format, one.picture)
            files.append(encode(replace(one.picture, rgb=rgb), container, one.style).body)
            files.append(encode_mask(one.mask.stored))
        return files

    def _masked(self, styles: Sequence[Style], pictures: Sequence[Picture]) -> list[Subject]:
        geometry = segmenter_geometry(MODELS / "clipseg")
        seen = [picture.flattened("#ffffff") for picture in pictures]
        boxed = [letterbox(rgb, geometry.side, geometry.fill) for rgb in seen]
        asked = [
            SegmentRequest(model="clipseg", picture=square, prompts=style.mask_prompt)
            for style, (square, _) in zip(styles, boxed, strict=True)
        ]
        logits = self.segmenter.segment(asked)
        found = zip(styles, pictures, seen, logits, boxed, strict=True)
        return [
            _subject(style, picture, rgb, found_mask(one, place, picture.size, style))
            for style, picture, rgb, one, (_, place) in found
        ]


def _subject(style: Style, picture: Picture, seen: Rgb, found: FoundMask) -> Subject:
    mask = Repaint.found(found, style, picture.size, Call(batch_mates=BATCH - 1, seconds=0))
    plan = plan_crops(mask.hard, style.working_size)
    views = views_of(seen, picture.space, mask, plan, style.working_size)
    return Subject(style, picture, mask, plan, views)


def _request(one: Subject, view: View) -> InpaintRequest:
    return InpaintRequest(
        model="inpaint",
        picture=view.seen,
        mask=view.mask,
        prompt=one.style.prompt,
        steps=one.style.steps,
        guidance_scale=one.style.guidance_scale,
    )


def _style(entry: Entry) -> Style:
    fields = {"mask": f"the {entry.garment}", "paint": entry.prompt, "steps": STEPS}
    return parse_style(fields | {"working_size": WORKING_SIZE}, where="bench")
