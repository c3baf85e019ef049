"""What this host has: Python, torch and its device, free disk."""

import importlib.util
import json
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.filesize import decimal

from producer.doctor.check import Check, fail, ok, warn
from shared.references import Hub
from shared.settings import cache_path, child_environment

#: The versions that the tests run on.
OLDEST_PYTHON = (3, 11)

#: Longest wait for a child that imports torch, in seconds; a cold disk takes its time.
TORCH_SECONDS = 120.0
#: Below this much memory a device cannot hold the default models, in bytes.
SMALL_DEVICE_BYTES = 4_000_000_000

#: Below this much free disk at a cache, the next model may not fit; and nothing will; in bytes.
LOW_DISK_BYTES = 10_000_000_000
FULL_DISK_BYTES = 1_000_000_000

#: Run by a child: the doctor's own process must stay free of torch.
_TORCH_PROBE = """
import json, torch
devices = []
if torch.cuda.is_available():
    for number in range(torch.cuda.device_count()):
        free, total = torch.cuda.mem_get_info(number)
        name = torch.cuda.get_device_name(number)
        devices.append({"name": name, "free_bytes": free, "total_bytes": total})
print(json.dumps({"version": torch.__version__, "cuda": torch.version.cuda, "devices": devices}))
"""


@dataclass(frozen=True, slots=True)
class Gpu:
    """A CUDA device as torch sees it."""

    name: str
    free_bytes: int
    total_bytes: int

    def __str__(self) -> str:
        return f"{self.name} ({decimal(self.free_bytes)} of {decimal(self.total_bytes)} free)"


def check_python() -> Iterator[Check]:
    """The interpreter's version."""
    finding = f"{platform.python_version()} at {sys.executable}"
    if sys.version_info < OLDEST_PYTHON:
        oldest = ".".join(map(str, OLDEST_PYTHON))
        yield fail("python", f"{finding}; {oldest} is the oldest", f"python{oldest} -m venv .venv")
    else:
        yield ok("python", finding)


def check_torch() -> Iterator[Check]:
    """Whether torch, its CUDA build and the driver fit together, and the devices' memory."""
    if importlib.util.find_spec("torch") is None:
        yield ok("torch", "not installed, which is fine on a host without workers")
        return
    probe = _ask_torch()
    if isinstance(probe, str):
        yield fail("torch", f"it cannot be imported: {probe}", "pip install 'restyle[worker]'")
        return
    gpus = [Gpu(**fields) for fields in probe["devices"]]
    yield _torch_verdict(probe["version"], probe["cuda"] or "", gpus)
    for gpu in gpus:
        yield _gpu_verdict(gpu)


def _ask_torch() -> dict[str, Any] | str:
    """What torch says of itself, or the last line of why it does not."""
    command = [sys.executable, "-c", _TORCH_PROBE]
    try:
        child = subprocess.run(  # noqa: S603 - our own interpreter on our own text
            command,
            capture_output=True,
            text=True,
            timeout=TORCH_SECONDS,
            check=True,
            env=child_environment(),
        )
    except subprocess.TimeoutExpired:
        return f"no answer within {TORCH_SECONDS:.0f} s"
    except subprocess.CalledProcessError as error:
        return str(error.stderr).strip().rpartition("\n")[2] or f"exit status {error.returncode}"
    answer: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return answer


def _torch_verdict(version: str, cuda: str, gpus: list[Gpu]) -> Check:
    has_driver = shutil.which("nvidia-smi") is not None
    if gpus:
        return ok("torch", f"{version} for CUDA {cuda}, {len(gpus)} device(s)")
    if cuda and has_driver:
        finding = f"{version} is built for CUDA {cuda}, but no device answers"
        return fail("torch", finding, "nvidia-smi")
    if has_driver:
        finding = f"{version} is a CPU build on a host with an NVIDIA driver"
        return warn("torch", finding, "pip install --force-reinstall torch")
    return ok("torch", f"{version} on the CPU: it works, at minutes per picture")


def _gpu_verdict(gpu: Gpu) -> Check:
    if gpu.total_bytes < SMALL_DEVICE_BYTES:
        return warn("device", f"{gpu} is too small for the default models", "nvidia-smi")
    if gpu.free_bytes < SMALL_DEVICE_BYTES:
        return warn("device", f"{gpu}: others use most of it", "nvidia-smi")
    return ok("device", str(gpu))


def check_disk() -> Iterator[Check]:
    """Free disk where models are kept."""
    caches = {Hub.from_environment().cache: "hf cache prune", cache_path(): "du -sh {path}"}
    for path, command in caches.items():
        yield _disk_verdict(path, command.format(path=path))


def _disk_verdict(path: Path, command: str) -> Check:
    there = next(folder for folder in (path, *path.parents) if folder.exists())
    free_bytes = shutil.disk_usage(there).free
    finding = f"{decimal(free_bytes)} free at {path}"
    if free_bytes < FULL_DISK_BYTES:
        return fail("disk", finding, command)
    if free_bytes < LOW_DISK_BYTES:
        return warn("disk", f"{finding}; a model may not fit", command)
    return ok("disk", finding)
