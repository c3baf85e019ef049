"""Memory: what a worker's process takes at the limits, beside what it takes at rest.

    python -m infra.bench.memory

A real worker with the demo's models renders pictures of 64 megapixels; its peak is the kernel's
own figure (VmHWM). `worker.sources.BYTES_PER_PIXEL` comes from here.
"""

import io
import re
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from PIL import Image
from rich.console import Console
from rich.table import Table

from infra.demo.catalogue import draw
from infra.demo.stage import BUCKET, Stage, running_stage

MODELS = Path(__file__).parents[1] / "demo" / "models"
#: Width and height at the limit of 64 megapixels.
SIZE = (6_500, 9_840)
SETTINGS = {"RESTYLE_LEASE_SECONDS": "120"}
#: Pictures, their container, and the settings that they run under.
CASES: tuple[tuple[int, str, Mapping[str, str]], ...] = (
    (1, "JPEG", {}),
    (1, "PNG", {}),
    (2, "JPEG", {"RESTYLE_MAX_MEMORY_BYTES": "100000000000"}),
    (3, "JPEG", {"RESTYLE_MAX_MEMORY_BYTES": "100000000000"}),
    (8, "JPEG", {}),
    (16, "JPEG", {}),
)


def main() -> None:
    """Run all cases and print their peaks."""
    table = Table("pictures", "container", "settings", "at rest", "peak", "a pixel", "seconds")
    for count, container, settings in CASES:
        table.add_row(*_case(count, container, settings))
    Console().print(table)


def _case(count: int, container: str, settings: Mapping[str, str]) -> tuple[str, ...]:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stage(Path(folder), "cpu", {**SETTINGS, **settings}) as stage,
    ):
        _render(stage, _picture(container, (400, 600)), 1, "warm")
        rest = _peak_bytes(stage)
        started = time.monotonic()
        _render(stage, _picture(container, SIZE), count, "large")
        seconds, peak = time.monotonic() - started, _peak_bytes(stage)
    each = (peak - rest) / (count * SIZE[0] * SIZE[1])
    told = ", ".join(f"{name}={value}" for name, value in settings.items()) or "default"
    figures = (f"{rest / 1e9:.2f} GB", f"{peak / 1e9:.2f} GB", f"{each:.1f} bytes")
    return str(count), container, told, *figures, f"{seconds:.0f}"


def _picture(container: str, size: tuple[int, int]) -> bytes:
    drawn = draw(7, (400, 600)).image.resize(size, Image.Resampling.BICUBIC)
    file = io.BytesIO()
    drawn.save(file, container, **({"compress_level": 1} if container == "PNG" else {}))
    return file.getvalue()


def _render(stage: Stage, body: bytes, count: int, name: str) -> None:
    shelf = stage.bucket / name
    shelf.mkdir()
    for number in range(count):
        (shelf / f"{number}.jpg").write_bytes(body)
    style = stage.folder / "style.yaml"
    style.write_text(
        f"mask: the person\npaint: a red dress\nworking_size: 128\nsteps: 4\nmask_max_area: 1\n"
        f"segmenter: {MODELS}/clipseg\npainter: {MODELS}/inpaint\n"
    )
    where = ("--manifest", f"s3://{BUCKET}/{name}/", "--style", str(style), "--batch-id", name)
    if stage.restyle("submit", *where, "--watch") != 0:
        raise SystemExit("the pictures were not all rendered")


def _peak_bytes(stage: Stage) -> int:
    """The peak of the process that owns the device: the supervisor's child."""
    if stage.worker is None:
        raise SystemExit("there is no worker")
    task = Path(f"/proc/{stage.worker.pid}/task/{stage.worker.pid}/children")
    return max(_high_water(int(pid)) for pid in task.read_text().split())


def _high_water(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) * 1024 if found else 0


if __name__ == "__main__":
    main()
