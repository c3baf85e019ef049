"""Sampling: the solver and the steps that a style's `speed` makes of its scheduler and steps."""

import math
from collections.abc import Callable
from typing import Final

from pydantic import Field

from shared.record import Record
from shared.styles import Scheduler, Speed, Style

#: Fewer steps than these show, whatever the solver.
FEWEST_STEPS = 8
#: A solver of second order (Lu et al. 2022, arXiv 2211.01095): it needs about half the steps.
QUICK_SOLVER: Final[Scheduler] = "dpmsolver++"
#: Schedulers of higher order, which a style may have chosen itself.
HIGHER_ORDER: Final[frozenset[Scheduler]] = frozenset({"dpmsolver++", "unipc"})


class Sampling(Record):
    """What the painter is really asked for; the sidecar holds it."""

    scheduler: Scheduler
    #: With a strength below 1 only that share of them runs.
    steps: int = Field(ge=1)


def sampling_of(style: Style) -> Sampling:
    """The solver and the steps of a style."""
    return SPEEDS[style.speed](style)


def _exact(style: Style) -> Sampling:
    return Sampling(scheduler=style.scheduler, steps=style.steps)


def _fewer_steps(style: Style) -> Sampling:
    solver = style.scheduler if style.scheduler in HIGHER_ORDER else QUICK_SOLVER
    fewest = max(math.ceil(style.steps / 2), min(style.steps, FEWEST_STEPS))
    # With a strength below 1 only that share of the steps runs, and one must.
    allowed = range(fewest, style.steps + 1)
    steps = next(steps for steps in allowed if int(steps * style.strength) >= 1)
    return Sampling(scheduler=solver, steps=steps)


#: How each speed samples; another one is another line here and in `shared.styles.Speed`.
SPEEDS: Final[dict[Speed, Callable[[Style], Sampling]]] = {
    "exact": _exact,
    "fewer_steps": _fewer_steps,
}
