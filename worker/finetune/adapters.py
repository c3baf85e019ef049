"""Adapters: which weights learn, all of them or low-rank ones beside them; torch.

LoRA: Hu et al. 2021, arXiv 2106.09685. The loop is the same for both.
"""

from typing import Any, Protocol

import torch

from shared.errors import LibraryMissing
from worker.finetune.config import Training
from worker.finetune.student import Student

#: The projections of attention that get low-rank weights.
UNET_TARGETS = ["to_q", "to_k", "to_v", "to_out.0"]
TEXT_TARGETS = ["q_proj", "k_proj", "v_proj", "out_proj"]


class Adapter(Protocol):
    """Decides what learns, and leaves whole parts when it is done."""

    def attach(self, student: Student) -> None:
        """Make weights learn; everything else is frozen."""

    def merge(self, student: Student) -> None:
        """Make the parts ordinary ones that hold what was learned."""


class FullWeights:
    """All weights learn."""

    def __init__(self, *, text: bool) -> None:
        self._text = text

    def attach(self, student: Student) -> None:
        """See `Adapter.attach`."""
        student.requires_grad_(requires_grad=False)
        student.unet.requires_grad_(requires_grad=True)
        student.text_encoder.requires_grad_(requires_grad=self._text)

    def merge(self, student: Student) -> None:
        """See `Adapter.merge`; they hold it already."""


class LowRank:
    """Low-rank weights beside the projections of attention learn."""

    def __init__(self, rank: int, *, text: bool, frozen: torch.dtype = torch.float32) -> None:
        """Refuse early where the library is not there.

        Args:
            rank: Of the adapters.
            text: Whether the text encoder gets some too.
            frozen: Precision of all that does not learn.

        Raises:
            LibraryMissing: peft is not installed.
        """
        try:
            import peft  # noqa: PLC0415 - only this adapter needs it
        except ImportError as error:
            facts = {"flag": "--use_lora", "library": "peft", "package": "'restyle[finetune]'"}
            raise LibraryMissing(**facts) from error
        self._peft: Any = peft
        self._rank, self._text, self._frozen = rank, text, frozen
        self._tuners: dict[str, Any] = {}

    def attach(self, student: Student) -> None:
        """See `Adapter.attach`."""
        student.requires_grad_(requires_grad=False)
        student.to(self._frozen)
        self._tuners["unet"] = self._tuned(student.unet, UNET_TARGETS)
        if self._text:
            self._tuners["text_encoder"] = self._tuned(student.text_encoder, TEXT_TARGETS)
        for weight in student.parameters():
            if weight.requires_grad:
                weight.data = weight.data.float()

    def merge(self, student: Student) -> None:
        """See `Adapter.merge`."""
        for name, tuner in self._tuners.items():
            setattr(student, name, tuner.merge_and_unload())

    def _tuned(self, part: Any, targets: list[str]) -> Any:
        config = self._peft.LoraConfig(
            r=self._rank,
            lora_alpha=self._rank,
            init_lora_weights="gaussian",
            target_modules=targets,
        )
        return self._peft.LoraModel(part, {"default": config}, "default")


def choose_adapter(training: Training, frozen: torch.dtype) -> Adapter:
    """The adapter that the flags name.

    Args:
        training: The flags.
        frozen: Precision of what does not learn beside low-rank weights.

    Raises:
        LibraryMissing: Its library is not installed.
    """
    if training.use_lora:
        return LowRank(training.rank, text=training.train_text_encoder, frozen=frozen)
    return FullWeights(text=training.train_text_encoder)
