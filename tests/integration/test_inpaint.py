"""The painter: a tiny Stable Diffusion inpainting pipeline of the production class."""

from concurrent.futures import CancelledError
from dataclasses import replace
from typing import get_args

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler, EulerDiscreteScheduler, StableDiffusionInpaintPipeline

from shared.errors import OutputNotFinite
from shared.styles import Scheduler
from worker.inpaint.diffusion import DiffusionPainter
from worker.inpaint.protocol import InpaintRequest
from worker.inpaint.schedulers import SCHEDULERS, build_scheduler
from worker.models.load import load_painter

SIDE = 64
#: Largest difference of levels (0..255) that float32 rounding makes between ways to batch.
TOLERANCE = 1
#: Mean difference of levels that float16 rounding makes.
HALF_TOLERANCE = 1.0

MASK = np.zeros((SIDE, SIDE), np.uint8)
MASK[16:48, 8:40] = 255


@pytest.fixture(scope="module")
def painter(tiny_painter):
    """The tiny painter on the CPU."""
    return load_painter(tiny_painter, "cpu")


def request(seed, prompt="a red dress", **fields):
    """A request with a random picture and a square mask."""
    picture = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    fields = {"negative_prompt": "blue", "steps": 3, "seed": seed} | fields
    return InpaintRequest(model="tiny", picture=picture, mask=MASK, prompt=prompt, **fields)


def difference(ours, theirs):
    """Largest difference in levels."""
    return int(np.abs(ours.astype(int) - theirs.astype(int)).max())


@pytest.mark.parametrize("strength", [1.0, 0.5])
@pytest.mark.parametrize("scheduler", get_args(Scheduler))
def test_a_batch_equals_its_requests_one_by_one(painter, scheduler, strength):
    """Same seeds, same pictures, whatever the batch mates, for every scheduler and strength."""
    fields = {"scheduler": scheduler, "strength": strength, "steps": 4}
    asked = [request(0, **fields), request(1, "a skirt", **fields), request(2, **fields)]
    together = painter.paint(asked)
    for ours, alone in zip(together, asked, strict=True):
        assert (ours.shape, ours.dtype) == ((SIDE, SIDE, 3), np.uint8)
        assert difference(ours, painter.paint([alone])[0]) <= TOLERANCE


def test_seed_prompt_and_negative_prompt_each_matter(painter):
    """What a request says of its own reaches its own row."""
    asked = request(1)
    others = [
        replace(asked, seed=2),
        replace(asked, prompt="a skirt"),
        replace(asked, negative_prompt="hair"),
    ]
    first, *rest = painter.paint([asked, *others])
    assert all(difference(first, other) > TOLERANCE for other in rest)


def test_without_guidance_the_negative_prompt_does_not_matter(painter):
    """Guidance scale 1 switches it off, and half of the work with it."""
    asked = request(1, guidance_scale=1.0)
    first, second = painter.paint([asked, replace(asked, negative_prompt="hair")])
    assert difference(first, second) <= TOLERANCE


def test_rows_of_different_guidance_share_a_call(painter):
    """Each row is guided by its own scale: a mixed batch equals its requests one by one."""
    asked = [request(4, guidance_scale=scale, steps=4) for scale in (1.5, 6.5, 20.0)]
    assert len({one.group for one in asked}) == 1
    together = painter.paint(asked)
    for ours, alone in zip(together, asked, strict=True):
        assert difference(ours, painter.paint([alone])[0]) <= TOLERANCE
    assert difference(together[0], together[2]) > TOLERANCE


def test_with_and_without_guidance_are_different_calls():
    """Without guidance half of the work is saved, so that the two do not mix."""
    assert request(1, guidance_scale=1.0).group != request(1, guidance_scale=1.01).group


def test_variants_of_one_picture_share_its_encoding(painter, monkeypatch):
    """The VAE sees a picture once in a call, and each variant still has its own noise."""
    vae, seen = painter._pipeline.vae, []
    encode = vae.encode
    monkeypatch.setattr(vae, "encode", lambda x: seen.append(len(x)) or encode(x))
    asked = request(1)
    pictures = painter.paint([replace(asked, seed=seed) for seed in range(3)])
    assert sum(seen) == 1
    assert difference(pictures[0], pictures[1]) > TOLERANCE
    assert difference(pictures[1], painter.paint([asked])[0]) <= TOLERANCE


def test_pictures_that_repeat_between_others_find_their_own_encoding(painter):
    """Sharing keeps the order of the requests."""
    one, two = request(1), request(2)
    together = painter.paint([two, one, replace(two, seed=9), one])
    assert difference(together[1], together[3]) <= TOLERANCE
    assert difference(together[1], painter.paint([one])[0]) <= TOLERANCE
    assert difference(together[2], painter.paint([replace(two, seed=9)])[0]) <= TOLERANCE


def test_more_pictures_than_the_vae_takes_at_once_come_out_in_order(painter):
    """Chunks are an inner matter."""
    asked = [request(seed, steps=1) for seed in range(6)]
    pictures = painter.paint(asked)
    assert difference(pictures[5], painter.paint([asked[5]])[0]) <= TOLERANCE


@pytest.fixture(scope="module")
def pipeline(tiny_painter):
    """The tiny painter's pipeline as diffusers loads it."""
    pipeline = StableDiffusionInpaintPipeline.from_pretrained(
        tiny_painter, dtype=torch.float32, safety_checker=None, requires_safety_checker=False
    )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def encoded(pipeline, pixels):
    """The mean of a picture's encoding; pixels in -1..1."""
    with torch.no_grad():
        known = pipeline.vae.encode(pixels).latent_dist.mode()
    return known * pipeline.vae.config.scaling_factor


@pytest.mark.parametrize("strength", [1.0, 0.5])
def test_the_result_is_the_pipelines_own(painter, pipeline, strength):
    """The detours around the pipeline (encoding, noise, decoding) change nothing of its maths."""
    asked = request(5, steps=4, strength=strength)
    pixels = torch.from_numpy(asked.picture).permute(2, 0, 1)[None] / 127.5 - 1
    plain = pipeline(
        prompt=asked.prompt,
        negative_prompt=asked.negative_prompt,
        image=encoded(pipeline, pixels),
        mask_image=torch.from_numpy(MASK)[None, None] / 255,
        masked_image_latents=encoded(pipeline, pixels * torch.from_numpy(MASK < 128)),
        height=SIDE,
        width=SIDE,
        num_inference_steps=asked.steps,
        strength=asked.strength,
        guidance_scale=asked.guidance_scale,
        generator=[torch.Generator().manual_seed(asked.seed)],
        output_type="np",
    ).images[0]
    assert difference((plain * 255).round(), painter.paint([asked])[0]) <= TOLERANCE


@pytest.mark.parametrize("scheduler", get_args(Scheduler))
def test_half_precision_paints_nearly_the_same(painter, tiny_painter, scheduler):
    """Noise and sampler are float32 whatever the model computes in: only rounding differs."""
    halves = StableDiffusionInpaintPipeline.from_pretrained(
        tiny_painter, dtype=torch.float16, safety_checker=None, requires_safety_checker=False
    )
    asked = request(1, steps=4, scheduler=scheduler)
    [half], [full] = DiffusionPainter(halves).paint([asked]), painter.paint([asked])
    assert np.abs(half.astype(int) - full.astype(int)).mean() < HALF_TOLERANCE


def test_a_call_stops_when_all_its_requests_are_cancelled(painter):
    """It ends between two steps; one request that is still wanted keeps the call going."""
    asked = [request(seed, steps=200) for seed in range(2)]
    asked[0].cancelled.set()
    wanted = request(3, steps=2)
    assert len(painter.paint([replace(asked[0], steps=2), wanted])) == 2
    asked[1].cancelled.set()
    with pytest.raises(CancelledError):
        painter.paint(asked)
    assert len(painter.paint([wanted])) == 1


def test_a_picture_that_is_no_number_is_an_error(tiny_painter):
    """Weights that overflow fail the item and do not paint black."""
    painter = load_painter(tiny_painter, "cpu")
    with torch.no_grad():
        painter._pipeline.vae.decoder.conv_out.bias.fill_(torch.nan)
    with pytest.raises(OutputNotFinite):
        painter.paint([request(1)])


def test_every_scheduler_of_a_style_has_a_class():
    """The table and the styles' vocabulary are one."""
    assert set(SCHEDULERS) == set(get_args(Scheduler))


@pytest.mark.parametrize("name", get_args(Scheduler))
def test_a_scheduler_takes_over_what_the_model_was_trained_with(name):
    """Betas, prediction type and timestep spacing survive the change of class."""
    trained = DDIMScheduler(
        beta_start=0.00085,
        beta_end=0.012,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        timestep_spacing="trailing",
        rescale_betas_zero_snr=True,
        steps_offset=1,
    )
    config = build_scheduler(name, trained.config).config
    kept = ("beta_start", "beta_end", "beta_schedule", "prediction_type", "timestep_spacing")
    assert {key: config[key] for key in kept} == {key: trained.config[key] for key in kept}
    assert config["rescale_betas_zero_snr"] is True


@pytest.mark.parametrize("name", get_args(Scheduler))
def test_zero_terminal_snr_models_paint_finite_pictures(tiny_painter, name):
    """The kind of model that the demo has works with every scheduler, down to one step."""
    painter = load_painter(tiny_painter, "cpu")
    config = dict(EulerDiscreteScheduler.from_config(painter._scheduler_config).config)
    painter._scheduler_config = config | {
        "prediction_type": "v_prediction",
        "timestep_spacing": "trailing",
        "rescale_betas_zero_snr": True,
    }
    for steps in (1, 3):
        assert painter.paint([request(1, scheduler=name, steps=steps)])[0].shape == (SIDE, SIDE, 3)
