"""A session: one fine-tuning from its flags to the exported model; builds all that it needs."""

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from accelerate import Accelerator
from accelerate.utils import set_seed

from shared.jobs import ResolvedModel
from shared.settings import Settings
from worker.finetune.card import card_of
from worker.finetune.checkpoints import Checkpoints
from worker.finetune.config import Training
from worker.finetune.course import CLASSES, INSTANCES, Course, Subject
from worker.finetune.easel import Easel
from worker.finetune.export import export
from worker.finetune.gathering import Gathering, told
from worker.finetune.journal import Journal
from worker.finetune.lending import Lending
from worker.finetune.loop import Loop
from worker.finetune.memory import Act, footprint
from worker.finetune.occupation import occupied
from worker.finetune.opening import join, refuse_apart
from worker.finetune.optimizers import build_optimizer
from worker.finetune.pictures import Lesson
from worker.finetune.plot import loss_plot
from worker.finetune.resuming import Resuming
from worker.finetune.samples import Samples
from worker.finetune.shortage import shortage_told
from worker.finetune.studio import FROZEN, Studio
from worker.finetune.views import Eye
from worker.finetune.writing import replaced_picture

log = structlog.get_logger()

#: Folders below the output.
MODEL, SHEETS = "model", "samples"


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that one training works with, ready to begin."""

    studio: Studio
    loop: Loop
    samples: Samples
    base: ResolvedModel
    #: The base's directory.
    directory: Path


@dataclass(slots=True)
class Session:
    """One process of a fine-tuning."""

    training: Training
    settings: Settings
    accelerator: Accelerator
    #: Keeps others out of the output until the export, and models in the host's cache, where
    #: workers make room.
    held: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def open(cls, training: Training, settings: Settings) -> "Session":
        """Join the other processes, where `accelerate launch` started some.

        Raises:
            TrainingInvalid: They or this host do not fit the flags.
        """
        accelerator = join(training)
        # From here on the precision is the one that there is, whoever chose it.
        resolved = {"mixed_precision": accelerator.mixed_precision}
        return cls(training.model_copy(update=resolved), settings, accelerator)

    def run(self) -> Path:
        """Train and export; the model's directory.

        Raises:
            TrainingError: It cannot begin or go on.
            ModelError: The base cannot be had.
            StorageError: S3 does not serve pictures or models.
        """
        with self.held:
            bench = self.prepare()
            loop = bench.loop
            with self._told(Act.LEARN, lambda: loop.step + 1):
                loop.run()
            return self._export(bench)

    def prepare(self) -> Bench:
        """Read and check all that is learned from, and take up the checkpoint that is named.

        Raises:
            TrainingError, ModelError, StorageError: As `run`.
        """
        training, accelerator = self.training, self.accelerator
        if accelerator.is_main_process:
            self.held.enter_context(occupied(training.output_dir))
        # The batch of a step is made by all processes together.
        origin: dict[str, Any] = {"processes": accelerator.num_processes}
        checkpoints = Checkpoints(training.output_dir, training.checkpoints_total_limit)
        resuming = Resuming.find(checkpoints, training)
        resuming.refuse_other(origin)
        lending = Lending(self.settings, accelerator, self.held)
        gathering = Gathering(training, self.settings.limits, lending.connect, lending.fetch)
        with self._told(Act.FIND):
            lessons = gathering.style(str(accelerator.device))
        base, directory = lending.fetch(training.pretrained_model_name_or_path)
        origin |= {"base": base.digest}
        resuming.refuse_other(origin)
        set_seed(training.seed)
        with self._told(Act.LEARN):
            studio = Studio.load(directory, training, accelerator)
        easel = Easel(studio.parts(), training.sample_batch_size, accelerator.autocast)
        with self._told(Act.PAINT):
            klass = gathering.klass(easel, base.digest, lessons, accelerator)
        samples = Samples.of(training, easel, gathering.eye, lessons)
        course = self._course(studio, gathering.eye, lessons, klass)
        loop = self._loop(studio, course, checkpoints, origin | told(lessons, klass), samples)
        self._begin(loop, resuming)
        return Bench(studio, loop, samples, base, directory)

    def _loop(
        self,
        studio: Studio,
        course: Course,
        checkpoints: Checkpoints,
        origin: dict[str, Any],
        samples: Samples,
    ) -> Loop:
        studio.student.train()
        optimizer = build_optimizer(self.training, studio.student.parameters())
        student, optimizer = self.accelerator.prepare(studio.student, optimizer)
        journal = Journal(self.training.max_train_steps)
        return Loop(
            training=self.training,
            accelerator=self.accelerator,
            student=student,
            optimizer=optimizer,
            course=course,
            schedule=studio.schedule(),
            journal=journal,
            checkpoints=checkpoints,
            origin=origin,
            show=partial(self._show, samples, journal),
        )

    def _course(
        self, studio: Studio, eye: Eye, lessons: list[Lesson], klass: list[Lesson]
    ) -> Course:
        training, accelerator = self.training, self.accelerator
        prior = Subject(klass, str(training.class_prompt), CLASSES) if klass else None
        return Course(
            style=Subject(lessons, training.instance_prompt, INSTANCES),
            klass=prior,
            eye=eye,
            seed=training.seed,
            rows=training.train_batch_size,
            place=(accelerator.process_index, accelerator.num_processes),
            vae=studio.vae,
            tokenizer=studio.tokenizer,
            tokens=studio.tokens,
            times=studio.scheduler.config.num_train_timesteps,
            device=accelerator.device,
        )

    def _begin(self, loop: Loop, resuming: Resuming) -> None:
        """Start at the beginning, or where a checkpoint left it; all processes alike."""
        changed, moment = resuming.refuse_other(loop.origin), resuming.moment
        if moment is not None:
            loop.go_on(moment)
        refuse_apart({"step": loop.step, **loop.origin, **self.training.deciding()})
        loop.journal.begin(moment.facts.journal if moment else ())
        facts = {"step": loop.step, "of": self.training.max_train_steps, **loop.origin}
        log.info("training begins", **facts, changed=changed)

    def _show(self, samples: Samples, journal: Journal, step: int) -> None:
        if self.accelerator.is_main_process:
            folder = self.training.output_dir / SHEETS
            log.info("samples are painted", step=step)
            with self._told(Act.PAINT, lambda: step):
                sheet = samples.sheet()
            replaced_picture(folder / f"step-{step}.png", sheet)
            replaced_picture(folder / "loss.png", loss_plot(journal.entries))
        self.accelerator.wait_for_everyone()

    def _export(self, bench: Bench) -> Path:
        target = self.training.output_dir / MODEL
        if self.accelerator.is_main_process:
            studio, loop = bench.studio, bench.loop
            counted = self._footprint(studio)
            with self._told(Act.PAINT, lambda: loop.step):
                sheet = bench.samples.last or bench.samples.sheet()
            log.info("model is written", path=str(target))
            studio.adapter.merge(studio.student)
            entries = loop.journal.entries
            card = card_of(self.training, bench.base, loop.origin, entries, counted)
            export(target, studio.parts(), bench.directory, card, (sheet, loss_plot(entries)))
        self.accelerator.wait_for_everyone()
        return target

    def _footprint(self, studio: Studio) -> dict[str, Any]:
        learned = sum(weight.numel() for weight in studio.student.learned().values())
        every = [*studio.student.parameters(), *studio.vae.parameters()]
        frozen = sum(weight.numel() for weight in every) - learned
        half = str(self.accelerator.mixed_precision) in FROZEN
        return footprint(self.training, learned, frozen, half=half).told()

    def _told(self, act: Act, step: Callable[[], int] = lambda: 0) -> AbstractContextManager[None]:
        """See `shortage_told`."""
        return shortage_told(self.training, self.accelerator.device, act, step)
