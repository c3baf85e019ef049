"""Which devices this host has, without torch: a parent that touched CUDA could not fork or pin."""

import shutil
import subprocess
from dataclasses import dataclass

from shared.errors import DeviceMissing
from shared.settings import visible_gpus

#: Longest wait for `nvidia-smi -L`.
LISTING_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Device:
    """One GPU, or the CPU, to be owned by exactly one worker process."""

    #: `cpu`, or the GPU's number or UUID as CUDA_VISIBLE_DEVICES takes it.
    name: str

    @property
    def environment(self) -> dict[str, str]:
        """What pins a process to this device; set before the process starts."""
        # An empty value hides every GPU from CUDA.
        return {"CUDA_VISIBLE_DEVICES": "" if self.name == "cpu" else self.name}

    @property
    def torch_name(self) -> str:
        """The device as a pinned process names it: its only GPU is number 0."""
        return "cpu" if self.name == "cpu" else "cuda:0"


def chosen_devices(asked: str) -> list[Device]:
    """The devices that `--devices` asks for.

    Args:
        asked: `all` (every GPU, the CPU where there is none), `cpu`, or names such as `0,1`.

    Raises:
        DeviceMissing: A named device is not on this host.
    """
    if asked == "cpu":
        return [Device("cpu")]
    gpus = list_gpus()
    if asked == "all":
        return [Device(name) for name in gpus] or [Device("cpu")]
    names = [name.strip() for name in asked.split(",") if name.strip()]
    missing = [name for name in names if name not in gpus]
    if missing or not names:
        there = ", ".join([*gpus, "cpu"])
        raise DeviceMissing(device=", ".join(missing) or repr(asked), devices=there)
    return [Device(name) for name in dict.fromkeys(names)]


def list_gpus() -> list[str]:
    """Names of the GPUs that this process may use, from CUDA_VISIBLE_DEVICES or nvidia-smi."""
    given = visible_gpus()
    if given is not None:
        return [name.strip() for name in given.split(",") if name.strip()]
    program = shutil.which("nvidia-smi")
    if program is None:
        return []
    listing = subprocess.run(  # noqa: S603 - a fixed program found on PATH, no foreign arguments
        [program, "-L"], capture_output=True, text=True, timeout=LISTING_SECONDS, check=False
    )
    lines = [line for line in listing.stdout.splitlines() if line.startswith("GPU ")]
    return [line.removeprefix("GPU ").split(":")[0] for line in lines]
