"""What must not be loaded where."""

import subprocess
import sys
from pathlib import Path

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


def test_one_room_opens_pictures_with_pillow():
    """Limits, formats and errors are those of `shared.pictures.header`, for results of ours too."""
    root = Path(__file__).parents[2]
    rooms = [path for name in ("shared", "worker") for path in (root / name).rglob("*.py")]
    opening = [path for path in rooms if "Image.open(" in path.read_text()]
    assert opening == [root / "shared" / "pictures" / "header.py"]
