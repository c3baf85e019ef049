"""The diffusers pipeline with guidance for each row: requests of different scales share a call."""

from typing import Any

import torch
from diffusers import StableDiffusionInpaintPipeline

#: Its published types know neither its properties nor its mixed-in methods.
_PIPELINE: Any = StableDiffusionInpaintPipeline


class RowGuidedPipeline(_PIPELINE):  # type: ignore[misc]  # a class, though typed Any
    """`guidance_scale` may be a tensor, n x 1 x 1 x 1, of scales above 1; a number is as ever."""

    @property
    def do_classifier_free_guidance(self) -> bool:
        """Whether each step also asks what the picture would be without the words."""
        if isinstance(self._guidance_scale, torch.Tensor):
            # To compare its values would wait for the device, in each step.
            return True
        return bool(super().do_classifier_free_guidance)


def row_guided(pipeline: Any) -> RowGuidedPipeline:
    """The same pipeline, its models shared, that takes guidance by row."""
    return RowGuidedPipeline(**pipeline.components, requires_safety_checker=False)


def guidance_rows(scales: list[float], device: torch.device) -> torch.Tensor | float:
    """What the pipeline takes as `guidance_scale` for a call's rows.

    Args:
        scales: One a row; all above 1, or all 1, which switches guidance off.
        device: Where the pipeline is.
    """
    if min(scales) <= 1:
        return 1.0
    return torch.tensor(scales, dtype=torch.float32, device=device).view(-1, 1, 1, 1)
