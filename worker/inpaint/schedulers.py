"""The styles' schedulers as diffusers classes."""

from typing import Any, Final

from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    UniPCMultistepScheduler,
)

from shared.styles import Scheduler

#: Class of each scheduler, and what its name in a style promises beyond the model's own config.
SCHEDULERS: Final[dict[Scheduler, tuple[Any, dict[str, object]]]] = {
    "euler": (EulerDiscreteScheduler, {}),
    "euler_ancestral": (EulerAncestralDiscreteScheduler, {}),
    "ddim": (DDIMScheduler, {}),
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
