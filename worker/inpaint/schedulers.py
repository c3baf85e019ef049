"""The styles' schedulers as diffusers classes."""

from typing import Any, Final

import torch
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    UniPCMultistepScheduler,
)

from shared.styles import Scheduler

#: Its published types do not know these methods.
_DDIM: Any = DDIMScheduler


class CountedDdim(_DDIM):  # type: ignore[misc]  # a class, though typed Any
    """DDIM that counts its steps: to read each one's time from the device would wait for it."""

    def set_timesteps(self, *args: Any, **fields: Any) -> None:
        """As ever; the times are noted on the host, too."""
        super().set_timesteps(*args, **fields)
        self._times: list[int] = self.timesteps.tolist()
        self._next = 0

    def set_begin_index(self, begin_index: int = 0) -> None:
        """Called by the pipeline: from which step on it runs."""
        self._next = begin_index

    def step(self, model_output: torch.Tensor, _timestep: Any, *args: Any, **fields: Any) -> Any:
        """As ever, for the next of the times."""
        time = self._times[self._next]
        self._next += 1
        return super().step(model_output, time, *args, **fields)


#: Class of each scheduler, and what its name in a style promises beyond the model's own config.
SCHEDULERS: Final[dict[Scheduler, tuple[Any, dict[str, object]]]] = {
    "euler": (EulerDiscreteScheduler, {}),
    "euler_ancestral": (EulerAncestralDiscreteScheduler, {}),
    "ddim": (CountedDdim, {}),
    "dpmsolver++": (DPMSolverMultistepScheduler, {"algorithm_type": "dpmsolver++"}),
    "unipc": (UniPCMultistepScheduler, {}),
}


def build_scheduler(name: Scheduler, config: Any) -> Any:
    """A scheduler under the model's own config.

    What the model was trained with is taken over: betas, prediction type, timestep spacing,
    zero terminal SNR (Lin et al. 2023, arXiv 2305.08891).

    Args:
        name: As in a style.
        config: The config of the scheduler that the model was published with.
    """
    scheduler, promises = SCHEDULERS[name]
    return scheduler.from_config(config, **promises)
