"""A session: one fine-tuning from its flags to the exported model; builds all that it needs."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from accelerate import Accelerator
from accelerate.utils import set_seed

from shared.errors import CheckpointUnusable, TrainingOutOfMemory
from shared.jobs import ResolvedModel
from shared.references import resolve
from shared.s3 import ObjectStore
from shared.settings import Settings, cache_path
from worker.finetune.card import card_of
from worker.finetune.checkpoints import Checkpoints, Moment, load
from worker.finetune.config import Training
from worker.finetune.course import CLASSES, INSTANCES, Course, Subject
from worker.finetune.easel import Easel
from worker.finetune.export import export
from worker.finetune.gathering import Gathering, told
from worker.finetune.journal import Journal
from worker.finetune.loop import Loop
from worker.finetune.memory import footprint, remedies
from worker.finetune.optimizers import build_optimizer
from worker.finetune.pictures import Lesson
from worker.finetune.plot import loss_plot
from worker.finetune.samples import Samples
from worker.finetune.studio import FROZEN, Studio
from worker.finetune.views import Eye
from worker.finetune.writing import replaced_picture
from worker.models import device_errors
from worker.models.fetch import ModelStore

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
    #: Keeps models in the host's cache until the export: workers make room there.
    held: ExitStack = field(default_factory=ExitStack)

    @classmethod
    def open(cls, training: Training, settings: Settings) -> "Session":
        """Join the other processes, where `accelerate launch` started some."""
        accelerator = Accelerator(
            gradient_accumulation_steps=training.gradient_accumulation_steps,
            mixed_precision=training.mixed_precision,
            cpu=training.device == "cpu",
        )
        return cls(training, settings, accelerator)

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
            with self._memory(lambda: loop.step + 1):
                loop.run()
            return self._export(bench)

    def prepare(self) -> Bench:
        """Read and check all that is learned from, and take up the checkpoint that is named.

        Raises:
            TrainingError, ModelError, StorageError: As `run`.
        """
        training, accelerator = self.training, self.accelerator
        gathering = Gathering(training, self.settings.limits, self._connect, self._directory)
        lessons = gathering.style(str(accelerator.device))
        checkpoints = Checkpoints(training.output_dir, training.checkpoints_total_limit)
        moment = _found(checkpoints, training)
        base, directory = self._fetch(training.pretrained_model_name_or_path)
        with self._memory(lambda: 0):
            set_seed(training.seed)
            studio = Studio.load(directory, training, accelerator)
            eye = Eye(training.resolution, training.center_crop)
            easel = Easel(studio.parts(), training.sample_batch_size, accelerator.autocast)
            klass = gathering.klass(easel, eye, lessons, accelerator)
        samples = Samples.of(training, easel, eye, lessons)
        course = self._course(studio, eye, lessons, klass)
        # The batch of a step is made by all processes together.
        processes = accelerator.num_processes
        origin = {"base": base.digest, "processes": processes, **told(lessons, klass)}
        loop = self._loop(studio, course, checkpoints, origin, samples)
        self._begin(loop, moment)
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
            self.training,
            self.accelerator,
            student,
            optimizer,
            course,
            studio.schedule(),
            journal,
            checkpoints,
            origin,
            partial(self._show, samples, journal),
        )

    def _course(
        self, studio: Studio, eye: Eye, lessons: list[Lesson], klass: list[Lesson]
    ) -> Course:
        training, accelerator = self.training, self.accelerator
        prior = Subject(klass, str(training.class_prompt), CLASSES) if klass else None
        return Course(
            Subject(lessons, training.instance_prompt, INSTANCES),
            prior,
            eye,
            training.seed,
            training.train_batch_size,
            (accelerator.process_index, accelerator.num_processes),
            studio.vae,
            studio.tokenizer,
            studio.tokens,
            studio.scheduler.config.num_train_timesteps,
            accelerator.device,
        )

    def _begin(self, loop: Loop, moment: Moment | None) -> None:
        """Start at the beginning, or where a checkpoint left it."""
        if moment is not None:
            _refuse_other(moment, self.training, loop.origin)
            loop.go_on(moment)
        loop.journal.begin(moment.facts["journal"] if moment else ())
        log.info("training begins", step=loop.step, of=self.training.max_train_steps, **loop.origin)

    def _show(self, samples: Samples, journal: Journal, step: int) -> None:
        if self.accelerator.is_main_process:
            folder = self.training.output_dir / SHEETS
            replaced_picture(folder / f"step-{step}.png", samples.sheet())
            replaced_picture(folder / "loss.png", loss_plot(journal.entries))
        self.accelerator.wait_for_everyone()

    def _export(self, bench: Bench) -> Path:
        target = self.training.output_dir / MODEL
        if self.accelerator.is_main_process:
            studio, loop = bench.studio, bench.loop
            counted, sheet = self._footprint(studio), bench.samples.last or bench.samples.sheet()
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

    def _connect(self) -> ObjectStore:
        return ObjectStore.connect(allowed=self.settings.allowed)

    def _fetch(self, reference: str) -> tuple[ResolvedModel, Path]:
        """A model and its directory; the first process of a host brings it there."""
        objects, settings = self._connect(), self.settings
        store = ModelStore(
            objects,
            cache_path(),
            max_bytes=settings.max_model_bytes,
            cache_bytes=settings.model_cache_bytes,
        )
        model = resolve(reference, store=objects)
        with self.accelerator.local_main_process_first():
            return model, self.held.enter_context(store.using(model))

    def _directory(self, reference: str) -> Path:
        return self._fetch(reference)[1]

    @contextmanager
    def _memory(self, step: Any) -> Iterator[None]:
        try:
            yield
        except Exception as error:
            if not device_errors.is_out_of_memory(error):
                raise
            facts = {"device": self.accelerator.device, "step": step()}
            raise TrainingOutOfMemory(**facts, settings=remedies(self.training)) from error


def _found(checkpoints: Checkpoints, training: Training) -> Moment | None:
    """What is gone on with; nothing where `latest` is asked for and none is there yet."""
    named = training.resume_from_checkpoint
    path = checkpoints.find(named) if named else None
    return load(path) if path else None


def _refuse_other(moment: Moment, training: Training, origin: dict[str, Any]) -> None:
    """Refuse a checkpoint of another training."""
    now = {**training.deciding(), **origin}
    then = {**moment.facts["training"], **moment.facts["origin"]}
    other = sorted(name for name in now if now[name] != then.get(name))
    if other:
        reason = f"it began with another {', '.join(other)}"
        raise CheckpointUnusable(checkpoint=f"checkpoint-{moment.step}", reason=reason)
