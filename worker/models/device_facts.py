"""What a device is and computes in, for the sidecar: its name alone says little of the rounding."""

import platform
from functools import cache

import torch

from shared.sidecars import DeviceFacts


def choose_dtype(device: torch.device) -> tuple[torch.dtype, str]:
    """The precision for a device, and why."""
    if device.type == "cuda":
        return torch.float16, "float16 halves memory and doubles speed on a GPU"
    return torch.float32, "float16 is emulated and about 30 times slower on a CPU"


@cache
def device_facts(device: str) -> DeviceFacts:
    """What models on a device run on and compute in; wakes CUDA, so models are loaded first.

    Args:
        device: `cpu`, `cuda` or `cuda:N`.
    """
    target = torch.device(device)
    dtype, _ = choose_dtype(target)
    return DeviceFacts(
        name=device,
        hardware=_hardware(target),
        precision=str(dtype).removeprefix("torch."),
        cuda=torch.version.cuda if target.type == "cuda" else None,
    )


def _hardware(target: torch.device) -> str:
    if target.type == "cuda":
        return torch.cuda.get_device_name(target)
    # The instructions, not the maker, decide in which order a CPU adds up.
    return f"{platform.machine()}, {torch.backends.cpu.get_cpu_capability()}"
