"""`python -m infra.bench.training_memory`: what a pass through SD 2's UNet keeps for its way back.

Counted, not measured: the UNet runs on torch's meta device, where tensors have shapes and no
bytes, and every tensor that autograd saves is counted once. No GPU is needed.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from infra.bench.published_models import build_unet

#: Side of the pictures in pixels, and tokens of a caption and their width.
SIDE, TOKENS, WIDTH = 512, 77, 1_024
#: What is computed again where gradient checkpointing is on: its inputs are kept, and one by one
#: its insides.
BLOCKS = ("ResnetBlock2D", "BasicTransformerBlock")


@contextmanager
def _kept(known: set[int]) -> Iterator[dict[int, int]]:
    """Bytes by storage of what autograd saves meanwhile, weights left out."""
    kept: dict[int, int] = {}
    held: list[Any] = []

    def pack(tensor: torch.Tensor) -> torch.Tensor:
        storage = tensor.untyped_storage()
        if storage._cdata not in known:  # noqa: SLF001 - meta storages have no address but this
            kept[storage._cdata] = storage.nbytes()  # noqa: SLF001 - likewise
            held.append(storage)  # or another one may get its place
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(pack, lambda tensor: tensor):
        yield kept


def bytes_per_pixel() -> tuple[float, float]:
    """Of one picture in half precision: plainly, and with gradient checkpointing."""
    with torch.device("meta"):
        unet = build_unet().half().train()
        latents = torch.empty(1, 9, SIDE // 8, SIDE // 8, dtype=torch.float16)
        words = torch.empty(1, TOKENS, WIDTH, dtype=torch.float16)
    known = {weight.untyped_storage()._cdata for weight in unet.parameters()}  # noqa: SLF001 - as above
    inputs: list[int] = []
    insides: list[int] = []
    with _kept(known) as kept:

        def enter(module: Any, args: tuple[Any, ...]) -> None:
            inputs.append(args[0].nbytes)
            module.before = sum(kept.values())

        def leave(module: Any, _args: Any, _output: Any) -> None:
            insides.append(sum(kept.values()) - module.before)

        for module in unet.modules():
            if type(module).__name__ in BLOCKS:
                module.register_forward_pre_hook(enter)
                module.register_forward_hook(leave)
        unet(latents, torch.tensor([1], device="meta"), words)
    outside = sum(kept.values()) - sum(insides)
    checkpointed = outside + sum(inputs) + max(insides)
    return sum(kept.values()) / SIDE**2, checkpointed / SIDE**2


if __name__ == "__main__":
    plain, checkpointed = bytes_per_pixel()
    print(f"kept per pixel: {plain:,.0f} bytes, checkpointed {checkpointed:,.0f} bytes")
