"""What only a CUDA device can show: half precision, batching in it, and its real errors."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from infra.bench.scenes import GUIDANCE, MODEL
from shared.optimizations import OPTIMIZATIONS
from tests.plain_diffusers import plain_picture, plain_pipeline
from worker.batching import Batcher, DeviceFaults
from worker.inpaint.protocol import InpaintRequest
from worker.inpaint.tuning import CONTEXT_BYTES, choose_tuning
from worker.models import device_errors
from worker.models.device_memory import cap_memory
from worker.models.load import load_painter, load_segmenter
from worker.models.resident import ResidentModels
from worker.segment.protocol import SegmentRequest
from worker.waiting import BatchLimits

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device"),
]

SIDE = 64
#: Mean difference of levels (0..255) between float16 on the GPU and float32 on the CPU.
HALF_TOLERANCE = 2.0
LIMIT_SECONDS = 120


def picture(seed, side=SIDE):
    """A random picture."""
    return np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)


def inpaint(directory, seed, side=SIDE, **fields) -> InpaintRequest:
    """A request to repaint the middle."""
    mask = np.zeros((side, side), np.uint8)
    mask[side // 4 : 3 * side // 4, side // 4 : 3 * side // 4] = 255
    fields = {"steps": 4, "seed": seed, "prompt": "a red dress"} | fields
    return InpaintRequest(model=str(directory), picture=picture(seed, side), mask=mask, **fields)


def mean_difference(ours, theirs):
    """Mean difference in levels."""
    return float(np.abs(ours.astype(int) - theirs.astype(int)).mean())


@pytest.mark.parametrize("scheduler", ["euler", "euler_ancestral", "ddim", "dpmsolver++", "unipc"])
def test_a_picture_depends_on_the_device_only_by_rounding(tiny_painter, scheduler):
    """Noise comes from the CPU and the sampler is float32: GPU and CPU paint the same picture."""
    asked = inpaint(tiny_painter, 1, scheduler=scheduler)
    [ours] = load_painter(tiny_painter, "cuda").paint([asked])
    [theirs] = load_painter(tiny_painter, "cpu").paint([asked])
    assert mean_difference(ours, theirs) < HALF_TOLERANCE


def test_a_batch_equals_its_requests_one_by_one_in_half_precision(tiny_painter):
    """Other kernels may run for other batch sizes; only rounding differs."""
    painter = load_painter(tiny_painter, "cuda")
    asked = [inpaint(tiny_painter, seed) for seed in range(8)]
    together = painter.paint(asked)
    for ours, alone in zip(together, asked, strict=True):
        assert mean_difference(ours, painter.paint([alone])[0]) < HALF_TOLERANCE


def test_logits_depend_on_the_device_only_by_rounding(tiny_segmenter):
    """float16 on the GPU and float32 on the CPU find the same things."""
    request = SegmentRequest(model="tiny", picture=picture(1), prompts=("dress", "hair"))
    [ours] = load_segmenter(tiny_segmenter, "cuda").segment([request])
    [theirs] = load_segmenter(tiny_segmenter, "cpu").segment([request])
    assert np.abs(ours - theirs).mean() < 0.05 * theirs.std()


def test_a_real_lack_of_memory_makes_batches_smaller_and_loses_nothing(tiny_painter):
    """Torch's own error is known, its memory comes back, and every picture is painted."""
    models = ResidentModels("cuda")
    faults = DeviceFaults(
        is_out_of_memory=device_errors.is_out_of_memory,
        is_fatal=device_errors.is_fatal,
        free_memory=models.free_memory,
    )
    deaths: list[BaseException] = []
    side = 512
    [first] = models.run(
        inpaint(tiny_painter, 0, side, steps=1).group, [inpaint(tiny_painter, 0, side, steps=1)]
    )
    assert first.shape == (side, side, 3)
    torch.cuda.empty_cache()
    one = torch.cuda.max_memory_allocated()
    total = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction(min(1.0, 4 * one / total))
    batcher: Batcher[np.ndarray] = Batcher(
        models.run, limits=BatchLimits(max_batch=32), faults=faults, on_fatal=deaths.append
    )
    asked = [inpaint(tiny_painter, seed, side, steps=1) for seed in range(32)]
    futures = [batcher.submit(request) for request in asked]
    try:
        with batcher:
            shapes = {future.result(LIMIT_SECONDS).value.shape for future in futures}
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert shapes == {(side, side, 3)}
    assert batcher.stats().failed_batches > 0
    assert deaths == []


def test_the_weights_lie_in_half_precision_with_channels_last(tiny_painter):
    """What the choice of precision promises is what the device holds."""
    painter = load_painter(tiny_painter, "cuda")
    unet = painter._pipeline.unet
    assert unet.dtype is torch.float16
    assert unet.conv_in.weight.is_contiguous(memory_format=torch.channels_last)
    asked = inpaint(tiny_painter, 1, guidance_scale=1.0)
    assert len(painter.paint([asked, replace(asked, seed=2)])) == 2


@pytest.mark.parametrize("wanted", [set(), set(OPTIMIZATIONS), *({one} for one in OPTIMIZATIONS)])
def test_tuned_pictures_are_those_of_diffusers_itself(wanted):
    """Each optimization, all and none: batched, against its own call at batch 1, same seed."""
    tuning = choose_tuning("cuda", wanted, max_batch=4)
    fields = {"guidance_scale": GUIDANCE, "steps": 25}
    asked = [inpaint(MODEL, seed, 128, **fields) for seed in range(3)]
    painted = load_painter(MODEL, "cuda", tuning).paint(asked)
    pipeline = plain_pipeline(MODEL, "cuda", torch.float16)
    for one, ours in zip(asked, painted, strict=True):
        assert mean_difference(ours, plain_picture(pipeline, one)) < HALF_TOLERANCE


@pytest.mark.parametrize("scheduler", ["euler", "ddim", "dpmsolver++"])
def test_no_step_waits_for_the_device(tiny_painter, scheduler):
    """Between two steps nothing is read back: torch itself would raise an error."""
    painter = load_painter(tiny_painter, "cuda", choose_tuning("cuda", {"pinned"}))
    asked = inpaint(tiny_painter, 1, scheduler=scheduler, steps=6)
    painter.paint([asked])
    unet, calls = painter._pipeline.unet, []

    def look(*_):
        calls.append(1)
        # From the second call of the UNet to the last, so that only what is between counts.
        torch.cuda.set_sync_debug_mode("error" if 1 < len(calls) < 6 else "default")

    handle = unet.register_forward_pre_hook(look)
    try:
        painter.paint([asked])
    finally:
        handle.remove()
        torch.cuda.set_sync_debug_mode("default")
    assert len(calls) == 6


def test_a_cap_makes_a_card_smaller(tiny_painter):
    """What does not fit into the budget is out of memory, however large the card is."""
    cap_memory("cuda:0", CONTEXT_BYTES + 200_000_000)
    try:
        with pytest.raises(torch.OutOfMemoryError):
            torch.empty(400_000_000, dtype=torch.uint8, device="cuda")
        assert len(load_painter(tiny_painter, "cuda").paint([inpaint(tiny_painter, 1)])) == 1
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
