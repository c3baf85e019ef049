"""The student: UNet and text encoder as one module, and what it answers; torch."""

from typing import Any

import torch
from torch import Tensor, nn


class Student(nn.Module):
    """The parts that may learn; one module, so that gradients of several processes meet in one."""

    def __init__(self, unet: Any, text_encoder: Any) -> None:
        super().__init__()
        self.unet = unet
        self.text_encoder = text_encoder

    def forward(self, latents: Tensor, times: Tensor, words: Tensor) -> Tensor:
        """The prediction: n x 4 x side x side.

        Args:
            latents: n x 9 x side x side: noisy picture, mask, masked picture.
            times: n of the schedule's.
            words: n x tokens.
        """
        states = self.text_encoder(words)[0]
        answer: Tensor = self.unet(latents, times, states.to(latents.dtype)).sample
        return answer

    def learned(self) -> dict[str, Tensor]:
        """Everything that is trained, by name."""
        return {
            name: weight.detach()
            for name, weight in self.named_parameters()
            if weight.requires_grad
        }

    @torch.no_grad()
    def recall(self, weights: dict[str, Tensor]) -> None:
        """Put back what `learned` gave.

        Raises:
            KeyError: A weight is missing.
        """
        for name, weight in self.learned().items():
            weight.copy_(weights[name])
