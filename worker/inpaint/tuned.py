"""A pipeline laid out, compiled and fed as its tuning says; no pixel depends on it but by rounding.

Not covered: the steps of UniPC and Euler ancestral copy a few numbers, or noise, to the device,
which waits for it; the others do not.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.attention import SDPBackend, sdpa_kernel

from worker.inpaint.tuning import Tuning

#: The quickest on recent GPUs first; torch takes the first one that can.
ATTENTION = [
    SDPBackend.CUDNN_ATTENTION,
    SDPBackend.FLASH_ATTENTION,
    SDPBackend.EFFICIENT_ATTENTION,
    SDPBackend.MATH,
]
#: Graphs of one module: six bucket sizes, several working sizes, with and without guidance. By
#: default torch gives up after eight and goes on uncompiled.
MAX_GRAPHS = 64


def tune(pipeline: Any, tuning: Tuning) -> None:
    """Lay out and compile UNet and VAE; the graphs themselves are made at the first calls."""
    _sample_in_float32(pipeline.unet, _layout(tuning))
    if tuning.channels_last:
        # Convolutions on tensor cores want their channels last.
        pipeline.unet.to(memory_format=torch.channels_last)
        pipeline.vae.to(memory_format=torch.channels_last)
    if tuning.compiled:
        _compile(pipeline.unet, tuning.backend)
        _compile(pipeline.vae.decoder, tuning.backend)


@contextmanager
def attention(tuning: Tuning) -> Iterator[None]:
    """The block computes attention as tuned."""
    if not tuning.sdpa:
        yield
        return
    with sdpa_kernel(ATTENTION, set_priority=True):
        yield


def moved(
    array: NDArray[np.uint8] | NDArray[np.bool_] | torch.Tensor,
    device: torch.device,
    tuning: Tuning,
) -> torch.Tensor:
    """The values on a device; from pinned memory the copy runs beside what the host does next."""
    tensor = torch.as_tensor(array)
    return tensor.pin_memory().to(device, non_blocking=True) if tuning.pinned else tensor.to(device)


def _compile(module: Any, backend: str) -> None:
    limit = torch._dynamo.config.recompile_limit  # noqa: SLF001 - the documented place of the limit
    torch._dynamo.config.recompile_limit = max(limit, MAX_GRAPHS)  # noqa: SLF001 - likewise
    # The hooks around it stay outside the graph.
    module.forward = torch.compile(module.forward, dynamic=False, backend=backend)


def _layout(tuning: Tuning) -> torch.memory_format:
    return torch.channels_last if tuning.channels_last else torch.contiguous_format


def _sample_in_float32(unet: Any, layout: torch.memory_format) -> None:
    """Give the sampler float32 whatever the UNet computes in: rounding must not add up.

    The UNet sees one layout and one type of time in all steps of all schedulers, so that one graph
    serves them.
    """

    def narrow(_module: Any, args: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
        sample, time, *rest = args
        return (sample.to(unet.dtype).contiguous(memory_format=layout), time.float(), *rest)

    def widen(_module: Any, _args: Any, output: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor]:
        return (output[0].float(),)

    unet.register_forward_pre_hook(narrow)
    unet.register_forward_hook(widen)
