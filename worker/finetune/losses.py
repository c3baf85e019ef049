"""Losses: how far the student's predictions are off, for the style and for its class; torch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from shared.errors import TrainingInvalid


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """What a pass sees; rows of the style first, those of the class after them."""

    #: float32, n x 4 x side x side.
    latents: Tensor
    #: The same of the pictures without what is repainted.
    masked: Tensor
    #: float32, n x 1 x side x side, 1 = repaint.
    mask: Tensor
    #: float32, like `latents`.
    noise: Tensor
    #: n of the schedule's.
    times: Tensor
    #: n x tokens.
    words: Tensor
    #: Rows of the style.
    instances: int


@dataclass(frozen=True, slots=True, eq=False)
class Losses:
    """The losses of a pass."""

    #: Of the style's rows.
    instance: Tensor
    #: Of the class's rows; 0 where there are none.
    prior: Tensor
    #: What is trained on.
    whole: Tensor


def losses_of(student: nn.Module, batch: Batch, schedule: Any, prior_weight: float) -> Losses:
    """Prior preservation: the style's mean error plus the weighted mean error of the class.

    Args:
        student: A `Student`, or what a library wrapped it in.
        batch: What it sees.
        schedule: The noise schedule (a `DDPMScheduler`), not refused by `refuse_untrainable`.
        prior_weight: Of the class's error.
    """
    noisy = schedule.add_noise(batch.latents, batch.noise, batch.times)
    guess = student(torch.cat([noisy, batch.mask, batch.masked], 1), batch.times, batch.words)
    aim = _AIMS[schedule.config.prediction_type](batch, schedule)
    errors = (guess.float() - aim.float()).square().mean((1, 2, 3))
    instance, rest = errors[: batch.instances].mean(), errors[batch.instances :]
    prior = rest.mean() if len(rest) else torch.zeros_like(instance)
    return Losses(instance, prior, instance + prior_weight * prior)


def refuse_untrainable(schedule: Any) -> None:
    """Refuse a base that predicts what is not trained here.

    Raises:
        TrainingInvalid: It does.
    """
    kind = schedule.config.prediction_type
    if kind not in _AIMS:
        raise TrainingInvalid(reason=f"the base predicts {kind!r}, which is not trained here")


def _noise(batch: Batch, _schedule: Any) -> Tensor:
    return batch.noise


def _velocity(batch: Batch, schedule: Any) -> Tensor:
    velocity: Tensor = schedule.get_velocity(batch.latents, batch.noise, batch.times)
    return velocity


#: What a base was trained to predict, by its schedule's word for it.
_AIMS: dict[str, Callable[[Batch, Any], Tensor]] = {"epsilon": _noise, "v_prediction": _velocity}
