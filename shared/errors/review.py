"""Review: decisions that cannot be made, or not as asked."""

from shared.errors.inputs import InputError


class CountDiffers(InputError):
    """The filter chooses another number of items than the person was shown."""

    code = "count_differs"
    sentence = "{found} items of the batch {batch} answer to the filter, not {expected}."
    hint = "Look at them and decide again; nothing was decided."


class DecisionUnknown(InputError):
    """The batch has no such decision, or it is an undo, which stays."""

    code = "decision_unknown"
    sentence = "The batch {batch} has no decision {decision!r} that could be taken back."
    hint = "Run `restyle decisions {batch}` to list them."
