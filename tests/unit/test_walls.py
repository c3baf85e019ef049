"""What must not be loaded where."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ENDPOINT = Path(__file__).parents[2] / "worker" / "endpoint" / "inference.py"
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
    """Limits, formats and errors are those of `shared.pictures.header`, for results of ours too.

    The program of an endpoint stands alone: its container has nothing of ours.
    """
    root = Path(__file__).parents[2]
    rooms = [path for name in ("shared", "worker") for path in (root / name).rglob("*.py")]
    opening = [path for path in rooms if "Image.open(" in path.read_text()]
    assert sorted(opening) == [root / "shared" / "pictures" / "header.py", ENDPOINT]


def test_the_program_of_an_endpoint_stands_alone():
    """Its container has these libraries and nothing of Restyle."""
    nodes = list(ast.walk(ast.parse(ENDPOINT.read_text())))
    whole = [name.name for node in nodes if isinstance(node, ast.Import) for name in node.names]
    parts = [str(node.module) for node in nodes if isinstance(node, ast.ImportFrom)]
    rooms = {name.partition(".")[0] for name in whole + parts}
    assert rooms - sys.stdlib_module_names == {"torch", "diffusers", "numpy", "PIL"}
