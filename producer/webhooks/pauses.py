"""Pauses between the tries of a delivery: those that the Standard Webhooks scheme proposes."""

import random
from typing import Final

#: After the first try, the second, …; a delivery that failed once more is given up.
PAUSES_SECONDS: Final = (5.0, 300.0, 1_800.0, 7_200.0, 18_000.0, 36_000.0, 36_000.0)
#: A pause is up to this part shorter or longer, so that many do not come at once.
JITTER = 0.1


def pause_seconds(number: int) -> float | None:
    """The pause after a failed try; None after the last one.

    Args:
        number: Of the try, from 1.
    """
    if number > len(PAUSES_SECONDS):
        return None
    return PAUSES_SECONDS[number - 1] * random.uniform(1 - JITTER, 1 + JITTER)
