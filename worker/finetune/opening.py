"""Opening: joins the processes that learn together, and sees that they learn alike; torch.

What accelerate takes from its environment counts only where the command line leaves it open.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from accelerate import Accelerator, DistributedType, InitProcessGroupKwargs
from accelerate.utils import gather_object

from shared.errors import TrainingInvalid
from worker.finetune.config import Training

#: How long a process waits for the one that paints, fetches or writes alone; accelerate's own
#: 10 minutes are too short for some hundred pictures of the class.
PATIENCE = timedelta(hours=24)
#: Ways to learn together in which each process holds all weights, as checkpoints need them.
WHOLE = frozenset({DistributedType.NO, DistributedType.MULTI_CPU, DistributedType.MULTI_GPU})


def join(training: Training) -> Accelerator:
    """Join the other processes, where `accelerate launch` started some.

    Raises:
        TrainingInvalid: This host, or what accelerate is configured for, does not fit the flags.
    """
    try:
        accelerator = Accelerator(
            gradient_accumulation_steps=training.gradient_accumulation_steps,
            mixed_precision=training.mixed_precision,
            cpu=training.device == "cpu",
            kwargs_handlers=[InitProcessGroupKwargs(timeout=PATIENCE)],
        )
    except ValueError as error:
        reason = f"accelerate refuses these flags on this host ({str(error).rstrip('.')})"
        raise TrainingInvalid(reason=reason) from error
    refuse_configured(accelerator, training)
    return accelerator


def refuse_configured(accelerator: Accelerator, training: Training) -> None:
    """Refuse what accelerate made of its environment and this host, where it is not the flags'.

    Raises:
        TrainingInvalid: It shards weights, has passes of its own, or half precision without a GPU.
    """
    kind, passes = accelerator.distributed_type, accelerator.gradient_accumulation_steps
    wanted = training.gradient_accumulation_steps
    if kind not in WHOLE:
        reason = f"accelerate is configured for {kind.value}; only data-parallel training is ours"
    elif passes != wanted:
        reason = (
            f"accelerate is configured for --gradient_accumulation_steps {passes}, not {wanted}"
        )
    elif accelerator.mixed_precision == "fp16" and accelerator.device.type == "cpu":
        reason = "fp16 needs a GPU, and there is none here"
    else:
        return
    raise TrainingInvalid(reason=reason)


def refuse_apart(facts: dict[str, Any]) -> None:
    """Refuse to learn together with processes that would learn something else.

    All of them call it; without others it does nothing.

    Raises:
        TrainingInvalid: Some facts differ; in every process.
    """
    if names := apart(gather_object([facts])):
        reason = (
            f"its processes differ in {', '.join(names)}; --output_dir, pictures and models must "
            "be places that all hosts share"
        )
        raise TrainingInvalid(reason=reason)


def apart(every: Sequence[dict[str, Any]]) -> list[str]:
    """Names of the facts in which processes differ from the first."""
    names = sorted({name for facts in every for name in facts})
    return [name for name in names if any(one.get(name) != every[0].get(name) for one in every)]
