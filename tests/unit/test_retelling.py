"""Then and now side by side: what of the circumstances differs, and how a person reads it."""

import numpy as np

from producer.cli.replaying import _show_retelling
from producer.likeness import Verdict, likeness, mask_likeness
from producer.retelling import Part, Retelling
from shared.sidecars import DeviceFacts, Renderer, Sidecar, WorkerFacts
from tests.sidecars import sidecar_of

H100 = DeviceFacts(name="cuda:0", hardware="NVIDIA H100", precision="float16", cuda="12.8")


def retelling(now: Sidecar, levels: int = 0, **part: bool) -> Retelling:
    """A result and a replay that differ by so many levels in one sample."""
    then = sidecar_of()
    old = np.zeros((4, 5, 3), np.uint8)
    new = old.copy()
    new[1, 2, 0] = levels
    intact = part.get("intact", True)
    variant = Part(then.variants[0], now.variants[0], intact, likeness(old, new, 2))
    mask = Part(then.mask, now.mask, True, mask_likeness(old[..., :1], old[..., :1]))
    return Retelling(then, now, 2, (variant,), mask)


def test_what_of_the_renderer_changed_is_told_and_nothing_else():
    """Device, precision, CUDA, libraries, renderer; not who rendered, when, or how fast."""
    libraries = {"torch": "2.10.0", "accelerate": "1.6"}
    now = sidecar_of(
        device=H100,
        renderer=Renderer(version=2, libraries=libraries),
        worker=WorkerFacts(owner="other/cpu", deliveries=3, retries=1),
        timings_seconds={"fetch": 9.0},
        batch_id="replay",
    )
    assert retelling(now).changes == {
        "renderer": ("1", "2"),
        "device": ("x86_64, AVX2 (float32)", "NVIDIA H100 (float16)"),
        "cuda": ("none", "12.8"),
        "torch": ("2.9.0", "2.10.0"),
        "accelerate": ("none", "1.6"),
    }
    assert retelling(sidecar_of(worker=now.worker)).changes == {}


def test_a_person_reads_the_figures_the_changes_and_a_verdict(capsys):
    """Each verdict has its sentence; a file that is not the sidecar's is named."""
    _show_retelling(retelling(sidecar_of(), 0))
    assert "The replay is equal, bit for bit." in capsys.readouterr().out
    _show_retelling(retelling(sidecar_of(device=H100), 2))
    said = capsys.readouterr().out
    assert "The replay is equal within the tolerance of 2 levels." in said
    assert "device: x86_64, AVX2 (float32) then, NVIDIA H100 (float16) now" in said
    _show_retelling(retelling(sidecar_of(), 3, intact=False))
    said = capsys.readouterr().out
    assert "The replay is different: by more than the tolerance of 2 levels." in said
    assert "s3://shop/out/1.ffffffffffff.v1.png is not the file that its sidecar tells of" in said


def test_a_changed_mask_makes_the_whole_different():
    """The mask is part of the result, even where every picture is equal."""
    told = retelling(sidecar_of())
    black, white = np.zeros((4, 5, 1), np.uint8), np.full((4, 5, 1), 255, np.uint8)
    mask = Part(told.mask.then, told.mask.now, True, mask_likeness(black, white))
    assert told.verdict is Verdict.EQUAL
    changed = Retelling(told.then, told.now, 2, told.variants, mask)
    assert changed.verdict is Verdict.DIFFERENT
