"""Fine-tuning: what it is given, and what ends it."""

from shared.errors.base import RestyleError


class TrainingError(RestyleError):
    """A fine-tuning that cannot begin or go on."""


class TrainingInvalid(TrainingError):
    """A flag of `restyle-worker finetune`, or two of them together, mean nothing."""

    code = "training_invalid"
    sentence = "The fine-tuning cannot begin: {reason}."
    hint = "`restyle-worker finetune --help` shows every flag."


class LibraryMissing(TrainingError):
    """A flag needs a library that is not installed here."""

    code = "library_missing"
    sentence = "{flag} needs {library}, which is not installed on this host."
    hint = "Install it (`pip install {package}`), or leave {flag} out."


class InstancesTooFew(TrainingError):
    """Fewer pictures than a style can be told from."""

    code = "instances_too_few"
    sentence = "{place} holds {count} picture(s); fine-tuning needs at least {least}."
    hint = "Give a dozen photos of the line, on different people and grounds, to learn what stays."


class InstancesUnusable(TrainingError):
    """Some pictures, captions or masks cannot be read; nothing was trained."""

    code = "instances_unusable"
    sentence = "{count} of the {total} pictures in {place} cannot be used: {reason}."
    hint = "Replace or remove the named files; their masks must have the pictures' size."


class CompanionsUnusable(TrainingError):
    """Captions or masks that belong to no picture or to several, or cannot be read."""

    code = "companions_unusable"
    sentence = "{count} caption(s) or mask(s) in {place} cannot be used: {reason}."
    hint = (
        "Beside a picture NAME.jpg stand NAME.txt (or a line of metadata.jsonl) and NAME.mask.png; "
        "no two pictures may share them."
    )


class InstancesTooSmall(TrainingError):
    """Pictures with less detail than the resolution asks for."""

    code = "instances_too_small"
    sentence = "{count} of the pictures in {place} are smaller than {resolution} px: {reason}."
    hint = "Give larger files or a smaller --resolution; enlarged pictures teach blur."


class TokenMissing(TrainingError):
    """Captions without the word that is to mean the style."""

    code = "token_missing"
    sentence = "{count} caption(s) in {place} do not hold the token {token!r}: {reason}."
    hint = "Write the token into every caption; without it nothing is tied to it."


class ClassPicturesOther(TrainingError):
    """Pictures of the class that were painted for another training."""

    code = "class_pictures_other"
    sentence = "The pictures of the class in {place} were painted for another {reason}."
    hint = (
        "Name another --class_data_dir, or remove the folder to have them painted anew; without "
        "its {note} they count as given, and are used as they are."
    )


class TrainingOutOfMemory(TrainingError):
    """The device's memory is too small for these settings."""

    code = "training_out_of_memory"
    sentence = "The memory of {device} was too small to {act} at step {step}."
    hint = "These need less: {settings}."


class LossNotFinite(TrainingError):
    """Loss, gradient or weights became NaN or infinite; the last good checkpoint is kept."""

    code = "loss_not_finite"
    sentence = "At step {step} {what} no number; {kept}."
    hint = (
        "Lower --learning_rate and go on with --resume_from_checkpoint latest; or begin anew with "
        "--lr_warmup_steps (and --lr_scheduler constant_with_warmup), or with bf16 rather than "
        "fp16."
    )


class HalfTooSmall(TrainingError):
    """What was learned is too large for half precision; no model was written."""

    code = "half_too_small"
    sentence = (
        "Half precision cannot hold {count} weight(s) of the trained {part}, such as {name}; "
        "there is no model, but the checkpoints are kept."
    )
    hint = (
        "Go on from an earlier checkpoint with fewer --max_train_steps or a lower --learning_rate."
    )


class CheckpointFailed(TrainingError):
    """A file of the training cannot be written; checkpoints before it are whole."""

    code = "checkpoint_failed"
    sentence = "{path} cannot be written: {reason}."
    hint = (
        "Free some space or lower --checkpoints_total_limit, then go on with "
        "--resume_from_checkpoint latest."
    )


class CheckpointUnusable(TrainingError):
    """There is no such checkpoint, or it belongs to another training."""

    code = "checkpoint_unusable"
    sentence = "The checkpoint {checkpoint} cannot be gone on with: {reason}."
    hint = (
        "Name one of --output_dir, with the flags and pictures that it began with, or begin anew "
        "in another; --learning_rate, its schedule and how a step is split into passes may change."
    )
