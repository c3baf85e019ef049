"""Memory: about what a training takes of a GPU, and what to do where it is too much; torch-free.

An estimate, never a measurement: weights, gradients and the optimizer's state are counted, what the
passes keep is foretold from SD 2's UNet (`python -m infra.bench.training_memory`).
"""

from dataclasses import asdict, dataclass
from typing import Any

from worker.finetune.config import Training

#: CUDA's context and the libraries' workspaces.
CONTEXT_BYTES = 1_000_000_000
#: What a pass keeps for its way back, per pixel of a picture, in half precision; and the same where
#: it is computed again, with the largest block that is in memory meanwhile. Counted: 11,448 and
#: 2,212; half as much again for what autocast keeps in float32, the text encoder and the VAE.
KEPT_BYTES_PER_PIXEL, CHECKPOINTED_BYTES_PER_PIXEL = 17_000, 3_500


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


def remedies(training: Training) -> str:
    """What can still be changed to take less memory, the cheapest first."""
    flags = [
        "--gradient_checkpointing" if not training.gradient_checkpointing else "",
        "--train_batch_size (with --gradient_accumulation_steps instead)"
        if training.train_batch_size > 1
        else "",
        "--mixed_precision fp16" if training.mixed_precision in {None, "no"} else "",
        "--use_8bit_adam" if not training.use_8bit_adam and not training.use_lora else "",
        "--use_lora" if not training.use_lora else "",
        "--resolution",
    ]
    return ", ".join(filter(None, flags))
