"""The registry of model versions."""

from shared.errors.models import ModelError


class RegistryError(ModelError):
    """Something that the registry of models has not, or will not do."""


class RegistryMissing(RegistryError):
    """No registry is named."""

    code = "registry_missing"
    sentence = "There is no registry of models: RESTYLE_REGISTRY is not set."
    hint = "Set RESTYLE_REGISTRY to an s3://bucket/prefix/ that every host may read."


class ModelNameInvalid(RegistryError):
    """A name that no model or alias may have."""

    code = "model_name_invalid"
    sentence = "{name!r} is no name of {kind}."
    hint = "Use up to 64 small letters, digits, dots, dashes and underscores, a letter first."


class ModelUnknown(RegistryError):
    """The registry holds no version of this model."""

    code = "model_unknown"
    sentence = "The registry {registry} has no model {name}{near}."
    hint = "`restyle models list` shows what it has; `restyle models push` adds a version."


class AliasUnknown(RegistryError):
    """The model has no such alias."""

    code = "alias_unknown"
    sentence = "The model {name} has no alias {alias}{near}."
    hint = "`restyle models show {name}` lists its aliases and versions."


class VersionUnknown(RegistryError):
    """The model has no such version, or several that begin so."""

    code = "version_unknown"
    sentence = "The model {name} has {found} of digest {version}."
    hint = (
        "`restyle models show {name}` lists its versions; commands take eight digits, styles all."
    )


class RegistryConflict(RegistryError):
    """Two people moved one alias at once, and this is the second."""

    code = "registry_conflict"
    sentence = "{name}@{alias} was moved by somebody else meanwhile; it was not moved again."
    hint = "Look at it with `restyle models show {name}`; move it once more if that is still right."


class GoldenFailed(RegistryError):
    """The golden set did not pass under the candidate; the alias was not moved."""

    code = "golden_failed"
    sentence = (
        "{name}@{alias} was not moved: under the candidate {failed} of {total} golden items failed "
        "and {held} are held that were not; the sheet is {sheet}."
    )
    hint = (
        "Look at the sheet and at `restyle items {batch}`; `--skip-golden` moves it all the same."
    )


class GoldenUnfinished(RegistryError):
    """The golden set was not rendered in its time; the alias was not moved."""

    code = "golden_unfinished"
    sentence = "{name}@{alias} was not moved: the batch {batch} did not end within {seconds:g} s."
    hint = (
        "Start a `restyle-worker` if none runs (`restyle doctor` tells), wait with `restyle watch "
        "{batch}`, and promote again: what was rendered by then is not rendered anew."
    )


class NothingBefore(RegistryError):
    """An alias that was never moved cannot be moved back."""

    code = "nothing_before"
    sentence = "{name}@{alias} has no version before this one."
    hint = "`restyle models promote` moves it to another version."
