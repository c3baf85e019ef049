"""Schedule: which fault comes when, decided by the seed alone."""

import random
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault to come."""

    #: Seconds after the run's start.
    at: float
    fault: str
    #: What its own choices are drawn with.
    seed: str


def schedule(
    seed: int, faults: Sequence[str], first: float, last: float, pace: float
) -> list[Planned]:
    """Faults from `first` to `last`, one in about `pace` seconds, every kind before any twice."""
    rng = random.Random(f"schedule/{seed}")
    planned: list[Planned] = []
    waiting: list[str] = []
    at = first + rng.uniform(0, pace)
    while at < last and faults:
        waiting = waiting or rng.sample(faults, len(faults))
        planned.append(Planned(at, waiting.pop(), f"{seed}/{len(planned)}"))
        at += rng.uniform(0.5, 1.5) * pace
    return planned
