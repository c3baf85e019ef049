# mypy: disable-error-code="no-untyped-call,attr-defined,operator,no-any-return"
# diffusers and transformers publish their classes untyped; shapes are what matters here.
"""Crops as the UNet sees them: computed once by the autoencoder, kept, cut into windows."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from infra.demo.train.crops import Crop
from infra.demo.train.vae import scaled

#: Side of a crop in latents.
LATENT = 32


@dataclass(frozen=True)
class Latents:
    """What the UNet sees of each crop, computed once: picture, picture without garment, mask."""

    whole: Tensor
    masked: Tensor
    mask: Tensor
    crops: list[Crop]


@torch.no_grad()
def encode(vae: AutoencoderKL, crops: list[Crop], device: str, batch: int = 16) -> Latents:
    """All crops through the autoencoder, once."""
    whole, masked, masks = [], [], []
    for start in range(0, len(crops), batch):
        part = crops[start : start + batch]
        pixels = scaled(np.stack([crop.image for crop in part])).to(device)
        mask = torch.from_numpy(np.stack([crop.mask for crop in part]))[:, None].float().to(device)
        whole.append(vae.encode(pixels).latent_dist.mean)
        masked.append(vae.encode(pixels * (mask < 0.5)).latent_dist.mean)
        masks.append(nn.functional.interpolate(mask, size=(LATENT, LATENT)))
    return Latents(torch.cat(whole), torch.cat(masked), torch.cat(masks), crops)


def kept_latents(folder: Path, crops: list[Crop], device: str) -> Latents:
    """The crops' latents, kept in `folder` for the next run."""
    path = folder / f"latents-{len(crops)}.safetensors"
    if path.exists():
        kept = load_file(path, device=device)
        return Latents(kept["whole"], kept["masked"], kept["mask"], crops)
    vae = AutoencoderKL.from_pretrained(folder / "vae").to(device).eval()
    latents = encode(vae, crops, device)
    arrays = {"whole": latents.whole, "masked": latents.masked, "mask": latents.mask}
    save_file({name: array.contiguous() for name, array in arrays.items()}, path)
    return latents


def windows(latents: Latents, picks: Tensor, rng: np.random.Generator, side: int) -> list[Tensor]:
    """Picture, masked picture and mask of the picked crops, whole or a window on the garment."""
    stack = torch.cat([latents.whole[picks], latents.masked[picks], latents.mask[picks]], 1)
    if side < LATENT:
        stack = torch.stack([_window(one, rng, side) for one in stack])
    return list(stack.split((4, 4, 1), 1))


def _window(one: Tensor, rng: np.random.Generator, side: int) -> Tensor:
    inside = one[8].nonzero()
    y, x = inside[int(rng.integers(len(inside)))].tolist()
    top = min(max(0, y - int(rng.integers(side // 4, 3 * side // 4))), LATENT - side)
    left = min(max(0, x - int(rng.integers(side // 4, 3 * side // 4))), LATENT - side)
    return one[:, top : top + side, left : left + side]
