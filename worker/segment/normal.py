"""Pictures as a segmenter wants them: on its device, in its precision, normalised per channel."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from worker.segment.geometry import SegmenterGeometry


class Normaliser:
    """Normalises pictures for one model."""

    def __init__(self, model: Any, geometry: SegmenterGeometry) -> None:
        """Take the model's device and precision, and its mean and deviation per channel."""
        self._model = model
        self._mean = self._channels(geometry.mean)
        self._std = self._channels(geometry.std)

    def __call__(self, pictures: NDArray[np.uint8]) -> torch.Tensor:
        """From n x side x side x 3, 0 to 255, to n x 3 x side x side."""
        pixels = torch.from_numpy(pictures).to(self._model.device).permute(0, 3, 1, 2)
        normal: torch.Tensor = (pixels.float() / 255 - self._mean) / self._std
        return normal.to(self._model.dtype)

    def _channels(self, values: tuple[float, float, float]) -> torch.Tensor:
        return torch.tensor(values, device=self._model.device).view(1, 3, 1, 1)
