"""Tuning: what a painter does for speed on its device, and how much of its memory it may take.

Pure and torch-free. Not covered: attention slicing. All of torch's fused attention kernels take
memory by the pixels and not by their square, so that it would cost time and save nothing; under a
budget calls and the VAE's chunks get smaller instead.
"""

from collections.abc import Set
from dataclasses import dataclass

from shared.optimizations import OPTIMIZATIONS
from worker.inpaint.buckets import bucket_sizes

#: Weights in float16: UNet 1.73 GB, text encoder 0.68 GB, VAE 0.17 GB (SD 2), CLIPSeg 0.30 GB
#: (SegFormer B2 0.05 GB, BEiT base 0.33 GB, large 0.88 GB: then calls get smaller).
WEIGHTS_BYTES = 2_900_000_000
#: CUDA's context and the libraries' workspaces.
CONTEXT_BYTES = 700_000_000
#: Peak of live tensors of SD 2's UNet in float16, per pixel of a picture under guidance (2 rows).
PAINT_BYTES_PER_PIXEL = 522
#: The same of the VAE's decoder, per pixel of a picture in a chunk.
DECODE_BYTES_PER_PIXEL = 1_537
#: What of the rest is planned with; the allocator's gaps and workspaces need some.
PLANNED = 0.75
#: Pictures that the VAE takes at once: more is no faster and takes gigabytes at 768 px.
VAE_CHUNK = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """What a painter does for speed; nothing of it changes a picture but by rounding."""

    compiled: bool = False
    channels_last: bool = False
    #: The quickest attention kernel first.
    sdpa: bool = False
    pinned: bool = False
    #: Sizes that calls are padded to; none where nothing is compiled.
    buckets: tuple[int, ...] = ()
    #: Memory of the device that may be taken, in bytes; None for all.
    memory_bytes: int | None = None
    #: What compiles, as `torch.compile` names it.
    backend: str = "inductor"
    reason: str = "nothing was asked for"


def choose_tuning(
    device: str,
    wanted: Set[str] = OPTIMIZATIONS.keys(),
    *,
    max_batch: int = 8,
    memory_bytes: int | None = None,
) -> Tuning:
    """What is done on a device, with the reason for the log.

    Args:
        device: `cpu`, `cuda` or `cuda:N`.
        wanted: Names of `OPTIMIZATIONS`.
        max_batch: Most pictures in a call.
        memory_bytes: Memory of the device that may be taken; None for all.
    """
    if not device.startswith("cuda"):
        return Tuning(reason="a CPU gains nothing by what is made for GPUs")
    off = OPTIMIZATIONS.keys() - wanted
    return Tuning(
        compiled="compile" in wanted,
        channels_last="channels_last" in wanted,
        sdpa="sdpa" in wanted,
        pinned="pinned" in wanted,
        buckets=bucket_sizes(max_batch) if "compile" in wanted else (),
        memory_bytes=memory_bytes,
        reason=f"switched off: {', '.join(sorted(off))}" if off else "all that suits a GPU",
    )


@dataclass(frozen=True, slots=True)
class Fit:
    """What fits into a memory budget at one working size."""

    #: Pictures in a call.
    batch: int
    #: Pictures that the VAE takes at once.
    vae_chunk: int


def fit(side: int, most: int, memory_bytes: int | None) -> Fit:
    """How large calls may be; at least one picture, which then may still not fit.

    Args:
        side: Working size in pixels.
        most: Pictures in a call where memory is no matter.
        memory_bytes: The budget, weights included; None for no limit.
    """
    if memory_bytes is None:
        return Fit(most, VAE_CHUNK)
    room = PLANNED * max(0, memory_bytes - WEIGHTS_BYTES - CONTEXT_BYTES)
    painted = int(room // (PAINT_BYTES_PER_PIXEL * side**2))
    decoded = int(room // (DECODE_BYTES_PER_PIXEL * side**2))
    return Fit(max(1, min(most, painted)), max(1, min(VAE_CHUNK, decoded)))
