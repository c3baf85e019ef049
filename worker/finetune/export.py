"""Export: the finished model as a directory of diffusers, in half precision; torch."""

import json
import shutil
from pathlib import Path
from typing import Any

from diffusers import StableDiffusionInpaintPipeline
from PIL import Image

from shared.packing.layout import CARD, EXTRACTOR, INDEX, TEXTS
from worker import endpoint
from worker.finetune.card import PLOT, README, SAMPLES, readme_of
from worker.finetune.finite import refuse_spoiled
from worker.finetune.writing import replaced_folder

#: Published types do not know how it is made.
_PIPELINE: Any = StableDiffusionInpaintPipeline

TOKENIZER = "tokenizer"
#: Where diffusers notes the directory that a part was loaded from.
PLACE = "_name_or_path"
#: The parts that have weights.
WEIGHTED = ("unet", "text_encoder", "vae")


def export(
    target: Path,
    parts: dict[str, Any],
    base: Path,
    card: dict[str, Any],
    pictures: tuple[Image.Image, Image.Image],
) -> None:
    """Write the model; the parts are in half precision afterwards.

    Args:
        target: The directory; it appears whole, and an older one goes.
        parts: Of the pipeline, by their names; ordinary ones, with what was learned merged in.
        base: The base's directory.
        card: As `card_of` makes it.
        pictures: Sample sheet and loss plot.

    Raises:
        HalfTooSmall: Some of its weights are too large for half precision.
        CheckpointFailed: It cannot be written.
    """
    whole = {**parts, "safety_checker": None, "feature_extractor": None}
    for name in WEIGHTED:
        whole[name] = whole[name].cpu().half()
    refuse_spoiled({name: whole[name] for name in WEIGHTED})
    pipeline = _PIPELINE(**whole, requires_safety_checker=False)
    with replaced_folder(target) as fresh:
        pipeline.save_pretrained(fresh, safe_serialization=True)
        _forget_places(fresh)
        _bring_extractor(base, fresh)
        _bring_tokenizer(base, fresh)
        (fresh / CARD).write_text(json.dumps(card, indent=2, sort_keys=True) + "\n")
        (fresh / README).write_text(readme_of(card), encoding="utf-8")
        for name, picture in zip((SAMPLES, PLOT), pictures, strict=True):
            picture.save(fresh / name)
        _add_program(fresh)


def _add_program(fresh: Path) -> None:
    """The program with which an archive of the model also serves as an endpoint."""
    for name, text in endpoint.texts().items():
        (fresh / name).parent.mkdir(exist_ok=True)
        (fresh / name).write_text(text, encoding="utf-8")


def _forget_places(fresh: Path) -> None:
    """Drop the directories of this host that the parts were loaded from."""
    for path in fresh.rglob("*.json"):
        content = json.loads(path.read_text(encoding="utf-8"))
        if isinstance(content, dict) and content.pop(PLACE, None) is not None:
            path.write_text(json.dumps(content, indent=2, sort_keys=True) + "\n")


def _bring_extractor(base: Path, fresh: Path) -> None:
    """Take over the base's extractor and its line of the index, where it has one."""
    kind = json.loads((base / INDEX).read_text()).get(EXTRACTOR)
    if not (base / EXTRACTOR).is_dir() or not isinstance(kind, list) or None in kind:
        return
    _bring_texts(base, fresh, EXTRACTOR)
    index = json.loads((fresh / INDEX).read_text()) | {EXTRACTOR: kind}
    (fresh / INDEX).write_text(json.dumps(index, indent=2, sort_keys=True) + "\n")


def _bring_tokenizer(base: Path, fresh: Path) -> None:
    """The base's own files: older libraries read some that newer ones do not write."""
    shutil.rmtree(fresh / TOKENIZER)
    _bring_texts(base, fresh, TOKENIZER)


def _bring_texts(base: Path, fresh: Path, folder: str) -> None:
    (fresh / folder).mkdir()
    for path in (base / folder).iterdir():
        if path.suffix in TEXTS:
            shutil.copyfile(path, fresh / folder / path.name)
