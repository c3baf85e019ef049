"""The loop: pass, backward, step; checkpoints and samples on the way; torch."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from accelerate import Accelerator
from diffusers.optimization import get_scheduler

from shared.errors import LossNotFinite
from worker.finetune.checkpoints import Checkpoints, Facts, Moment
from worker.finetune.config import Training
from worker.finetune.course import Course
from worker.finetune.finite import spoiled
from worker.finetune.journal import Entry, Journal
from worker.finetune.losses import losses_of
from worker.finetune.student import Student

#: Gradients that are infinite at this scale are so without one.
LEAST_SCALE = 1.0


@dataclass(slots=True)
class Loop:
    """One training in one process; all processes do the same steps."""

    training: Training
    accelerator: Accelerator
    #: As prepared for several processes; `Student` in one.
    student: Any
    optimizer: Any
    course: Course
    #: The noise schedule.
    schedule: Any
    journal: Journal
    checkpoints: Checkpoints
    #: Digests of what is learned from, kept with each checkpoint.
    origin: dict[str, Any]
    #: Called after the steps that a sample sheet is due at.
    show: Callable[[int], None]
    #: Steps that are done.
    step: int = 0

    def run(self) -> None:
        """All steps that are left.

        Raises:
            LossNotFinite: Loss, gradient or weights are NaN or infinite; no checkpoint has it.
            CheckpointFailed: A checkpoint cannot be written.
        """
        training = self.training
        rate = _rates(training, self.optimizer)
        while self.step < training.max_train_steps:
            for group in self.optimizer.param_groups:
                group["lr"] = training.learning_rate * rate(self.step)
            entry = self._step()
            self.step = entry.step
            if self.accelerator.is_main_process:
                self.journal.note(entry, training.learning_rate * rate(entry.step - 1))
            if self._due(training.checkpointing_steps):
                self.save()
            if self._due(training.validation_steps):
                self.show(self.step)

    def _due(self, every: int) -> bool:
        return self.step % every == 0 or self.step == self.training.max_train_steps

    def _step(self) -> Entry:
        passes = self.training.gradient_accumulation_steps
        figures = torch.zeros(3)
        for number in range(self.step * passes, (self.step + 1) * passes):
            figures += self._pass(number) / passes
        loss, instance, prior = (float(figure) for figure in figures)
        return Entry(self.step + 1, loss, instance, prior)

    def _pass(self, number: int) -> torch.Tensor:
        """The losses of a pass, whose gradients count; the last pass of a step takes it."""
        accelerator, training = self.accelerator, self.training
        with accelerator.accumulate(self.student):
            batch = self.course.batch(number)
            losses = losses_of(self.student, batch, self.schedule, training.prior_loss_weight)
            figures = self._figures([losses.whole, losses.instance, losses.prior])
            accelerator.backward(losses.whole)
            if accelerator.sync_gradients:
                weights = [w for w in self.student.parameters() if w.requires_grad]
                self._refuse_norm(accelerator.clip_grad_norm_(weights, training.max_grad_norm))
            self.optimizer.step()
            self.optimizer.zero_grad()
        return figures

    def _figures(self, losses: list[torch.Tensor]) -> torch.Tensor:
        """Means over all processes, on the CPU; all of them stop where one is no number."""
        means: torch.Tensor = self.accelerator.reduce(torch.stack(losses).detach().float(), "mean")
        if not math.isfinite(float(means.sum())):
            raise self._lost("the loss was")
        return means.cpu()

    def _refuse_norm(self, norm: torch.Tensor) -> None:
        """A scaler leaves out a step that float16 could not hold, until it can scale no less."""
        scaler = self.accelerator.scaler
        if math.isfinite(float(norm)) or (scaler and scaler.get_scale() >= LEAST_SCALE):
            return
        raise self._lost("the gradient was")

    def _lost(self, what: str) -> LossNotFinite:
        whole = self.checkpoints.all()
        last = f"the last good checkpoint is {whole[-1]}" if whole else ""
        facts = {"step": self.step + 1, "kept": last or "no checkpoint is there yet"}
        return LossNotFinite(what=what, **facts)

    def save(self) -> Path | None:
        """Keep a checkpoint, in the main process; none of weights that are no numbers."""
        student: Student = self.accelerator.unwrap_model(self.student)
        if spoiled(student.learned().items()):
            raise self._lost("weights were")
        path = self.checkpoints.save(self._moment()) if self.accelerator.is_main_process else None
        self.accelerator.wait_for_everyone()
        return path

    def _moment(self) -> Moment:
        student: Student = self.accelerator.unwrap_model(self.student)
        scaler = self.accelerator.scaler
        facts = Facts(
            training=self.training.deciding(),
            origin=self.origin,
            journal=tuple(self.journal.rows()),
            scaler=scaler.state_dict() if scaler else None,
        )
        return Moment(self.step, student.learned(), self.optimizer.state_dict()["state"], facts)

    def go_on(self, moment: Moment) -> None:
        """Take up a training where a checkpoint left it."""
        student: Student = self.accelerator.unwrap_model(self.student)
        student.recall(moment.weights)
        state = self.optimizer.state_dict()
        self.optimizer.load_state_dict({**state, "state": moment.optimizer})
        if self.accelerator.scaler and moment.facts.scaler:
            self.accelerator.scaler.load_state_dict(moment.facts.scaler)
        self.step = moment.step


def _rates(training: Training, optimizer: Any) -> Callable[[int], float]:
    """The learning rate of a step as a share of the full one."""
    schedule = get_scheduler(
        training.lr_scheduler,
        optimizer=getattr(optimizer, "optimizer", optimizer),
        num_warmup_steps=training.lr_warmup_steps,
        num_training_steps=training.max_train_steps,
    )
    rate: Callable[[int], float] = schedule.lr_lambdas[0]
    return rate
