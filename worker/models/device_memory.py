"""A cap on a GPU's memory: torch takes no more, as if the card were smaller."""

import torch

from worker.inpaint.tuning import CONTEXT_BYTES


def cap_memory(device: str, memory_bytes: int | None) -> None:
    """Let this process take so much of a device and no more; beyond it is out of memory.

    Args:
        device: `cpu`, `cuda` or `cuda:N`.
        memory_bytes: CUDA's own context included, which torch does not count; None for all.
    """
    if memory_bytes is None or not device.startswith("cuda"):
        return
    total = torch.cuda.get_device_properties(device).total_memory
    fraction = max(0, memory_bytes - CONTEXT_BYTES) / total
    torch.cuda.set_per_process_memory_fraction(min(1.0, fraction), device)
