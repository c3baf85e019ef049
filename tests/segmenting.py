"""What segmenters are asked in tests, and how near to the models' own answers theirs must be."""

import numpy as np
import torch

from tests.tiny_models import SIDE
from worker.segment.geometry import segmenter_geometry
from worker.segment.protocol import SegmentRequest

#: Largest difference of logits between ways to batch, as a share of their spread.
TOLERANCE = 1e-4


def request(seed, *prompts):
    """A request with a random picture."""
    picture = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
    return SegmentRequest(model="tiny", picture=picture, prompts=prompts)


def assert_close(ours, theirs):
    """Equal up to rounding."""
    np.testing.assert_allclose(ours, theirs, atol=TOLERANCE * float(np.std(theirs)))


def plain_pixels(directory, asked):
    """A request's picture as the processor of a directory says: 1 x 3 x side x side, float32."""
    geometry = segmenter_geometry(directory)
    pixels = (asked.picture / np.float32(255) - np.array(geometry.mean)) / np.array(geometry.std)
    return torch.tensor(pixels, dtype=torch.float32).permute(2, 0, 1)[None]
