# mypy: disable-error-code="arg-type, attr-defined, misc, no-any-return, no-untyped-call, operator"
# (what torch and transformers publish of their types does not know their own calls)
"""Trains the tiny SegFormer: every pixel's label, by cross-entropy, as its big siblings."""

import copy
from pathlib import Path

import numpy as np
import torch
from torch import nn
from transformers import SegformerConfig, SegformerForSemanticSegmentation
from transformers.models.segformer.image_processing_pil_segformer import SegformerImageProcessorPil

from infra.demo.catalogue import LABELS
from infra.demo.train.clipseg import MEAN, STD, jittered, normalised
from infra.demo.train.clock import Clock
from infra.demo.train.files import replace_folder
from infra.demo.train.pictures import SIDE, letterboxed_set

#: Share of the average in each step of the weights that are kept.
AVERAGE = 0.99
#: Highest learning rate.
RATE = 3e-3


def build() -> SegformerForSemanticSegmentation:
    """An untrained model of 0.5 M weights, whose answer has a quarter of its input's side."""
    torch.manual_seed(0)
    config = SegformerConfig(
        depths=[1, 2, 2, 1],
        hidden_sizes=[24, 48, 80, 112],
        num_attention_heads=[1, 2, 2, 4],
        sr_ratios=[4, 2, 1, 1],
        mlp_ratios=[2, 2, 2, 2],
        decoder_hidden_size=96,
        initializer_range=0.05,
        hidden_dropout_prob=0.0,
        classifier_dropout_prob=0.0,
        drop_path_rate=0.0,
        id2label=dict(enumerate(LABELS)),
        label2id={label: number for number, label in enumerate(LABELS)},
    )
    return SegformerForSemanticSegmentation(config)


def train(folder: Path, out: Path, minutes: float, device: str, count: int, batch: int) -> None:
    """The whole training, in one go; the averaged weights are in `out` when it ends."""
    images, labels = letterboxed_set(folder, 0, count)
    model = build().to(device).train()
    average, clock, rng = copy.deepcopy(model), Clock(minutes), np.random.default_rng(0)
    optimizer = torch.optim.AdamW(model.parameters(), weight_decay=0.01)
    while clock.progress < 1:
        picks = rng.integers(0, count, batch)
        pixels, truth = (x.to(device) for x in jittered(images[picks], labels[picks], rng))
        loss = model(pixel_values=normalised(pixels), labels=truth).loss
        for group in optimizer.param_groups:
            group["lr"] = clock.rate(RATE)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        clock.steps += 1
        _follow(average, model, min(AVERAGE, clock.steps / (clock.steps + 10)))
        if clock.steps % 50 == 0:
            print(f"{clock.elapsed:6.2f} min step {clock.steps} loss {loss.item():.4f}", flush=True)
    export(average.eval(), out)


@torch.no_grad()
def _follow(average: nn.Module, model: nn.Module, share: float) -> None:
    for kept, new in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        if kept.is_floating_point():
            kept.lerp_(new, 1 - share)
        else:
            kept.copy_(new)


def export(model: SegformerForSemanticSegmentation, out: Path) -> None:
    """Writes the half-precision model and its processor as `from_pretrained` reads them."""
    images = SegformerImageProcessorPil(
        size={"height": SIDE, "width": SIDE},
        image_mean=MEAN.flatten().tolist(),
        image_std=STD.flatten().tolist(),
    )
    with replace_folder(out) as fresh:
        copy.deepcopy(model).half().save_pretrained(fresh)
        images.save_pretrained(fresh)
