"""The studio: the base's parts on their device, in the precision that each needs; torch."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from diffusers import DDPMScheduler

from worker.finetune.adapters import Adapter, choose_adapter
from worker.finetune.config import Training
from worker.finetune.losses import refuse_untrainable
from worker.finetune.student import Student
from worker.models.load import load_pipeline

#: Published types do not know how it is made.
_SCHEDULE: Any = DDPMScheduler

#: Precision of what does not learn.
FROZEN = {"fp16": torch.float16, "bf16": torch.bfloat16}


@dataclass(slots=True)
class Studio:
    """What a training works with."""

    student: Student
    adapter: Adapter
    vae: Any
    tokenizer: Any
    #: The base's own, for painting.
    scheduler: Any

    @classmethod
    def load(cls, directory: Path, training: Training, accelerator: Accelerator) -> "Studio":
        """Load the base and make ready what is to learn.

        Raises:
            ModelInvalid: No inpainting pipeline.
            TrainingInvalid: One that predicts what is not trained here.
            LibraryMissing: The adapter's library is not installed.
        """
        frozen = FROZEN.get(str(accelerator.mixed_precision), torch.float32)
        adapter = choose_adapter(training, frozen)
        pipeline = load_pipeline(directory, accelerator.device, torch.float32)
        refuse_untrainable(pipeline.scheduler)
        student = Student(pipeline.unet, pipeline.text_encoder)
        adapter.attach(student)
        pipeline.vae.requires_grad_(requires_grad=False)
        resting = [pipeline.vae] + ([] if training.train_text_encoder else [student.text_encoder])
        for part in resting if frozen != torch.float32 else ():
            part.to(frozen)
        if training.gradient_checkpointing:
            _checkpoint(student, training)
        return cls(student, adapter, pipeline.vae, pipeline.tokenizer, pipeline.scheduler)

    @property
    def tokens(self) -> int:
        """Tokens of a caption that are read; a tokenizer saved without a limit claims 10^30."""
        positions = self.student.text_encoder.config.max_position_embeddings
        return int(min(self.tokenizer.model_max_length, positions))

    def schedule(self) -> Any:
        """The noise schedule that the base was trained by."""
        return _SCHEDULE.from_config(self.scheduler.config)

    def parts(self) -> dict[str, Any]:
        """Of the pipeline, by their names, as they are now."""
        return {
            "unet": self.student.unet,
            "text_encoder": self.student.text_encoder,
            "vae": self.vae,
            "tokenizer": self.tokenizer,
            "scheduler": self.scheduler,
        }


def _checkpoint(student: Student, training: Training) -> None:
    """Compute activations again on the way back instead of keeping them."""
    student.unet.enable_gradient_checkpointing()
    if training.train_text_encoder:
        student.text_encoder.gradient_checkpointing_enable()
