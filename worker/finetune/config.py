"""The flags of a training, named as in the DreamBooth script that the field knows; torch-free.

Nothing is read from the environment: what decides the weights is on the command line.
"""

import re
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict
from pydantic_settings.exceptions import SettingsError

from shared.errors import TrainingInvalid
from shared.wording import in_one_sentence, problems
from worker.finetune.words import rare_words, token_problem, without

Schedule = Literal[
    "constant", "constant_with_warmup", "linear", "cosine", "cosine_with_restarts", "polynomial"
]
Precision = Literal["no", "fp16", "bf16"]

#: Sides of pictures and latents halve several times on their way through the model.
SIDE_STEP = 64
#: What SageMaker writes behind a switch, and what it means.
SWITCHES = {"True": True, "False": False}
#: Flags that a training which is gone on with may change: they decide no step that is done.
FREE = frozenset(
    {
        "output_dir",
        "resume_from_checkpoint",
        "max_train_steps",
        "checkpointing_steps",
        "checkpoints_total_limit",
        "sample_batch_size",
        "validation_prompt",
        "validation_steps",
        "num_validation_images",
        "gradient_checkpointing",
        "device",
        # Their content counts, wherever it lies.
        "pretrained_model_name_or_path",
        "instance_data_dir",
        "class_data_dir",
    }
)
#: Flags that mean something beside another one only.
IDLE_WITHOUT = {
    "rank": "use_lora",
    "class_data_dir": "with_prior_preservation",
    "num_class_images": "with_prior_preservation",
    "prior_loss_weight": "with_prior_preservation",
    "mask_prompt": "segmenter_name_or_path",
}


class Training(BaseSettings):
    """Teach an inpainting model a style from a dozen pictures (DreamBooth).

    On several GPUs: `accelerate launch -m worker.finetune` with the same flags.
    """

    model_config = SettingsConfigDict(
        frozen=True,
        extra="forbid",
        cli_prog_name="restyle-worker finetune",
        cli_implicit_flags=True,
        cli_enforce_required=True,
        cli_hide_none_type=True,
        cli_avoid_json=True,
        cli_exit_on_error=False,
    )

    pretrained_model_name_or_path: str = Field(description="Model reference of the base.")
    instance_data_dir: str = Field(
        description="Folder or s3:// prefix with the pictures; NAME.txt or metadata.jsonl beside "
        "them has captions, NAME.mask.png a mask (white is repainted)."
    )
    instance_prompt: str = Field(description="Caption of pictures without one; has the token.")
    output_dir: Path = Field(description="Where checkpoints, samples and the model go.")

    token: str | None = Field(
        None,
        description="The rare word; by default the one word that --class_prompt does not say.",
    )
    class_prompt: str | None = Field(None, description="What the pictures show, without the token.")
    class_data_dir: str | None = Field(
        None,
        description="Folder or s3:// prefix with pictures of the class; missing ones are painted "
        "into the folder, which need not be there yet.",
    )
    with_prior_preservation: bool = Field(default=False, description="Keep the class what it was.")
    prior_loss_weight: float = Field(1.0, ge=0, le=100, description="Weight of that loss.")
    num_class_images: int = Field(100, ge=1, le=10_000, description="Pictures of the class.")

    segmenter_name_or_path: str | None = Field(
        None,
        description="Model reference of a segmenter that finds masks for pictures without one. By "
        "default none does, and their masks are random, as in a quarter of the draws always.",
    )
    mask_prompt: str | None = Field(None, description="What it looks for; else the class prompt.")

    resolution: int = Field(512, ge=SIDE_STEP, le=2_048, description="Side that is trained, in px.")
    center_crop: bool = Field(default=False, description="Crop the middle, not anywhere.")
    train_text_encoder: bool = Field(default=False, description="Train the text encoder too.")
    use_lora: bool = Field(
        default=False, description="Train low-rank adapters (LoRA), not all weights."
    )
    rank: int = Field(16, ge=1, le=1_024, description="Rank of the adapters.")
    train_batch_size: int = Field(1, ge=1, le=256, description="Pictures in a step, per device.")
    gradient_accumulation_steps: int = Field(1, ge=1, le=1_024, description="Passes in a step.")
    gradient_checkpointing: bool = Field(
        default=False, description="Less memory, a fifth more time."
    )
    mixed_precision: Precision | None = Field(None, description="By default what accelerate says.")
    device: Literal["auto", "cpu"] = Field("auto", description="cpu leaves GPUs alone.")

    learning_rate: float = Field(5e-6, gt=0, le=1, description="5e-6; 1e-4 suits LoRA.")
    lr_scheduler: Schedule = Field("constant", description="How the rate goes on.")
    lr_warmup_steps: int = Field(0, ge=0, description="Steps until the full rate.")
    max_train_steps: int = Field(800, ge=1, le=1_000_000, description="Steps in all.")
    use_8bit_adam: bool = Field(
        default=False, description="A quarter of the optimizer's memory (bitsandbytes)."
    )
    adam_beta1: float = Field(0.9, ge=0, lt=1, description="Of the optimizer.")
    adam_beta2: float = Field(0.999, ge=0, lt=1, description="Of the optimizer.")
    adam_weight_decay: float = Field(1e-2, ge=0, le=1, description="Of the optimizer.")
    adam_epsilon: float = Field(1e-8, gt=0, le=1, description="Of the optimizer.")
    max_grad_norm: float = Field(1.0, gt=0, description="Longer gradients are shortened.")
    seed: int = Field(0, ge=0, lt=2**32, description="Decides every draw.")

    checkpointing_steps: int = Field(500, ge=1, description="Steps between checkpoints.")
    checkpoints_total_limit: int = Field(2, ge=1, description="Checkpoints that are kept.")
    resume_from_checkpoint: str | None = Field(None, description="latest, or checkpoint-N.")
    sample_batch_size: int = Field(4, ge=1, le=64, description="Pictures painted at a time.")
    validation_prompt: str | None = Field(None, description="Of samples; else the instance's.")
    validation_steps: int = Field(100, ge=1, description="Steps between sample sheets.")
    num_validation_images: int = Field(4, ge=1, le=16, description="Pictures on a sheet.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],  # noqa: ARG003 - the library's signature
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - likewise
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The command line and nothing else."""
        return (init_settings,)

    @classmethod
    def parse(cls, arguments: list[str]) -> Self:
        """The training of a command line; `--help` prints and ends.

        Raises:
            TrainingInvalid: A flag that is unknown, missing or out of range.
        """
        try:
            return cls(_cli_parse_args=_joined(arguments))
        except ValidationError as error:
            reason = in_one_sentence(problems(error, cls.model_fields))
        except SettingsError as error:
            reason = str(error).removeprefix("error parsing CLI: ")
        raise TrainingInvalid(reason=reason)

    @model_validator(mode="after")
    def _is_heeded(self) -> Self:
        if self.device == "cpu" and self.mixed_precision == "fp16":
            raise ValueError("--mixed_precision fp16 needs a GPU")
        if self.lr_warmup_steps and self.lr_scheduler == "constant":
            raise ValueError(
                "--lr_warmup_steps means nothing to --lr_scheduler constant; "
                "constant_with_warmup heeds it"
            )
        for flag, needed in IDLE_WITHOUT.items():
            if flag in self.model_fields_set and not getattr(self, needed):
                raise ValueError(f"--{flag} does nothing without --{needed}")
        return self

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if self.resolution % SIDE_STEP:
            raise ValueError(f"--resolution must be a multiple of {SIDE_STEP}")
        if re.match("[a-z][a-z0-9]+:/", str(self.output_dir)):
            raise ValueError(
                "--output_dir is a folder of this host; `restyle models push` brings models to S3"
            )
        if self.with_prior_preservation and not self.class_prompt:
            raise ValueError("--with_prior_preservation needs --class_prompt")
        if reason := token_problem(self.token, self.instance_prompt, self.class_prompt):
            raise ValueError(reason)
        return self

    @property
    def rare_words(self) -> str:
        """The token: as given, or the word of the instance prompt that the class prompt lacks."""
        return self.token or " ".join(rare_words(self.instance_prompt, self.class_prompt or ""))

    @property
    def sought(self) -> str:
        """What a segmenter looks for."""
        plain = without(self.instance_prompt, self.rare_words)
        return self.mask_prompt or self.class_prompt or plain

    def deciding(self) -> dict[str, object]:
        """The flags that decide what a step does; `resuming` knows which may still change."""
        return self.model_dump(mode="json", exclude=set(FREE))


def _joined(arguments: list[str]) -> list[str]:
    """`--flag True` as `--flag`, and False as `--no-flag`: SageMaker gives every flag a value."""
    joined: list[str] = []
    for argument in arguments:
        last = joined[-1] if joined else ""
        if argument in SWITCHES and last.startswith("--") and "=" not in last:
            bare = last.removeprefix("--")
            joined[-1] = last if SWITCHES[argument] else f"--no-{bare}"
        else:
            joined.append(argument)
    return joined
