"""Models paint in these tests."""

import pytest

from tests import tiny_models as builders


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """The machine is shared by all tests that run at once."""
    builders.torch.set_num_threads(1)
