"""Gathering: pictures of the style and of its class, checked and masked; torch."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from accelerate import Accelerator

from shared.errors import TrainingInvalid
from shared.pictures.limits import Limits
from shared.s3 import ObjectStore
from worker.finetune.captions import refuse_without_token
from worker.finetune.classes import free_numbers, make_class
from worker.finetune.config import Training
from worker.finetune.easel import Easel
from worker.finetune.finder import find_masks
from worker.finetune.pictures import (
    Lesson,
    digest_of,
    read_lessons,
    refuse_too_few,
    refuse_too_small,
)
from worker.finetune.shelf import FolderShelf, Shelf, open_shelf
from worker.finetune.views import Eye
from worker.models.load import load_segmenter
from worker.segment.geometry import segmenter_geometry

#: Folder of pictures that the base painted, below the output.
CLASS_FOLDER = "class"
#: What an address in S3 begins with.
S3 = "s3://"


@dataclass(frozen=True, slots=True)
class Gathering:
    """Reads what a training learns from."""

    training: Training
    limits: Limits
    connect: Callable[[], ObjectStore]
    #: Fetches the model of a reference.
    fetch: Callable[[str], Path]

    def style(self, device: str) -> list[Lesson]:
        """The pictures to learn, checked, with masks where some are found.

        Raises:
            TrainingError: They cannot be learned from.
            StorageError: S3 does not serve them.
        """
        training, shelf = self.training, self._shelf(self.training.instance_data_dir)
        lessons = read_lessons(shelf, self.limits)
        refuse_too_few(lessons, shelf.place)
        refuse_too_small(lessons, training.resolution, shelf.place)
        captions = {one.name: one.caption for one in lessons if one.caption}
        refuse_without_token(captions, training.rare_words, shelf.place)
        return self._masked(lessons, device)

    def klass(
        self, easel: Easel, eye: Eye, lessons: list[Lesson], accelerator: Accelerator
    ) -> list[Lesson]:
        """The pictures of the class, missing ones painted by all processes; none unasked.

        Raises:
            TrainingError: They cannot be used, or missing ones not be kept.
        """
        training = self.training
        if not training.with_prior_preservation:
            return []
        shelf = self._class_shelf()
        numbers = free_numbers(shelf.names(), training.num_class_images)
        accelerator.wait_for_everyone()  # nobody paints before all have counted
        if numbers:
            mine = numbers[accelerator.process_index :: accelerator.num_processes]
            prompt = str(training.class_prompt)
            make_class(_own_folder(shelf), mine, easel, eye, lessons, prompt)
        accelerator.wait_for_everyone()
        read = read_lessons(shelf, self.limits)[: training.num_class_images]
        _refuse_lost(len(read), training.num_class_images, shelf.place)
        refuse_too_small(read, training.resolution, shelf.place)
        return self._masked(read, str(accelerator.device))

    def _class_shelf(self) -> Shelf:
        """Where they lie; a folder that is not there yet comes with the first that is painted."""
        place = self.training.class_data_dir or str(self.training.output_dir / CLASS_FOLDER)
        return self._shelf(place) if place.startswith(S3) else FolderShelf(Path(place))

    def _shelf(self, place: str) -> Shelf:
        return open_shelf(place, self.connect, max_bytes=self.limits.max_bytes)

    def _masked(self, lessons: list[Lesson], device: str) -> list[Lesson]:
        reference = self.training.segmenter_name_or_path
        if reference is None or all(lesson.mask is not None for lesson in lessons):
            return lessons
        directory = self.fetch(reference)
        segmenter = load_segmenter(directory, device)
        return find_masks(lessons, segmenter, segmenter_geometry(directory), self.training.sought)


def told(style: list[Lesson], klass: list[Lesson]) -> dict[str, Any]:
    """Digests and counts, for checkpoints and the card."""
    return {
        "instances": len(style),
        "instances_digest": digest_of(style),
        "classes": len(klass),
        "classes_digest": digest_of(klass) if klass else None,
    }


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
