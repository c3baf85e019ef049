"""The optimizer: AdamW, or its 8-bit form where bitsandbytes is installed; torch."""

from collections.abc import Iterable
from typing import Any

import torch

from shared.errors import LibraryMissing
from worker.finetune.config import Training


def build_optimizer(training: Training, weights: Iterable[torch.nn.Parameter]) -> Any:
    """The optimizer that the flags name.

    Raises:
        LibraryMissing: bitsandbytes is asked for and not installed.
    """
    return _class(training)(
        [weight for weight in weights if weight.requires_grad],
        lr=training.learning_rate,
        betas=(training.adam_beta1, training.adam_beta2),
        weight_decay=training.adam_weight_decay,
        eps=training.adam_epsilon,
    )


def _class(training: Training) -> Any:
    if not training.use_8bit_adam:
        return torch.optim.AdamW
    try:
        import bitsandbytes  # noqa: PLC0415 - made for GPUs, and only this flag needs it
    except ImportError as error:
        facts = {"flag": "--use_8bit_adam", "library": "bitsandbytes", "package": "bitsandbytes"}
        raise LibraryMissing(**facts) from error
    return bitsandbytes.optim.AdamW8bit
