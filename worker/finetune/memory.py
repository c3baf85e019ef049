"""Memory: about what a training takes of a GPU, and what to do where it is too much; torch-free.

An estimate, never a measurement: weights, gradients and the optimizer's state are counted, what the
passes keep is foretold from SD 2's UNet (`python -m infra.bench.training_memory`).
"""

from dataclasses import asdict, dataclass
from enum import Enum
from typing import Any

from worker.finetune.config import Training

#: CUDA's context and the libraries' workspaces.
CONTEXT_BYTES = 1_000_000_000
#: What a pass keeps for its way back, per pixel of a picture, in half precision; and the same where
#: it is computed again, with the largest block that is in memory meanwhile. Counted: 11,448 and
#: 2,212; half as much again for what autocast keeps in float32, the text encoder and the VAE.
KEPT_BYTES_PER_PIXEL, CHECKPOINTED_BYTES_PER_PIXEL = 17_000, 3_500


class Act(Enum):
    """What memory is needed for."""

    LEARN = "learn"
    PAINT = "paint"
    FIND = "find masks"


@dataclass(frozen=True, slots=True)
class Footprint:
    """Bytes of a GPU."""

    weights: int
    gradients: int
    optimizer: int
    activations: int

    @property
    def total(self) -> int:
        """All of it, with what CUDA itself takes."""
        return CONTEXT_BYTES + int(sum(asdict(self).values()))

    def told(self) -> dict[str, Any]:
        """For the card; every figure in bytes."""
        return {**asdict(self), "total": self.total, "measured": False}


def footprint(training: Training, learned: int, frozen: int, *, half: bool) -> Footprint:
    """About what a training takes.

    Args:
        training: Its flags.
        learned: Weights that learn.
        frozen: Weights that do not.
        half: Whether passes run in half precision.
    """
    rows = training.train_batch_size * (2 if training.with_prior_preservation else 1)
    kept = CHECKPOINTED_BYTES_PER_PIXEL if training.gradient_checkpointing else KEPT_BYTES_PER_PIXEL
    # Learning weights are float32, with a copy in half precision during a pass.
    return Footprint(
        weights=learned * (6 if half else 4) + frozen * (2 if half else 4),
        gradients=4 * learned,
        optimizer=learned * (2 if training.use_8bit_adam else 8),
        activations=rows * training.resolution**2 * kept * (1 if half else 2),
    )


def remedies(training: Training, act: Act, *, gpu: bool) -> str:
    """What can still be changed to take less memory, the cheapest first.

    Args:
        training: Its flags.
        act: What there was too little memory for.
        gpu: Whether it is a GPU's.
    """
    if act is Act.FIND:
        return "masks beside the pictures instead of --segmenter_name_or_path"
    going_on, anew = (_painting if act is Act.PAINT else _learning)(training)
    halves = ["--mixed_precision fp16"] if gpu and training.mixed_precision in {None, "no"} else []
    fresh = f"begin anew with {', '.join([*halves, *anew, '--resolution'])}"
    if not going_on:
        return fresh
    return f"{', '.join(going_on)}, going on with --resume_from_checkpoint latest; or {fresh}"


def _learning(training: Training) -> tuple[list[str], list[str]]:
    """Settings that need less: those that may change on the way, and the others."""
    plain = not training.gradient_checkpointing
    going_on = ["--gradient_checkpointing"] if plain else []
    if training.train_batch_size > 1:
        going_on.append("--train_batch_size (as much more of --gradient_accumulation_steps)")
    full = not training.use_lora
    anew = ["--use_8bit_adam"] if full and not training.use_8bit_adam else []
    return going_on, anew + (["--use_lora"] if full else [])


def _painting(training: Training) -> tuple[list[str], list[str]]:
    return (["--sample_batch_size"] if training.sample_batch_size > 1 else []), []
