# mypy: disable-error-code="no-untyped-call,attr-defined,operator,no-any-return"
# diffusers and transformers publish their classes untyped; shapes are what matters here.
"""Trains the tiny autoencoder: 128 x 128 pixels to 32 x 32 x 4 latents and back.

It starts as a plain 4x average-and-enlarge codec written into the convolutions, so training
only has to add detail.
"""

from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn import functional

from infra.demo.train.clock import Clock
from infra.demo.train.crops import Crop
from infra.demo.train.files import replace_folder
from infra.demo.train.pictures import Bytes

#: Side of the random patches it is trained on.
PATCH = 64
_STEADY = 3.0


def build() -> AutoencoderKL:
    """A fresh autoencoder that already averages and enlarges."""
    torch.manual_seed(0)
    vae = AutoencoderKL(
        block_out_channels=(16, 32, 48),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=1,
        mid_block_add_attention=False,
        sample_size=128,
        scaling_factor=1.0,
    )
    with torch.no_grad():
        for name, module in vae.named_modules():
            if isinstance(module, nn.Conv2d):
                _settle(name, module)
        _pair(vae.encoder.conv_in, vae.encoder.conv_out, vae.decoder.conv_in, vae.decoder.conv_out)
    return vae


def _settle(name: str, conv: nn.Conv2d) -> None:
    """Lets what comes in go through, residual branches hardly adding to it at first."""
    if name.endswith("conv2"):
        conv.weight.mul_(0.05)
    elif "samplers" in name or name.endswith(("conv_shortcut", "quant_conv")):
        nn.init.dirac_(conv.weight)
        if "downsamplers" in name:
            middle = conv.weight[:, :, 1, 1].clone()
            conv.weight.zero_()
            conv.weight[:, :, :2, :2] = middle[:, :, None, None] / 4
    else:
        return
    if conv.bias is not None:
        conv.bias.zero_()


def _pair(enc_in: nn.Conv2d, enc_out: nn.Conv2d, dec_in: nn.Conv2d, dec_out: nn.Conv2d) -> None:
    """Carries each value as x and -x, since silu(x) - silu(-x) = x.

    Two steady channels make up most of what the last group norm measures, so that it scales
    all pictures alike; the outgoing convolutions undo that scale.
    """
    for conv in (enc_in, enc_out, dec_in, dec_out):
        conv.weight.mul_(0.2)
        nn.init.zeros_(_bias(conv))
    for conv in (enc_in, dec_in):
        conv.weight[:10] = 0
        _bias(conv)[8:10] = torch.tensor([_STEADY, -_STEADY])
        for channel in range(3):
            conv.weight[channel, channel, 1, 1] = 1
            conv.weight[channel + 4, channel, 1, 1] = -1
    for conv in (enc_out, dec_out):
        scale = (2 * _STEADY**2 / conv.weight.shape[1] + 0.1) ** 0.5
        for channel in range(3):
            conv.weight[channel] = 0
            conv.weight[channel, channel, 1, 1] = scale
            conv.weight[channel, channel + 4, 1, 1] = -scale
    enc_out.weight[4:] *= 0.1
    _bias(enc_out)[4:] = -6.0


def _bias(conv: nn.Conv2d) -> Tensor:
    if conv.bias is None:
        raise ValueError("the autoencoder's convolutions have biases")
    return conv.bias


def scaled(images: Bytes | Tensor) -> Tensor:
    """Pixels 0..255, channels last, to -1..1, channels first."""
    return torch.as_tensor(images).permute(0, 3, 1, 2).float() / 127.5 - 1


def _patches(crops: list[Crop], rng: np.random.Generator, count: int) -> Tensor:
    tiles = []
    for i in rng.integers(0, len(crops), count):
        x, y = rng.integers(0, crops[i].image.shape[0] - PATCH + 1, 2)
        tile = crops[i].image[y : y + PATCH, x : x + PATCH]
        tiles.append(tile[:, ::-1] if rng.random() < 0.5 else tile)
    return scaled(np.stack(tiles))


def _loss(vae: AutoencoderKL, pixels: Tensor) -> tuple[Tensor, Tensor]:
    posterior = vae.encode(pixels).latent_dist
    back = vae.decode(posterior.sample()).sample
    flat = functional.l1_loss(back, pixels)
    edges = sum(functional.l1_loss(back.diff(dim=d), pixels.diff(dim=d)) for d in (2, 3))
    square = functional.mse_loss(back, pixels)
    return flat + square + 0.25 * edges + 1e-4 * posterior.kl().mean() / PATCH, flat


def train(crops: list[Crop], out: Path, minutes: float, device: str, batch: int) -> None:
    """Trains, gives the latents unit size and saves; an autoencoder already in `out` is kept."""
    if (out / "config.json").exists():
        return
    vae = build().to(device, memory_format=torch.channels_last)
    clock, rng = Clock(minutes), np.random.default_rng(0)
    optimizer = torch.optim.AdamW(vae.parameters(), weight_decay=0.0)
    while clock.progress < 1:
        loss, flat = _loss(vae, _patches(crops, rng, batch).to(device))
        for group in optimizer.param_groups:
            group["lr"] = clock.rate(2e-3)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(vae.parameters(), 1.0)
        optimizer.step()
        clock.steps += 1
        if clock.steps % 50 == 0:
            print(f"{clock.elapsed:6.2f} min step {clock.steps} l1 {flat.item():.4f}", flush=True)
    _standardise(vae, scaled(np.stack([crop.image for crop in crops[:256]])).to(device))
    with replace_folder(out) as fresh:
        vae.save_pretrained(fresh)


@torch.no_grad()
def _standardise(vae: AutoencoderKL, pixels: Tensor) -> None:
    """Folds mean and deviation of each latent channel into the 1 x 1 convolutions."""
    latents = torch.cat([vae.encode(part).latent_dist.mean for part in pixels.split(16)])
    mean, deviation = latents.mean((0, 2, 3)), latents.std((0, 2, 3))
    before, after = vae.quant_conv, vae.post_quant_conv
    after.bias += after.weight[:, :, 0, 0] @ mean
    after.weight *= deviation.view(1, -1, 1, 1)
    before.weight[:4] /= deviation.view(-1, 1, 1, 1)
    before.bias[:4] = (before.bias[:4] - mean) / deviation
    before.bias[4:] -= 2 * deviation.log()
