"""Resuming: the checkpoint that is gone on with, and what may be another since; torch."""

from dataclasses import dataclass
from math import prod
from typing import Any

from shared.errors import CheckpointUnusable
from worker.finetune.checkpoints import Checkpoints, Moment, load
from worker.finetune.config import Training

#: These decide the steps to come, and none that is done.
STEERING = frozenset({"learning_rate", "lr_scheduler", "lr_warmup_steps"})
#: Their product is the number of rows in a step; a row is decided by its number alone, so the same
#: number of rows, split otherwise, is the same step.
SPLIT = frozenset({"train_batch_size", "gradient_accumulation_steps", "processes"})


@dataclass(frozen=True, slots=True)
class Resuming:
    """A training and the moment that it goes on from; None for its beginning."""

    training: Training
    moment: Moment | None

    @classmethod
    def find(cls, checkpoints: Checkpoints, training: Training) -> "Resuming":
        """The moment that the flags name; the beginning where `latest` is not there yet.

        Raises:
            TrainingInvalid: None is named, and there are some.
            CheckpointUnusable: There is no such checkpoint, or it cannot be read.
        """
        named = training.resume_from_checkpoint
        if named is None:
            checkpoints.refuse_begun()
        path = checkpoints.find(named) if named else None
        return cls(training, load(path) if path else None)

    def refuse_other(self, origin: dict[str, Any]) -> list[str]:
        """Refuse a checkpoint of another training.

        Args:
            origin: What is known so far of what is learned from; `processes` at least.

        Returns:
            What has changed and may: `learning_rate 0.001 → 0.0001`.

        Raises:
            CheckpointUnusable: Something differs that no training may change on its way.
        """
        if self.moment is None:
            return []
        now = {**self.training.deciding(), **origin}
        then = {**self.moment.facts.training, **self.moment.facts.origin}
        changed = sorted(name for name in now if now[name] != then.get(name))
        free = STEERING | (SPLIT if _rows(now) == _rows(then) else set())
        if other := [name for name in changed if name not in free]:
            reason = f"it began with another {', '.join(other)}"
            raise CheckpointUnusable(checkpoint=f"checkpoint-{self.moment.step}", reason=reason)
        return [f"{name} {then.get(name)} → {now[name]}" for name in changed]


def _rows(facts: dict[str, Any]) -> int:
    return prod(int(facts.get(name, 0)) for name in SPLIT)
