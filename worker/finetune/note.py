"""The note beside painted pictures of the class: what they were painted for; torch-free.

They are used again by every training of which that is true, and by no other.
"""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

from shared.errors import ClassPicturesOther
from worker.finetune.config import Training
from worker.finetune.pictures import Lesson
from worker.finetune.shelf import Shelf
from worker.finetune.writing import replaced_file

NOTE = "painted.json"


def note_of(training: Training, base: str, lessons: Sequence[Lesson]) -> dict[str, object]:
    """What decides the pictures that are painted.

    Args:
        training: Its flags.
        base: Digest of the model that paints.
        lessons: Whose places are painted in.
    """
    return {
        "class_prompt": training.class_prompt,
        "base": base,
        "resolution": training.resolution,
        "places": _places(lessons, training.sought),
    }


def refuse_other(shelf: Shelf, note: dict[str, object]) -> None:
    """Refuse pictures that were painted for something else.

    Raises:
        ClassPicturesOther: Their note says so.
        StorageError: S3 does not serve it.
    """
    if NOTE not in shelf.names():
        return
    then = _read(shelf.read(NOTE))
    if other := sorted(name for name in note if note[name] != then.get(name)):
        raise ClassPicturesOther(place=shelf.place, reason=", ".join(other), note=NOTE)


def leave(folder: Path, note: dict[str, object]) -> None:
    """Put the note into a folder, before the first picture.

    Raises:
        CheckpointFailed: It cannot be written.
    """
    replaced_file(folder / NOTE, json.dumps(note, indent=2, sort_keys=True).encode())


def _read(body: bytes) -> dict[str, object]:
    """A note; one that is none differs in everything."""
    try:
        note = json.loads(body)
    except ValueError:
        return {}
    return note if isinstance(note, dict) else {}


def _places(lessons: Sequence[Lesson], sought: str) -> str:
    """SHA-256 (hex) of pictures and masks; a mask that was found is told by who looked for what."""
    by = [f"{one.segmenter} {sought}" if one.segmenter else "" for one in lessons]
    text = "".join(f"{one.look} {who}\0" for one, who in zip(lessons, by, strict=True))
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()
