# mypy: disable-error-code="no-untyped-call,attr-defined,operator,no-any-return,arg-type,dict-item"
# diffusers and transformers publish their classes untyped; shapes are what matters here.
"""Trains the tiny CLIPSeg: first each pixel's label from the vision tower, then text prompts.

The dense stage gives every pixel of every picture a say, which teaches a vision tower from
nothing several times faster than one prompt at a time does; its head is thrown away.
"""

import copy
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional
from transformers import (
    CLIPSegConfig,
    CLIPSegForImageSegmentation,
    CLIPSegProcessor,
    CLIPTokenizer,
    ViTImageProcessorPil,
)

from infra.demo.catalogue import LABELS
from infra.demo.figures import CODE
from infra.demo.train.clock import Clock
from infra.demo.train.files import replace_folder
from infra.demo.train.pictures import SIDE, Bytes, garments_of, letterboxed_set
from infra.demo.train.tokens import write_tokenizer
from infra.demo.train.words import Prompt, segment_prompts
from infra.demo.wardrobe import Garment

PATCH, WIDTH, REDUCED, LAYERS = 8, 128, 64, 5
#: Share of the time that goes to the dense stage.
DENSE_SHARE = 0.40
MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]).view(3, 1, 1)
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]).view(3, 1, 1)


@dataclass
class Learner:
    """The model in training, its throw-away dense head and its slow average."""

    model: CLIPSegForImageSegmentation
    head: nn.Linear
    average: CLIPSegForImageSegmentation
    tokenizer: CLIPTokenizer
    device: str

    def groups(self) -> list[dict[str, Any]]:
        """The weights by learning rate: the late-comers, text and decoder, run faster."""
        tower = [*self.model.clip.vision_model.parameters(), *self.head.parameters()]
        known = {id(weight) for weight in tower}
        rest = [weight for weight in self.model.parameters() if id(weight) not in known]
        return [{"params": tower, "peak": 1.5e-3}, {"params": rest, "peak": 4e-3}]

    def follow(self, keep: float) -> None:
        """Moves the average towards the model."""
        with torch.no_grad():
            for slow, fast in zip(self.average.parameters(), self.model.parameters(), strict=True):
                slow.lerp_(fast, 1 - keep)


def configuration(tokenizer: CLIPTokenizer) -> CLIPSegConfig:
    """The model's sizes: about a million weights."""
    text = {"vocab_size": len(tokenizer), "hidden_size": 64, "intermediate_size": 128}
    text |= {"num_hidden_layers": 2, "num_attention_heads": 2, "max_position_embeddings": 77}
    text |= {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    text |= {"pad_token_id": tokenizer.pad_token_id}
    vision = {"hidden_size": WIDTH, "intermediate_size": 2 * WIDTH, "num_hidden_layers": LAYERS}
    vision |= {"num_attention_heads": 2, "image_size": SIDE, "patch_size": PATCH}
    vision |= {"hidden_act": "gelu"}
    return CLIPSegConfig(
        text_config=text,
        vision_config=vision,
        projection_dim=64,
        extract_layers=[1, LAYERS - 1],
        reduce_dim=REDUCED,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=192,
    )


def build(tokenizer: CLIPTokenizer) -> CLIPSegForImageSegmentation:
    """A fresh model with an initialisation that fits its size (the default is for large ones)."""
    torch.manual_seed(0)
    model = CLIPSegForImageSegmentation(configuration(tokenizer))
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            gain = 0.5 if name.endswith(("out_proj", "fc2")) else 1.0
            nn.init.normal_(module.weight, std=gain * module.in_features**-0.5)
    vision = model.clip.vision_model.embeddings
    nn.init.normal_(vision.patch_embedding.weight, std=(3 * PATCH * PATCH) ** -0.5)
    with torch.no_grad():
        vision.position_embedding.weight[1:] = 0.5 * _places(SIDE // PATCH, WIDTH)
        model.clip.text_model.embeddings.token_embedding.weight.normal_(std=0.5)
        model.clip.text_model.embeddings.position_embedding.weight.normal_(std=0.1)
        model.decoder.film_mul.bias.fill_(1.0)
        model.decoder.transposed_convolution.weight.normal_(std=REDUCED**-0.5)
        model.decoder.transposed_convolution.bias.fill_(-1.0)
    return model


def _places(side: int, width: int) -> Tensor:
    """Two-dimensional sine positions, so that neighbours start out as neighbours."""
    speed = 8.0 ** (-torch.arange(width // 4) / (width // 4)) * 1.5
    turn = torch.arange(side)[:, None] * speed
    wave = torch.cat([turn.sin(), turn.cos()], 1)
    rows, columns = wave[:, None].expand(-1, side, -1), wave[None].expand(side, -1, -1)
    return torch.cat([rows, columns], 2).reshape(side * side, width)


def normalised(images: Bytes | Tensor) -> Tensor:
    """Pixels 0..255, channels last, as the vision tower wants them."""
    pixels = torch.as_tensor(images).permute(0, 3, 1, 2).float() / 255
    return (pixels - MEAN.to(pixels.device)) / STD.to(pixels.device)


def see(model: CLIPSegForImageSegmentation, pixels: Tensor) -> list[Tensor]:
    """The vision tower's activations; the model's own forward would cut the gradients."""
    vision = model.clip.vision_model(pixel_values=pixels, output_hidden_states=True)
    return [vision.hidden_states[i + 1] for i in model.extract_layers]


def answer(learner: Learner, seen: list[Tensor], texts: list[str], owner: Tensor) -> Tensor:
    """Logits for texts, each about the picture that `owner` names."""
    unique = sorted(set(texts))
    tokens = learner.tokenizer(unique, padding=True, return_tensors="pt").to(learner.device)
    features = learner.model.clip.get_text_features(**tokens).pooler_output
    at = torch.tensor([unique.index(text) for text in texts], device=learner.device)
    logits: Tensor = learner.model.decoder([s[owner] for s in seen], features[at]).logits
    return logits


def dense_loss(learner: Learner, seen: list[Tensor], labels: Tensor) -> Tensor:
    """Cross entropy of every pixel's label, from the last activation."""
    tokens = functional.layer_norm(seen[-1][:, 1:], (WIDTH,))
    scores = learner.head(tokens).view(-1, len(LABELS))
    return functional.cross_entropy(scores, _patches(labels).reshape(-1))


def _patches(labels: Tensor) -> Tensor:
    count, grid = labels.shape[0], SIDE // PATCH
    tiles = labels.view(count, grid, PATCH, grid, PATCH).permute(0, 1, 3, 2, 4)
    return tiles.reshape(count, grid * grid, PATCH * PATCH)


def prompt_loss(logits: Tensor, target: Tensor) -> Tensor:
    """Cross entropy of each pixel and the overlap of each mask."""
    pixels = functional.binary_cross_entropy_with_logits(logits, target)
    guess = logits.sigmoid().flatten(1)
    truth = target.flatten(1)
    overlap = (2 * (guess * truth).sum(1) + 8) / (guess.sum(1) + truth.sum(1) + 8)
    return 4 * pixels + (1 - overlap).mean()


def jittered(images: Bytes, labels: Bytes, rng: np.random.Generator) -> tuple[Tensor, Tensor]:
    """Flips, light and a little noise."""
    flip = rng.random(len(images)) < 0.5
    images = np.where(flip[:, None, None, None], images[:, :, ::-1], images)
    labels = np.where(flip[:, None, None], labels[:, :, ::-1], labels)
    gain = rng.uniform(0.9, 1.1, (len(images), 1, 1, 3)).astype(np.float32)
    noise = rng.normal(0, rng.uniform(0, 5), images.shape).astype(np.float32)
    lit = np.clip(images * gain + noise, 0, 255)
    return torch.from_numpy(lit), torch.from_numpy(labels.astype(np.int64))


def targets(prompts: list[list[Prompt]], labels: Tensor) -> tuple[list[str], Tensor, Tensor]:
    """Texts, the picture each belongs to, and its true mask."""
    texts = [prompt.text for row in prompts for prompt in row]
    owner = torch.tensor([i for i, row in enumerate(prompts) for _ in row], device=labels.device)
    table = torch.zeros(len(texts), len(LABELS), device=labels.device)
    for i, prompt in enumerate(prompt for row in prompts for prompt in row):
        table[i, [CODE[label] for label in prompt.labels]] = 1
    mask = table.gather(1, labels[owner].flatten(1)).view(len(texts), SIDE, SIDE)
    return texts, owner, mask


def train(folder: Path, out: Path, minutes: float, device: str, count: int, batch: int) -> None:
    """The whole training, resumable; the best average so far is always in `out`."""
    images, labels = letterboxed_set(folder, 0, count)
    facts = garments_of(0, count)
    learner = _learner(folder, device)
    clock = Clock.resume(folder / "clipseg.json", minutes)
    rng = np.random.default_rng(clock.steps)
    groups = learner.groups()
    weights = [weight for group in groups for weight in group["params"]]
    optimizer = torch.optim.AdamW(groups, betas=(0.9, 0.98), weight_decay=0.01)
    saved = clock.elapsed
    while clock.progress < 1:
        picks = rng.integers(0, count, batch)
        loss = _loss(learner, clock, images[picks], labels[picks], [facts[i] for i in picks], rng)
        for group in optimizer.param_groups:
            group["lr"] = clock.rate(group["peak"])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        clock.steps += 1
        learner.follow(min(0.99, clock.steps / (clock.steps + 10)))
        if clock.steps % 50 == 0:
            print(f"{clock.elapsed:6.2f} min step {clock.steps} loss {loss.item():.4f}", flush=True)
        if clock.elapsed - saved > 2.5 or clock.progress >= 1:
            saved = clock.elapsed
            _save(learner, folder, out, clock)


def _loss(
    learner: Learner,
    clock: Clock,
    images: Bytes,
    labels: Bytes,
    facts: list[tuple[Garment, ...]],
    rng: np.random.Generator,
) -> Tensor:
    pixels, truth = (x.to(learner.device) for x in jittered(images, labels, rng))
    seen = see(learner.model, normalised(pixels))
    dense = dense_loss(learner, seen, truth)
    if clock.progress < DENSE_SHARE:
        return dense
    dice = random.Random(int(rng.integers(1 << 30)))
    prompts = [segment_prompts(garments, dice) for garments in facts]
    texts, owner, mask = targets(prompts, truth)
    return prompt_loss(answer(learner, seen, texts, owner), mask) + 0.5 * dense


def _learner(folder: Path, device: str) -> Learner:
    tokenizer = write_tokenizer(folder / "tokenizer")
    model = build(tokenizer)
    head = nn.Linear(WIDTH, PATCH * PATCH * len(LABELS))
    learner = Learner(model, head, copy.deepcopy(model), tokenizer, device)
    state = folder / "clipseg.safetensors"
    if state.exists():
        kept = load_file(state)
        for name, part in (("model", model), ("head", head), ("average", learner.average)):
            part.load_state_dict(
                {k[len(name) + 1 :]: v for k, v in kept.items() if k.startswith(name)}
            )
    for part in (model, head, learner.average):
        part.to(device)
    return learner


def _save(learner: Learner, folder: Path, out: Path, clock: Clock) -> None:
    parts = {"model": learner.model, "head": learner.head, "average": learner.average}
    state = {
        f"{n}.{k}": v.cpu().contiguous()
        for n, p in parts.items()
        for k, v in p.state_dict().items()
    }
    save_file(state, folder / "clipseg.safetensors")
    clock.save(folder / "clipseg.json")
    if clock.progress > DENSE_SHARE:
        export(learner.average, learner.tokenizer, out)


def export(model: CLIPSegForImageSegmentation, tokenizer: CLIPTokenizer, out: Path) -> None:
    """Writes the half-precision model and its processor as `from_pretrained` reads them."""
    images = ViTImageProcessorPil(
        size={"height": SIDE, "width": SIDE},
        image_mean=MEAN.flatten().tolist(),
        image_std=STD.flatten().tolist(),
    )
    with replace_folder(out) as fresh:
        copy.deepcopy(model).half().save_pretrained(fresh)
        CLIPSegProcessor(image_processor=images, tokenizer=tokenizer).save_pretrained(fresh)
