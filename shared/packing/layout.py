"""What a model's directory must hold before anything in it is loaded; torch-free.

Safetensors only: a pickle can run anything.
"""

import json
from collections.abc import Iterable
from pathlib import Path, PurePosixPath
from typing import Any

from shared.errors import ModelInvalid
from shared.labels import labels_of
from shared.segmenters import CONFIG_NAMES, SEGMENTER_CLASSES

#: The parts of a pipeline, by their names; and what a fine-tuning tells of its model beside them.
INDEX, CARD = "model_index.json", "card.json"
#: The parts of a Stable Diffusion pipeline that we load, and whether each has weights.
PAINTER_PARTS = {
    "unet": True,
    "vae": True,
    "text_encoder": True,
    "tokenizer": False,
    "scheduler": False,
}
#: How a pipeline has pictures prepared: a few kB that we do not need, and that a fine-tuned model
#: hands on to endpoints of others.
EXTRACTOR = "feature_extractor"
#: Pipelines whose parts the painter can use; fine-tunes of inpainting models carry either name.
PAINTER_CLASSES = ("StableDiffusionInpaintPipeline", "StableDiffusionPipeline")
#: Parts come from these libraries only; anything else would be code from the model's directory.
LIBRARIES = ("diffusers", "transformers")
#: Noise, mask and masked picture: 4 + 1 + 4 channels.
INPAINTING_CHANNELS = 9

#: Where the program of an endpoint lies beside the model; nothing in it is loaded by a worker.
CODE = "code"

WEIGHTS = ".safetensors"
PICKLES = (".bin", ".ckpt", ".pt", ".pth")
#: What a model needs besides its weights.
TEXTS = (".json", ".txt", ".model")


def segmenter_problem(directory: Path) -> str:
    """Why a directory is no segmenter that can be loaded, or nothing."""
    config = _json(directory / "config.json")
    if config is None:
        return _not_a_model(directory, "config.json")
    found = _kind_problem(config) or _weights_problem(directory, "the model")
    if found or any((directory / name).is_file() for name in CONFIG_NAMES):
        return found
    return f"it has no {' or '.join(reversed(CONFIG_NAMES))}"


def painter_problem(directory: Path) -> str:
    """Why a directory is no inpainting pipeline that can be loaded, or nothing."""
    index = _json(directory / INDEX)
    if index is None:
        return _not_a_model(directory, INDEX)
    if index.get("_class_name") not in PAINTER_CLASSES:
        return f"it is a {index.get('_class_name')}, not a {PAINTER_CLASSES[0]}"
    problems = (_part_problem(directory, index, part) for part in PAINTER_PARTS)
    return next(filter(None, problems), "") or _unet_problem(directory / "unet")


def problem(directory: Path) -> str:
    """Why a directory is no whole model of either kind, or nothing."""
    is_pipeline = (directory / INDEX).is_file()
    return painter_problem(directory) if is_pipeline else segmenter_problem(directory)


def choose_files(names: Iterable[str]) -> list[str]:
    """Of a repository's files (POSIX paths) those that are used, each weight once.

    Published repositories hold the same weights several times: full and half precision, pickles,
    EMA copies, single-file checkpoints beside the folders.
    """
    paths = [PurePosixPath(name) for name in names]
    is_pipeline = PurePosixPath(INDEX) in paths
    folders = (*PAINTER_PARTS, EXTRACTOR) if is_pipeline else ("",)
    chosen = [path for folder in folders for path in _of_folder(paths, folder)]
    chosen += [PurePosixPath(INDEX)] if is_pipeline else []
    return sorted(map(str, chosen))


def half_precision(directory: Path) -> bool:
    """Whether a folder's weights are published under the variant name `fp16` only."""
    names = [path.name for path in directory.glob(f"*{WEIGHTS}")]
    return bool(names) and all(_is_half(name) for name in names)


def _of_folder(paths: list[PurePosixPath], folder: str) -> list[PurePosixPath]:
    here = [path for path in paths if path.parent == PurePosixPath(folder)]
    weights = [path for path in here if path.suffix == WEIGHTS and "non_ema" not in path.name]
    halves = [path for path in weights if _is_half(path.name)]
    return [path for path in here if path.suffix in TEXTS] + (halves or weights)


def _is_half(name: str) -> bool:
    return ".fp16." in name or ".fp16-" in name


def _kind_problem(config: dict[str, Any]) -> str:
    """Why a config is that of no segmenter, or nothing."""
    kind = str(config.get("model_type"))
    if kind not in SEGMENTER_CLASSES:
        known = ", ".join(map(repr, SEGMENTER_CLASSES))
        return f"its config.json says model_type {kind!r}, which is none of {known}"
    classes = config.get("architectures") or [SEGMENTER_CLASSES[kind]]
    if SEGMENTER_CLASSES[kind] not in classes:
        return f"it is a {classes[0]}, not a {SEGMENTER_CLASSES[kind]}"
    try:
        labels_of(config, kind)
    except ModelInvalid as error:
        return str(error.facts["reason"])
    return ""


def _part_problem(directory: Path, index: dict[str, Any], part: str) -> str:
    match index.get(part):
        case [str(library), str()] if library in LIBRARIES:
            pass
        case other:
            return f"its {part} is {other!r}, not a class of {' or '.join(LIBRARIES)}"
    if not (directory / part).is_dir():
        return f"its folder {part} is missing"
    return _weights_problem(directory / part, part) if PAINTER_PARTS[part] else ""


def _unet_problem(unet: Path) -> str:
    config = _json(unet / "config.json") or {}
    if config.get("time_cond_proj_dim") is not None:
        return "its UNet was distilled with guidance built in, which is not supported"
    channels = config.get("in_channels")
    if channels == INPAINTING_CHANNELS:
        return ""
    return (
        f"its UNet takes {channels} channels, an inpainting model takes {INPAINTING_CHANNELS} "
        "(a text-to-image model cannot see what it paints into)"
    )


def _weights_problem(folder: Path, part: str) -> str:
    if missing := _missing_shards(folder):
        return f"the weights of {part} are incomplete ({missing} is missing)"
    if any(folder.glob(f"*{WEIGHTS}")):
        return ""
    if any(path.suffix in PICKLES for path in folder.iterdir()):
        return f"the weights of {part} are pickles; only safetensors are loaded"
    return f"the weights of {part} are missing"


def _missing_shards(folder: Path) -> str:
    """The first shard that an index names and the folder lacks; a set that is absent is fine."""
    for path in folder.glob(f"*{WEIGHTS}.index*.json"):
        shards = sorted(set(((_json(path) or {}).get("weight_map") or {}).values()))
        missing = [name for name in shards if not (folder / name).is_file()]
        if missing and len(missing) < len(shards):
            return str(missing[0])
    return ""


def _not_a_model(directory: Path, name: str) -> str:
    other = "config.json" if name == INDEX else INDEX
    if not directory.is_dir():
        return "it is no directory"
    if (directory / other).is_file():
        return f"it has {other} and no readable {name}: a model of another kind"
    return f"it has no readable {name}"


def _json(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
