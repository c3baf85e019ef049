"""Tiny untrained models, built once per session."""

from pathlib import Path

import pytest

from tests import tiny_models as builders


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """The machine is shared by all tests that run at once."""
    builders.torch.set_num_threads(1)


@pytest.fixture(scope="session")
def tiny_segmenter(tmp_path_factory) -> Path:
    """Directory of a tiny CLIPSeg; read only."""
    return builders.build_segmenter(tmp_path_factory.mktemp("segmenter"))


@pytest.fixture(scope="session")
def tiny_painter(tmp_path_factory) -> Path:
    """Directory of a tiny inpainting pipeline; read only."""
    return builders.build_painter(tmp_path_factory.mktemp("painter"))
