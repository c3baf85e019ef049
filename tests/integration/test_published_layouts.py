"""Directories laid out exactly as the default models are published load and work, full size."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from infra.bench import published_models
from shared.packing.layout import problem
from worker.inpaint.protocol import InpaintRequest
from worker.models.load import load_painter, load_segmenter
from worker.segment.geometry import segmenter_geometry
from worker.segment.protocol import SegmentRequest

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1_800)]


@pytest.fixture
def folder(tmp_path):
    """A folder whose gigabytes are gone after the test."""
    folder: Path = tmp_path / "models"
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


def test_the_published_painter_paints_two_steps_at_512_px(folder):
    """SD 2 inpainting at full size: both sets of weights are found, and a picture comes out."""
    directory = published_models.build_painter(folder)
    assert problem(directory) == ""
    published_models.rename_to_variant(directory)
    rng = np.random.default_rng(0)
    mask = np.zeros((512, 512), np.uint8)
    mask[128:384, 160:352] = 255
    request = InpaintRequest(
        model=str(directory),
        picture=rng.integers(0, 256, (512, 512, 3), dtype=np.uint8),
        mask=mask,
        prompt="a red striped skirt",
        negative_prompt="blurry",
        steps=2,
    )
    [painted] = load_painter(directory, "cpu").paint([request])
    assert (painted.shape, painted.dtype) == ((512, 512, 3), np.uint8)
    assert painted.std() > 0


def test_the_published_segmenter_answers_at_352_px(folder):
    """CLIPSeg rd64 refined at full size: geometry, several prompts, one picture."""
    directory = published_models.build_segmenter(folder)
    geometry = segmenter_geometry(directory)
    assert (geometry.side, geometry.fill) == (352, (124, 116, 104))
    picture = np.random.default_rng(0).integers(0, 256, (352, 352, 3), dtype=np.uint8)
    request = SegmentRequest(model=str(directory), picture=picture, prompts=("dress", "hair"))
    [logits] = load_segmenter(directory, "cpu").segment([request])
    assert (logits.shape, logits.dtype) == ((2, 352, 352), np.float32)
