"""Gathering: pictures of the style and of its class, checked and masked; torch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import structlog
from accelerate import Accelerator

from shared.errors import TrainingInvalid
from shared.jobs import ResolvedModel
from shared.pictures.limits import Limits
from shared.s3 import ObjectStore
from worker.finetune.captions import refuse_without_token
from worker.finetune.classes import free_numbers, make_class
from worker.finetune.config import Training
from worker.finetune.easel import Easel
from worker.finetune.finder import Finder
from worker.finetune.note import leave, note_of, refuse_other
from worker.finetune.pictures import (
    Lesson,
    digest_of,
    read_lessons,
    refuse_too_few,
    refuse_too_small,
)
from worker.finetune.shelf import FolderShelf, Shelf, open_shelf
from worker.finetune.slips import MAX_NAMED, Slip, read_slips
from worker.finetune.views import Eye
from worker.models.load import load_segmenter
from worker.segment.geometry import segmenter_geometry

log = structlog.get_logger()

#: Folder of pictures that the base painted, below the output.
CLASS_FOLDER = "class"


@dataclass(frozen=True, slots=True)
class Gathering:
    """Reads what a training learns from."""

    training: Training
    limits: Limits
    connect: Callable[[], ObjectStore]
    #: Fetches the model of a reference.
    fetch: Callable[[str], tuple[ResolvedModel, Path]]

    def style(self, device: str) -> list[Lesson]:
        """The pictures to learn, checked, with masks where some are found.

        Raises:
            TrainingError: They cannot be learned from.
            StorageError: S3 does not serve them.
        """
        training = self.training
        shelf = self._shelf(training.instance_data_dir)
        slips = read_slips(shelf)
        refuse_too_few(slips, shelf.place)
        captions = {slip.name: slip.caption for slip in slips if slip.caption}
        refuse_without_token(captions, training.rare_words, shelf.place)
        return self._lessons(shelf, slips, device)

    def klass(
        self,
        easel: Easel,
        base: str,
        lessons: list[Lesson],
        accelerator: Accelerator,
    ) -> list[Lesson]:
        """The pictures of the class, missing ones painted by all processes; none unasked.

        Args:
            easel: Of the base.
            base: Its digest.
            lessons: The pictures to learn, whose places are painted in.
            accelerator: Knows the other processes.

        Raises:
            TrainingError: They cannot be used, or missing ones not be kept.
        """
        training = self.training
        if not training.with_prior_preservation:
            return []
        shelf = self._class_shelf()
        note = note_of(training, base, lessons)
        refuse_other(shelf, note)
        numbers = free_numbers(shelf.names(), training.num_class_images)
        if numbers and accelerator.is_main_process:
            leave(_own_folder(shelf), note)
        accelerator.wait_for_everyone()  # nobody paints before all have counted
        if numbers:
            mine = numbers[accelerator.process_index :: accelerator.num_processes]
            prompt = str(training.class_prompt)
            make_class(_own_folder(shelf), mine, easel, self.eye, lessons, prompt)
        accelerator.wait_for_everyone()
        slips = read_slips(shelf)[: training.num_class_images]
        _refuse_lost(len(slips), training.num_class_images, shelf.place)
        return self._lessons(shelf, slips, str(accelerator.device))

    def _class_shelf(self) -> Shelf:
        """Where they lie; a folder that is not there yet comes with the first that is painted."""
        place = self.training.class_data_dir or str(self.training.output_dir / CLASS_FOLDER)
        return self._shelf(place, must_exist=False)

    def _shelf(self, place: str, *, must_exist: bool = True) -> Shelf:
        most = self.limits.max_bytes
        return open_shelf(place, self.connect, max_bytes=most, must_exist=must_exist)

    @property
    def eye(self) -> Eye:
        """How the pictures are looked at."""
        return Eye(self.training.resolution, self.training.center_crop)

    def _lessons(self, shelf: Shelf, slips: Sequence[Slip], device: str) -> list[Lesson]:
        """Pictures as they are kept: masked and cut to what is seen of them."""
        masked, eye = self._masking(device), self.eye
        lessons = read_lessons(shelf, slips, self.limits, lambda one: eye.kept(masked(one)))
        refuse_too_small(lessons, self.training.resolution, shelf.place)
        missed = [one.name for one in lessons if one.segmenter and one.mask is None]
        if missed:
            facts = {"pictures": len(missed), "of": len(lessons), "names": missed[:MAX_NAMED]}
            log.warning("no mask found, so theirs are random", sought=self.training.sought, **facts)
        return lessons

    def _masking(self, device: str) -> Callable[[Lesson], Lesson]:
        """Looks for masks that are not given; the segmenter is loaded for the first of these."""
        reference = self.training.segmenter_name_or_path

        @cache
        def finder() -> Finder:
            model, directory = self.fetch(str(reference))
            segmenter, geometry = load_segmenter(directory, device), segmenter_geometry(directory)
            return Finder(segmenter, geometry, self.training.sought, model.digest)

        def masked(lesson: Lesson) -> Lesson:
            return lesson if reference is None or lesson.mask is not None else finder().find(lesson)

        return masked


def told(style: list[Lesson], klass: list[Lesson]) -> dict[str, Any]:
    """Digests and counts, for checkpoints and the card."""
    segmenters = {one.segmenter for one in [*style, *klass] if one.segmenter}
    return {
        "instances": len(style),
        "instances_digest": digest_of(style),
        "instances_masks": _masks(style),
        "classes": len(klass),
        "classes_digest": digest_of(klass) if klass else None,
        "classes_masks": _masks(klass),
        "segmenter": next(iter(segmenters), None),
    }


def _masks(lessons: list[Lesson]) -> dict[str, int]:
    """How many have which mask."""
    known = [one for one in lessons if one.mask is not None]
    found = sum(one.segmenter is not None for one in known)
    return {"given": len(known) - found, "found": found, "random": len(lessons) - len(known)}


def _own_folder(shelf: Shelf) -> Path:
    """The folder that pictures of the class may be painted into."""
    if isinstance(shelf, FolderShelf):
        return shelf.folder
    raise TrainingInvalid(
        reason=f"{shelf.place} holds fewer pictures than --num_class_images, and missing ones are "
        "only painted into a folder of this host"
    )


def _refuse_lost(read: int, wanted: int, place: str) -> None:
    """Refuse a folder that is not the one that others painted into."""
    if read < wanted:
        raise TrainingInvalid(
            reason=f"{place} holds {read} pictures of the class after {wanted} were painted; "
            "several hosts need one --output_dir and --class_data_dir that all of them see"
        )
