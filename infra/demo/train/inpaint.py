# mypy: disable-error-code="no-untyped-call,attr-defined,operator,no-any-return"
# mypy: disable-error-code="call-overload,dict-item"
# diffusers and transformers publish their classes untyped; shapes are what matters here.
"""Trains the tiny inpainting UNet and its text encoder on garment-centred crops.

v-prediction with zero terminal SNR, so that the first step already chooses the colour; most
of the time goes to 16 x 16 windows of the latents, which cost a quarter of the whole.
"""

import copy
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import (
    AutoencoderKL,
    DDPMScheduler,
    EulerDiscreteScheduler,
    StableDiffusionInpaintPipeline,
    UNet2DConditionModel,
)
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from infra.demo.train.clock import Clock
from infra.demo.train.crops import Crop
from infra.demo.train.files import replace_folder
from infra.demo.train.latents import LATENT, Latents, kept_latents, windows
from infra.demo.train.tokens import write_tokenizer
from infra.demo.train.words import caption

WINDOW = 16
#: Share of the time that goes to windows of the latents.
WINDOW_SHARE = 0.60
#: Loss outside the mask: there the product puts the source back.
OUTSIDE = 0.15
SCHEDULE = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "prediction_type": "v_prediction",
    "rescale_betas_zero_snr": True,
    "timestep_spacing": "trailing",
    "steps_offset": 1,
}


@dataclass
class Painter:
    """UNet and text encoder, in training or as the slow average."""

    unet: UNet2DConditionModel
    text: CLIPTextModel

    def parameters(self) -> list[nn.Parameter]:
        """All weights of both."""
        return [*self.unet.parameters(), *self.text.parameters()]

    def follow(self, other: "Painter", keep: float) -> None:
        """Moves this average towards the other."""
        with torch.no_grad():
            for slow, fast in zip(self.parameters(), other.parameters(), strict=True):
                slow.lerp_(fast, 1 - keep)


def build_unet() -> UNet2DConditionModel:
    """Nine channels in, four out, cross-attention on the coarser levels."""
    torch.manual_seed(1)
    return UNet2DConditionModel(
        sample_size=LATENT,
        in_channels=9,
        out_channels=4,
        block_out_channels=(32, 64, 96),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=64,
        attention_head_dim=2,
        norm_num_groups=4,
        use_linear_projection=True,
    )


def build_text(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """A text encoder that starts with words well apart."""
    torch.manual_seed(2)
    config = CLIPTextConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=77,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    text = CLIPTextModel(config)
    with torch.no_grad():
        for name, weight in text.named_parameters():
            if "token_embedding" in name:
                weight.normal_(std=0.5)
            elif "position_embedding" in name:
                weight.normal_(std=0.1)
            elif weight.ndim == 2:
                weight.normal_(std=0.7 * weight.shape[1] ** -0.5)
    return text


def text_states(text: CLIPTextModel, tokenizer: CLIPTokenizer, captions: list[str]) -> Tensor:
    """The token states that the UNet attends to, padded as the pipeline pads."""
    unique = sorted(set(captions))
    tokens = tokenizer(unique, padding="max_length", truncation=True, return_tensors="pt")
    states = text(tokens.input_ids.to(text.device)).last_hidden_state
    order = torch.tensor([unique.index(one) for one in captions], device=states.device)
    return states[order]


def velocity_loss(
    painter: Painter, schedule: DDPMScheduler, parts: list[Tensor], states: Tensor
) -> Tensor:
    """The weighted error of the predicted velocity at random times, biased to the noisy end."""
    whole, masked, mask = parts
    noise = torch.randn_like(whole)
    chance = torch.rand(len(whole), device=whole.device)
    times = (1000 * (1 - chance**1.25)).long().clamp(0, 999)
    noisy = schedule.add_noise(whole, noise, times)
    aim = schedule.get_velocity(whole, noise, times)
    stack = torch.cat([noisy, mask, masked], 1).contiguous(memory_format=torch.channels_last)
    guess = painter.unet(stack, times, states).sample
    weight = OUTSIDE + (1 - OUTSIDE) * mask
    return ((guess - aim) ** 2 * weight).sum() / (weight.sum() * 4)


@dataclass
class Studio:
    """Everything a training step needs."""

    painter: Painter
    average: Painter
    tokenizer: CLIPTokenizer
    schedule: DDPMScheduler
    latents: Latents
    batches: tuple[int, int]

    def loss(self, clock: Clock, rng: np.random.Generator) -> Tensor:
        """The loss of one batch, of windows first and of whole crops later."""
        early = clock.progress < WINDOW_SHARE
        side, batch = (WINDOW, self.batches[0]) if early else (LATENT, self.batches[1])
        picks = torch.from_numpy(rng.integers(0, len(self.latents.crops), batch))
        dice = random.Random(int(rng.integers(1 << 30)))
        captions = [caption(self.latents.crops[i].garment, dice) for i in picks.tolist()]
        states = text_states(self.painter.text, self.tokenizer, captions)
        parts = windows(self.latents, picks.to(self.latents.whole.device), rng, side)
        return velocity_loss(self.painter, self.schedule, parts, states)


def train(
    crops: list[Crop],
    folder: Path,
    out: Path,
    minutes: float,
    device: str,
    batches: tuple[int, int],
) -> None:
    """The whole training, resumable; the latest average is always in `out`."""
    vae = AutoencoderKL.from_pretrained(folder / "vae").to(device).eval()
    studio = _studio(kept_latents(folder, crops, device), folder, device, batches)
    clock = Clock.resume(folder / "inpaint.json", minutes)
    rng = np.random.default_rng(clock.steps)
    torch.manual_seed(clock.steps)
    weights = studio.painter.parameters()
    optimizer = torch.optim.AdamW(weights, betas=(0.9, 0.99), weight_decay=0.01)
    saved = clock.elapsed
    while clock.progress < 1:
        loss = studio.loss(clock, rng)
        for group in optimizer.param_groups:
            group["lr"] = clock.rate(1.3e-3)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        clock.steps += 1
        studio.average.follow(studio.painter, min(0.997, clock.steps / (clock.steps + 10)))
        if clock.steps % 50 == 0:
            print(f"{clock.elapsed:6.2f} min step {clock.steps} loss {loss.item():.4f}", flush=True)
        if clock.elapsed - saved > 2.5 or clock.progress >= 1:
            saved = clock.elapsed
            _save(studio, vae, folder, out, clock)


def _studio(latents: Latents, folder: Path, device: str, batches: tuple[int, int]) -> Studio:
    tokenizer = write_tokenizer(folder / "tokenizer")
    painter = Painter(build_unet(), build_text(tokenizer))
    average = copy.deepcopy(painter)
    state = folder / "inpaint.safetensors"
    if state.exists():
        kept = load_file(state)
        for name, part in _parts(painter, average).items():
            size = len(name) + 1
            part.load_state_dict({k[size:]: v for k, v in kept.items() if k.startswith(name + ".")})
    for part in _parts(painter, average).values():
        part.to(device, memory_format=torch.channels_last)  # halves the time of a step on a CPU
    return Studio(painter, average, tokenizer, DDPMScheduler(**SCHEDULE), latents, batches)


def _parts(painter: Painter, average: Painter) -> dict[str, nn.Module]:
    return {
        "unet": painter.unet,
        "text": painter.text,
        "slow_unet": average.unet,
        "slow_text": average.text,
    }


def _save(studio: Studio, vae: AutoencoderKL, folder: Path, out: Path, clock: Clock) -> None:
    parts = _parts(studio.painter, studio.average)
    state = {
        f"{n}.{k}": v.cpu().contiguous()
        for n, p in parts.items()
        for k, v in p.state_dict().items()
    }
    save_file(state, folder / "inpaint.safetensors")
    clock.save(folder / "inpaint.json")
    export(studio.average, vae, studio.tokenizer, out)


def export(painter: Painter, vae: AutoencoderKL, tokenizer: CLIPTokenizer, out: Path) -> None:
    """Writes the half-precision pipeline as `from_pretrained` reads it."""
    pipeline = StableDiffusionInpaintPipeline(
        vae=copy.deepcopy(vae),
        text_encoder=copy.deepcopy(painter.text),
        tokenizer=tokenizer,
        unet=copy.deepcopy(painter.unet),
        scheduler=EulerDiscreteScheduler(**SCHEDULE),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    with replace_folder(out) as fresh:
        pipeline.to("cpu", torch.float16).save_pretrained(fresh)
