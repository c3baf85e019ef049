"""Model references, archives and directories."""

from shared.errors.base import RestyleError


class ModelError(RestyleError):
    """A model that cannot be found or must not be loaded."""


class ModelReferenceInvalid(ModelError):
    """Not a model reference at all."""

    code = "model_reference_invalid"
    sentence = "{reference!r} is not a model reference: {reason}."
    hint = "Use org/name[@revision], a directory, or s3://bucket/model.tar.gz#sha256=<64 hex>."


class ModelMissing(ModelError):
    """The reference is well formed, but nothing is there."""

    code = "model_missing"
    sentence = "The model {reference} was not found; looked in {places}.{nearest}"
    hint = "{remedy}"


class ModelInvalid(ModelError):
    """A directory or archive that is no model of the right kind, or no safe one."""

    code = "model_invalid"
    sentence = "The model {reference} cannot be loaded: {reason}."
    hint = "It must be a {kind} directory with config and safetensors weights, as published."


class ModelChanged(ModelError):
    """The bytes found are not those that the batch was submitted with."""

    code = "model_changed"
    sentence = "The model {reference} has digest {found}, the batch was submitted with {expected}."
    hint = "Put the same model back, or submit a new batch with the new one."


class ModelUnavailable(ModelError):
    """The hub does not answer, or a worker's host cannot read or load the model now."""

    code = "model_unavailable"
    retryable = True
    sentence = "The model {reference} cannot be had here now: {reason}."
    hint = (
        "Restyle tries again by itself, on other workers too; look at this host's disk, memory "
        "and permissions and at its way to the hub, or fetch the model beforehand."
    )


class ModelNotAllowed(ModelError):
    """A request over HTTP names a directory of this host that nobody opened to requests."""

    code = "model_not_allowed"
    sentence = "{reference} is no model that requests may name: it is neither in S3 nor at the hub."
    hint = (
        "Use a style of RESTYLE_STYLES that names it, or have its folder in RESTYLE_MODEL_FOLDERS."
    )
