"""The tuned painter paints the plain one's pictures; what a CPU can run of it is run here."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from infra.bench.scenes import GUIDANCE, MODEL, WORKING_SIZE, scenes
from tests.plain_diffusers import plain_picture, plain_pipeline
from worker.inpaint.diffusion import DiffusionPainter
from worker.inpaint.encoder import MAX_REMEMBERED_PICTURES
from worker.inpaint.protocol import InpaintRequest
from worker.inpaint.tuning import Tuning
from worker.pictures.profiles import SRGB
from worker.pixels.crops import plan_crops
from worker.pixels.views import views_of

SIDE = 64
#: Largest difference of levels (0..255) that float32 rounding makes.
TOLERANCE = 1
#: Mean difference of levels from diffusers' own call, which adds noise to what it encodes: on
#: untrained weights, whose noise is wild, and on the demo's (measured: 1.9 and 0.50 at most).
UNTRAINED_TOLERANCE, TRAINED_TOLERANCE = 4.0, 1.0

MASK = np.zeros((SIDE, SIDE), np.uint8)
MASK[16:48, 8:40] = 255


def request(seed, side=SIDE, **fields):
    """A request with a random picture and a square mask."""
    picture = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    fields = {"steps": 3, "seed": seed, "mask": MASK, "prompt": "a red dress"} | fields
    return InpaintRequest(model="tiny", picture=picture, **fields)


def difference(ours, theirs):
    """Largest difference in levels."""
    return int(np.abs(ours.astype(int) - theirs.astype(int)).max())


#: All that a CPU can do of it; graphs are traced as on a GPU, and run by torch's own kernels.
TUNED = Tuning(compiled=True, channels_last=True, sdpa=True, buckets=(1, 2, 4), backend="aot_eager")


@pytest.fixture(scope="module")
def painters(tiny_painter):
    """The plain painter and the tuned one."""
    torch._dynamo.reset()
    return (
        DiffusionPainter(plain_pipeline(tiny_painter)),
        DiffusionPainter(plain_pipeline(tiny_painter), TUNED),
    )


@pytest.mark.slow  # graphs take long to make on a CPU, which gains nothing by them
@pytest.mark.parametrize("rows", [1, 3])
def test_padded_and_compiled_calls_paint_the_same(painters, rows):
    """As many pictures as were asked for, each as the plain painter paints it."""
    asked = [request(seed) for seed in range(rows)]
    plain, tuned = (painter.paint(asked) for painter in painters)
    assert len(tuned) == rows
    assert all(difference(*pair) <= TOLERANCE for pair in zip(plain, tuned, strict=True))


@pytest.mark.slow
def test_no_call_makes_a_graph_that_its_bucket_has(tiny_painter):
    """After a call of each size, other counts, solvers, steps and scales compile nothing anew."""
    torch._dynamo.reset()
    painter = DiffusionPainter(plain_pipeline(tiny_painter), TUNED)
    for size in TUNED.buckets:
        painter.paint([request(seed, steps=1) for seed in range(size)])
    with torch.compiler.set_stance("fail_on_recompile"):
        for rows, scheduler in [(3, "ddim"), (4, "unipc"), (2, "dpmsolver++"), (1, "euler")]:
            fields = {"scheduler": scheduler, "guidance_scale": 2.0 + rows, "steps": 4}
            painter.paint([request(seed, **fields) for seed in range(rows)])
        painter.paint([request(1, scheduler="euler_ancestral", strength=0.5, steps=4)])


def test_padding_paints_the_same_without_graphs(tiny_painter, painters):
    """Rows that nobody asked for change nothing, and do not keep a cancelled call going."""
    padding = DiffusionPainter(plain_pipeline(tiny_painter), Tuning(buckets=(4,)))
    asked = [request(seed) for seed in range(3)]
    pictures = padding.paint(asked)
    assert len(pictures) == 3
    pairs = zip(pictures, painters[0].paint(asked), strict=True)
    assert all(difference(*pair) <= TOLERANCE for pair in pairs)


def test_a_picture_is_encoded_once_whatever_calls_its_variants_come_in(painters, monkeypatch):
    """Until so many others came that it was forgotten; another mask makes another picture."""
    painter, seen = painters[0], []
    vae = painter._pipeline.vae
    encode = vae.encode
    monkeypatch.setattr(vae, "encode", lambda x: seen.append(len(x)) or encode(x))
    asked = request(77, steps=1)
    first = painter.paint([asked])[0]
    painter.paint([replace(asked, seed=2), replace(asked, seed=3)])
    assert sum(seen) == 1
    assert difference(painter.paint([asked])[0], first) == 0
    painter.paint([replace(asked, mask=MASK[::-1].copy())])
    assert sum(seen) == 2
    painter.paint([request(seed, steps=1) for seed in range(MAX_REMEMBERED_PICTURES)])
    before = sum(seen)
    painter.paint([asked])
    assert sum(seen) == before + 1


def test_the_whole_and_the_blanked_picture_are_not_mixed_up(painters):
    """Below full strength both are encoded, whichever was encoded before."""
    asked = request(78, steps=4, strength=0.5)
    painter = painters[0]
    first = painter.paint([asked])[0]
    painter.paint([replace(asked, strength=1.0)])
    assert difference(painter.paint([asked])[0], first) == 0


def mean_difference(ours, theirs):
    """Mean difference in levels."""
    return float(np.abs(ours.astype(int) - theirs).mean())


def test_untrained_weights_paint_what_diffusers_itself_paints(tiny_painter, painters):
    """Batched and tuned against its own call, picture by picture: same words, mask and seed."""
    pipeline = plain_pipeline(tiny_painter)
    asked = [request(seed, steps=4, guidance_scale=2.0 + 3 * seed) for seed in range(3)]
    for one, ours in zip(asked, painters[1].paint(asked), strict=True):
        assert mean_difference(ours, plain_picture(pipeline, one)) < UNTRAINED_TOLERANCE


def test_trained_weights_paint_what_diffusers_itself_paints():
    """The same with pictures that mean something, at all their steps."""
    asked = [_asked(scene) for scene in scenes(3, (240, 320))]
    painter = DiffusionPainter(plain_pipeline(MODEL), replace(TUNED, compiled=False))
    pipeline = plain_pipeline(MODEL)
    for one, ours in zip(asked, painter.paint(asked), strict=True):
        assert mean_difference(ours, plain_picture(pipeline, one)) < TRAINED_TOLERANCE


def _asked(scene):
    plan = plan_crops(scene.repaint.hard, WORKING_SIZE)
    view, *_ = views_of(scene.rgb, SRGB, scene.repaint, plan, WORKING_SIZE)
    prompt, fields = f"a {scene.look} {scene.kind}", {"guidance_scale": GUIDANCE, "seed": 5}
    return InpaintRequest(model="demo", picture=view.seen, mask=view.mask, prompt=prompt, **fields)
