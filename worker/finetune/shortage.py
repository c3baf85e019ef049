"""Shortage: too little memory becomes one sentence with the settings that need less; torch."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from shared.errors import TrainingOutOfMemory
from worker.finetune.config import Training
from worker.finetune.memory import Act, remedies
from worker.models import device_errors


@contextmanager
def shortage_told(
    training: Training, device: torch.device, act: Act, step: Callable[[], int] = lambda: 0
) -> Iterator[None]:
    """Tell what to change where the memory is too small for an act.

    Args:
        training: Its flags, the precision as it is.
        device: Whose memory it is.
        act: What is done meanwhile.
        step: Tells the step that is under way; 0 before the first.

    Raises:
        TrainingOutOfMemory: It is too small.
    """
    try:
        yield
    except Exception as error:
        if not device_errors.is_out_of_memory(error):
            raise
        settings = remedies(training, act, gpu=device.type != "cpu")
        facts = {"device": device, "act": act.value, "step": step()}
        raise TrainingOutOfMemory(**facts, settings=settings) from error
