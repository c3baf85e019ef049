"""Models loaded and refused, the device's errors, and models that stay on the device."""

import shutil

import numpy as np
import pytest
import torch
from diffusers import StableDiffusionInpaintPipeline

from shared.errors import LabelUnknown, ModelInvalid
from tests.tiny_models import build_painter, build_segformer
from worker.batching import Batcher, DeviceFaults
from worker.inpaint.protocol import InpaintRequest
from worker.models import device_errors
from worker.models.device_facts import choose_dtype
from worker.models.load import load_painter, load_segmenter
from worker.models.resident import ResidentModels
from worker.segment.protocol import SegmentRequest
from worker.waiting import BatchLimits

LIMIT_SECONDS = 30


def test_the_precision_is_chosen_by_the_device_with_a_reason():
    """float16 on CUDA, float32 on the CPU; the reason is a sentence for the log."""
    assert choose_dtype(torch.device("cuda:0"))[0] is torch.float16
    dtype, reason = choose_dtype(torch.device("cpu"))
    assert dtype is torch.float32
    assert "CPU" in reason


def test_half_precision_weights_load_as_float32_on_the_cpu(tmp_path, tiny_painter):
    """A checkpoint in float16, as published, computes in float32 where there is no GPU."""
    halves = tmp_path / "halves"
    pipeline = StableDiffusionInpaintPipeline.from_pretrained(tiny_painter, dtype=torch.float16)
    pipeline.save_pretrained(halves, variant="fp16")
    painter = load_painter(halves, "cpu")
    assert {part.dtype for part in (painter._pipeline.unet, painter._pipeline.vae)} == {
        torch.float32
    }
    assert painter._pipeline.text_encoder.dtype is torch.float32


def test_a_text_to_image_model_is_refused_as_painter(tmp_path):
    """A UNet of 4 channels cannot see what it paints into."""
    with pytest.raises(ModelInvalid, match="4 channels"):
        load_painter(build_painter(tmp_path, channels=4), "cpu")


def test_each_kind_is_refused_in_the_place_of_the_other(tiny_painter, tiny_segmenter):
    """A swapped pair of references says so."""
    with pytest.raises(ModelInvalid, match="another kind"):
        load_painter(tiny_segmenter, "cpu")
    with pytest.raises(ModelInvalid, match="another kind"):
        load_segmenter(tiny_painter, "cpu")


DAMAGES = {
    "truncated weights": ("unet/diffusion_pytorch_model.safetensors", lambda old: old[:1000]),
    "weights of another shape": ("unet/config.json", lambda old: old.replace(b"32", b"48")),
    "no scheduler config": ("scheduler/scheduler_config.json", None),
    "broken text config": ("text_encoder/config.json", lambda old: b"{"),
    "no vocabulary": ("tokenizer", None),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_painter_is_one_clear_error(tmp_path, tiny_painter, damage):
    """Whatever is broken inside, the vendor's many errors are one: ModelInvalid."""
    copy = shutil.copytree(tiny_painter, tmp_path / "model")
    name, change = DAMAGES[damage]
    path = copy / name
    if change:
        path.write_bytes(change(path.read_bytes()))
    elif path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()
    with pytest.raises(ModelInvalid):
        load_painter(copy, "cpu")


def test_a_damaged_segmenter_is_one_clear_error(tmp_path, tiny_segmenter):
    """Truncated weights are ModelInvalid."""
    copy = shutil.copytree(tiny_segmenter, tmp_path / "model")
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelInvalid):
        load_segmenter(copy, "cpu")


# --- the device's errors ---------------------------------------------------------------------


MEMORY_ERRORS = [
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
    RuntimeError("CUDA error: out of memory"),
    RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory"),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    MemoryError(),
]
FATAL_ERRORS = [
    RuntimeError("CUDA error: device-side assert triggered"),
    RuntimeError("CUDA error: an illegal memory access was encountered"),
    RuntimeError("CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm`"),
]


@pytest.mark.parametrize("error", MEMORY_ERRORS, ids=str)
def test_a_lack_of_memory_is_no_lost_device(error):
    """A smaller call may pass."""
    assert device_errors.is_out_of_memory(error)
    assert not device_errors.is_fatal(error)


@pytest.mark.parametrize("error", FATAL_ERRORS, ids=str)
def test_sticky_errors_are_fatal(error):
    """After them every call fails: the process must end."""
    assert device_errors.is_fatal(error)
    assert not device_errors.is_out_of_memory(error)


@pytest.mark.parametrize("error", [RuntimeError("sizes differ"), ValueError("CUDA error")])
def test_ordinary_errors_are_neither(error):
    """A bad request is its own fault."""
    assert not device_errors.is_fatal(error)
    assert not device_errors.is_out_of_memory(error)


# --- on the device ---------------------------------------------------------------------------


def picture(side=64):
    """A grey picture."""
    return np.full((side, side, 3), 128, np.uint8)


def inpaint(directory, **fields) -> InpaintRequest:
    """A small inpainting request."""
    mask = np.full((64, 64), 255, np.uint8)
    fields = {"prompt": "red", "steps": 1, "picture": picture(), "mask": mask} | fields
    return InpaintRequest(model=str(directory), **fields)


def test_segmenting_and_painting_meet_in_one_batcher(tiny_painter, tiny_segmenter):
    """The whole device: both models, grouped calls, a broken model beside them, one thread."""
    models = ResidentModels("cpu")
    faults = DeviceFaults(
        is_out_of_memory=device_errors.is_out_of_memory,
        is_fatal=device_errors.is_fatal,
        free_memory=models.free_memory,
    )
    deaths: list[BaseException] = []
    batcher: Batcher[np.ndarray] = Batcher(
        models.run, limits=BatchLimits(wait_seconds=0), faults=faults, on_fatal=deaths.append
    )
    seen = SegmentRequest(model=str(tiny_segmenter), picture=picture(), prompts=("a", "b"))
    segmented = [batcher.submit(seen) for _ in range(3)]
    painted = [batcher.submit(inpaint(tiny_painter, seed=seed)) for seed in range(5)]
    broken = batcher.submit(inpaint(tiny_segmenter))
    with batcher:
        assert {future.result(LIMIT_SECONDS).value.shape for future in segmented} == {(2, 64, 64)}
        assert {future.result(LIMIT_SECONDS).value.shape for future in painted} == {(64, 64, 3)}
        assert isinstance(broken.exception(LIMIT_SECONDS), ModelInvalid)
    assert (batcher.stats().batches, deaths) == (3, [])


def test_a_request_for_no_label_fails_alone(tmp_path):
    """Its batch mates, which share the call, are answered without it."""
    directory = str(build_segformer(tmp_path / "clothes"))
    models = ResidentModels("cpu")
    faults = DeviceFaults(
        is_out_of_memory=device_errors.is_out_of_memory,
        is_fatal=device_errors.is_fatal,
        free_memory=models.free_memory,
    )
    batcher: Batcher[np.ndarray] = Batcher(
        models.run, limits=BatchLimits(wait_seconds=0), faults=faults, on_fatal=print
    )
    words = ("dress", "gown", "hair")
    asked = [SegmentRequest(model=directory, picture=picture(), prompts=(one,)) for one in words]
    dress, gown, hair = (batcher.submit(one) for one in asked)
    with batcher:
        assert dress.result(LIMIT_SECONDS).value.shape == (1, 64, 64)
        assert hair.result(LIMIT_SECONDS).value.shape == (1, 64, 64)
        assert isinstance(gown.exception(LIMIT_SECONDS), LabelUnknown)


def test_the_longest_unused_model_leaves_for_a_new_one(tiny_painter, tmp_path):
    """No more models than fit stay on the device; one that is needed again is loaded again."""
    others = [build_painter(tmp_path / str(number)) for number in range(2)]
    models = ResidentModels("cpu", capacity=2)
    for directory in (tiny_painter, others[0], tiny_painter, others[1]):
        request = inpaint(directory)
        models.run(request.group, [request])
    assert (str(tiny_painter), "") in models._painters
    assert (str(others[0]), "") not in models._painters
    assert len(models._painters) == 2
    models.free_memory()
    assert len(models._painters) == 1
    assert (str(others[1]), "") in models._painters


def test_a_group_of_no_kind_is_refused():
    """A programming error is loud."""
    with pytest.raises(TypeError):
        ResidentModels("cpu").run(object(), [])
