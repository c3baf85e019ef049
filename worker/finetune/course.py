"""The course: which lessons each pass sees, and as which tensors; torch.

A row is decided by the seed and its number, whatever the batch and the process that it is in. Each
picture comes as often as the others, in an order that is shuffled anew whenever all were seen.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

import numpy as np
import torch
from torch import Tensor

from worker.arrays import MASK_LEVEL
from worker.finetune.losses import Batch
from worker.finetune.pictures import Lesson
from worker.finetune.views import Eye, View

#: Keep the draws of style, class and noise apart.
INSTANCES, CLASSES, NOISE = 1, 2, 3
#: Below this a mask's latent pixel is kept.
HALF = 0.5


@dataclass(frozen=True, slots=True)
class Subject:
    """Lessons and the caption of those without one."""

    lessons: Sequence[Lesson]
    caption: str
    #: Keeps its draws apart from another's.
    stream: int


@dataclass(frozen=True, slots=True, eq=False)
class Course:
    """Makes batches for one process."""

    style: Subject
    #: None without prior preservation.
    klass: Subject | None
    eye: Eye
    seed: int
    #: Rows of each subject in a pass.
    rows: int
    #: This process's number and how many there are.
    place: tuple[int, int]
    vae: Any
    tokenizer: Any
    #: Tokens of a caption that are read.
    tokens: int
    #: Steps of the noise schedule.
    times: int
    device: torch.device
    _words: dict[str, Tensor] = field(default_factory=dict)

    def batch(self, number: int) -> Batch:
        """The batch of a pass.

        Args:
            number: Of the pass in this process, from 0.
        """
        here, of = self.place
        first = (number * of + here) * self.rows
        subjects = [self.style] + ([self.klass] if self.klass else [])
        rows = [(one, row) for one in subjects for row in range(first, first + self.rows)]
        views = [self._view(subject, row) for subject, row in rows]
        pixels, mask = _pixels(views), _mask(views)
        latents, masked = self._encode(torch.cat([pixels, pixels * (mask < HALF)])).chunk(2)
        small = torch.nn.functional.interpolate(mask, size=latents.shape[-2:])
        draws = [self._draw(subject, row, latents.shape[1:]) for subject, row in rows]
        noise, times = (torch.stack(column) for column in zip(*draws, strict=True))
        return Batch(
            latents,
            masked,
            small.to(self.device),
            noise.to(self.device),
            times.to(self.device),
            torch.cat([self._tokens(view.caption) for view in views]).to(self.device),
            instances=self.rows,
        )

    def _view(self, subject: Subject, row: int) -> View:
        rng = np.random.default_rng([self.seed, subject.stream, row])
        lesson = subject.lessons[_pick(self.seed, subject.stream, row, len(subject.lessons))]
        return self.eye.look(lesson, subject.caption, rng)

    def _draw(self, subject: Subject, row: int, shape: torch.Size) -> tuple[Tensor, Tensor]:
        """Noise and time of a row, drawn on the CPU: the same on every device, in every batch."""
        seed = np.random.default_rng([self.seed, NOISE, subject.stream, row]).integers(2**63)
        generator = torch.Generator("cpu").manual_seed(int(seed))
        time = torch.randint(self.times, (), generator=generator)
        return torch.randn(shape, generator=generator), time

    @torch.no_grad()
    def _encode(self, pixels: Tensor) -> Tensor:
        """Latents as the worker takes them: the mean, not a sample."""
        seen = pixels.to(self.device, self.vae.dtype)
        latents: Tensor = self.vae.encode(seen).latent_dist.mode() * self.vae.config.scaling_factor
        return latents.float()

    def _tokens(self, caption: str) -> Tensor:
        if caption not in self._words:
            self._words[caption] = self.tokenizer(
                caption,
                padding="max_length",
                max_length=self.tokens,
                truncation=True,
                return_tensors="pt",
            ).input_ids
        return self._words[caption]


@lru_cache(64)
def _order(seed: int, stream: int, epoch: int, count: int) -> tuple[int, ...]:
    order = np.random.default_rng([seed, stream, epoch, count, 0]).permutation(count)
    return tuple(int(place) for place in order)


def _pick(seed: int, stream: int, number: int, count: int) -> int:
    return _order(seed, stream, number // count, count)[number % count]


def _pixels(views: list[View]) -> Tensor:
    """float32, n x 3 x side x side, -1..1."""
    levels = torch.from_numpy(np.stack([view.rgb for view in views]))
    return levels.permute(0, 3, 1, 2).float() / 127.5 - 1


def _mask(views: list[View]) -> Tensor:
    """float32, n x 1 x side x side, 1 = repaint."""
    return torch.from_numpy(np.stack([view.mask for view in views]) >= MASK_LEVEL)[:, None].float()
