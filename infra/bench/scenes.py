"""Scenes: drawn garments under their true masks, painted by the demo's model as in a render."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from infra.demo.catalogue import draw, mask_of
from infra.demo.figures import CODE
from infra.demo.palette import COLOURS
from shared.facts import Call
from shared.styles import Style
from worker.arrays import Mask, Rgb, Size
from worker.inpaint.protocol import InpaintRequest, Painter
from worker.pictures.profiles import SRGB
from worker.pixels.composite import paste
from worker.pixels.crops import CropPlan, crop_around
from worker.pixels.drift import corrected
from worker.pixels.masks import FoundMask, growth_px
from worker.pixels.repaint import Repaint
from worker.pixels.shapes import grow
from worker.pixels.views import views_of

MODEL = Path(__file__).parents[1] / "demo" / "models" / "inpaint"
#: Side of the demo painter's squares, and the guidance that suits it.
WORKING_SIZE, GUIDANCE = 128, 4.0
#: The masks are drawn, not found.
NO_CALL = Call(batch_mates=0, seconds=0)
#: Nobody has trained on these drawings, or chosen a constant by them.
FIRST_SEED = 1_009_000
#: What a style would protect.
PROTECTED = ("face", "hair", "neck", "hands", "arms", "legs", "shoes", "bag")
#: Colours that no wall comes near.
VIVID = tuple(name for name in COLOURS if name not in {"white", "grey"})


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """A drawn picture, what is repainted in it, and the wish."""

    rgb: Rgb
    #: uint8, H x W: what each pixel shows, by `CODE`.
    labels: NDArray[np.uint8]
    repaint: Repaint
    kind: str
    #: What it shall look like: a colour, and a pattern where it is not plain.
    look: str
    seed: int

    @property
    def garment(self) -> Mask:
        """Where the old garment was drawn."""
        return np.asarray(self.labels == CODE[self.kind], dtype=np.bool_)


@dataclass(frozen=True, slots=True, eq=False)
class Rendering:
    """A scene, painted: as the painter's colours came, and with its drift corrected."""

    plain: Rgb
    corrected: Rgb


def scenes(number: int, size: Size) -> Iterator[Scene]:
    """The first garments of held-out drawings, each wanted in another colour; none is picked."""
    for seed in range(FIRST_SEED, FIRST_SEED + number):
        drawing = draw(seed, size)
        worn = drawing.garments[-1]
        colours = [name for name in VIVID if name != worn.colour]
        wanted = colours[seed % len(colours)]
        yield _scene(np.asarray(drawing.image), drawing.labels, worn.kind, wanted, seed)


def banner(gap_px: int, size: Size) -> Scene:
    """Two people in dresses at the ends of one wide wall, both wanted in red stripes."""
    drawings = (draw(seed, size) for seed in count(FIRST_SEED))
    left, right = islice((one for one in drawings if mask_of(one, "dress").any()), 2)
    between = [(0, 0), (0, gap_px)]
    wall = np.pad(np.asarray(left.image), [*between, (0, 0)], mode="edge")
    rgb = np.hstack([wall, np.asarray(right.image)])
    labels = np.hstack([np.pad(left.labels, between), right.labels])
    return _scene(rgb, labels, "dress", "red striped", FIRST_SEED)


def _scene(rgb: Rgb, labels: NDArray[np.uint8], kind: str, look: str, seed: int) -> Scene:
    height, width = labels.shape
    style = Style(mask_prompt=(f"the {kind}",), prompt=f"a {look} {kind}")
    protected = np.isin(labels, [CODE[name] for name in PROTECTED])
    growth = growth_px(style, (width, height))
    hard = grow(np.asarray(labels == CODE[kind]), growth) & ~protected
    found = FoundMask(hard, protected, hard * np.uint8(255))
    repaint = Repaint.found(found, style, (width, height), NO_CALL)
    return Scene(rgb, labels, repaint, kind, look, seed)


def one_crop(scene: Scene) -> CropPlan:
    """The plan that has a single square, however far apart the garments are."""
    hard = scene.repaint.hard
    return CropPlan((crop_around(hard, WORKING_SIZE),), hard.view(np.uint8))


def render(scene: Scene, plan: CropPlan, painter: Painter) -> Rendering:
    """Paint a scene as a worker would."""
    views = views_of(scene.rgb, SRGB, scene.repaint, plan, WORKING_SIZE)
    requests = [
        InpaintRequest(
            model=str(MODEL),
            picture=view.seen,
            mask=view.mask,
            prompt=f"a {scene.look} {scene.kind}",
            guidance_scale=GUIDANCE,
            seed=scene.seed + number,
        )
        for number, view in enumerate(views)
    ]
    painted = painter.paint(requests)
    squares = [corrected(rgb, view).rgb for rgb, view in zip(painted, views, strict=True)]
    source, alpha = scene.rgb, scene.repaint.alpha
    return Rendering(paste(source, painted, plan, alpha), paste(source, squares, plan, alpha))
