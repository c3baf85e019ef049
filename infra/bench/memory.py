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
#: Pictures, their mode, and their container.
CASES = (
    (1, "RGB", "JPEG"),
    (1, "RGB", "PNG"),
    (1, "RGBA", "PNG"),
    (1, "RGBA", "WEBP"),
    (1, "RGBA", "AVIF"),
    (16, "RGB", "JPEG"),
)
#: How the sources are written: quickly.
OPTIONS: Mapping[str, Mapping[str, object]] = {
    "PNG": {"compress_level": 1},
    "WEBP": {"lossless": True, "quality": 0, "method": 0},
    "AVIF": {"speed": 10},
}


def main() -> None:
    """Run all cases and print their peaks."""
    table = Table("pictures", "mode", "container", "at rest", "peak", "a pixel", "seconds")
    for case in CASES:
        table.add_row(*_case(*case))
    Console().print(table)


def _case(count: int, mode: str, container: str) -> tuple[str, ...]:
    with (
        tempfile.TemporaryDirectory() as folder,
        running_stage(Path(folder), "cpu", SETTINGS) as stage,
    ):
        _render(stage, _picture("RGB", "JPEG", (400, 600)), 1, "warm")
        rest = _peak_bytes(stage)
        large = _picture(mode, container, SIZE)
        started = time.monotonic()
        _render(stage, large, count, "large")
        seconds, peak = time.monotonic() - started, _peak_bytes(stage)
    each = (peak - rest) / (count * SIZE[0] * SIZE[1])
    figures = (f"{rest / 1e9:.2f} GB", f"{peak / 1e9:.2f} GB", f"{each:.1f} bytes")
    return str(count), mode, container, *figures, f"{seconds:.0f}"


def _picture(mode: str, container: str, size: tuple[int, int]) -> bytes:
    drawn = draw(7, (400, 600)).image.resize(size, Image.Resampling.BICUBIC).convert(mode)
    if mode == "RGBA":
        drawn.putalpha(Image.linear_gradient("L").resize(size))
    file = io.BytesIO()
    drawn.save(file, container, **OPTIONS.get(container, {}))
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
