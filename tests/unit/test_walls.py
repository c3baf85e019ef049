"""What must not be loaded where."""

import subprocess
import sys

import pytest

TORCH_FREE = ["producer.cli", "worker.__main__", "worker.supervisor", "worker.pipeline"]


@pytest.mark.parametrize("module", TORCH_FREE)
def test_importing_it_loads_no_torch(module):
    """A producer host has no torch, and a supervisor that loaded it could not pin its children."""
    program = f"import sys, {module}; print(sorted({{'torch', 'diffusers'}} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
