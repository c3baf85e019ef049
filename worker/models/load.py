"""Directories become segmenters and painters on a device.

Safetensors only, local files only, no code from the model's directory. The safety checker and
the feature extractor of published pipelines are not loaded.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import structlog
import torch
from diffusers import StableDiffusionInpaintPipeline
from diffusers.utils import logging as diffusers_logging
from safetensors import SafetensorError
from transformers import (
    AutoModelForSemanticSegmentation,
    CLIPSegForImageSegmentation,
    CLIPTokenizer,
)
from transformers.utils import logging as transformers_logging

from shared.errors import ModelInvalid, ModelUnavailable
from shared.labels import read_labels
from shared.packing.layout import PAINTER_PARTS, half_precision, painter_problem, segmenter_problem
from shared.segmenters import SEGMENTER_KIND
from worker.inpaint.diffusion import DiffusionPainter
from worker.inpaint.protocol import Painter
from worker.inpaint.tuning import Tuning, choose_tuning
from worker.models.device_errors import is_fatal, is_out_of_memory
from worker.models.device_facts import choose_dtype
from worker.models.host_faults import host_fault, unreadable
from worker.segment.clipseg import ClipsegSegmenter
from worker.segment.geometry import SegmenterGeometry, segmenter_geometry
from worker.segment.protocol import Segmenter
from worker.segment.semantic import SemanticSegmenter

PAINTER_KIND = "Stable Diffusion inpainting"

#: Only these are read, whatever else a directory holds.
LOCAL_ONLY = {"local_files_only": True, "use_safetensors": True}

#: Their published types do not know these methods.
_CLIPSEG: Any = CLIPSegForImageSegmentation
_SEMANTIC: Any = AutoModelForSemanticSegmentation
_PIPELINE: Any = StableDiffusionInpaintPipeline
_BARS: tuple[Any, ...] = (transformers_logging, diffusers_logging)

_log = structlog.get_logger()


def load_segmenter(directory: Path, device: str) -> Segmenter:
    """Load a segmenter's directory onto a device: CLIPSeg, SegFormer or BEiT, by its config.json.

    Args:
        directory: As published or as `save_pretrained` writes it.
        device: `cpu`, `cuda` or `cuda:N`.

    Raises:
        ModelInvalid: No segmenter, or one that is damaged or holds pickles only.
        ModelUnavailable: This host cannot read it now.
    """
    _refuse(directory, segmenter_problem(directory), SEGMENTER_KIND)
    geometry, labels = segmenter_geometry(directory), read_labels(directory, str(directory))
    target, dtype = _target(directory, device)
    with _vendor_manners(directory, SEGMENTER_KIND):
        if labels:
            model = _semantic(directory, dtype, geometry)
            return SemanticSegmenter(_own(model.to(target)).eval(), labels, geometry)
        tokenizer = CLIPTokenizer.from_pretrained(directory, local_files_only=True)
        model = _CLIPSEG.from_pretrained(directory, **_weights_of(directory, dtype))
        return ClipsegSegmenter(_own(model.to(target)).eval(), tokenizer, geometry)


def _semantic(directory: Path, dtype: torch.dtype, geometry: SegmenterGeometry) -> Any:
    """A model that scores labels, whole: transformers would fill what is missing with noise."""
    model, found = _SEMANTIC.from_pretrained(
        directory,
        output_loading_info=True,
        trust_remote_code=False,
        **_weights_of(directory, dtype),
    )
    missing = sorted(found["missing_keys"] & {name for name, _ in model.named_parameters()})
    if missing:
        raise ValueError(f"its weights lack {missing[0]}")
    # BEiT has a place for each patch; SegFormer takes any size.
    if model.config.model_type == "beit" and model.config.image_size != geometry.side:
        reason = f"it reads {model.config.image_size} px, its processor config says"
        raise ValueError(f"{reason} {geometry.side}")
    return model


def _weights_of(directory: Path, dtype: torch.dtype) -> dict[str, Any]:
    variant = "fp16" if half_precision(directory) else None
    return {"dtype": dtype, "variant": variant, **LOCAL_ONLY}


def load_painter(directory: Path, device: str, tuning: Tuning | None = None) -> Painter:
    """Load a Stable Diffusion inpainting directory (1.x, 2.x, fine-tunes) onto a device.

    Args:
        directory: As published or as `save_pretrained` writes it.
        device: `cpu`, `cuda` or `cuda:N`.
        tuning: What is done for speed; by default all that suits the device.

    Raises:
        ModelInvalid: Not an inpainting pipeline, or one that is damaged or holds pickles only.
        ModelUnavailable: This host cannot read it now.
    """
    target, dtype = _target(directory, device)
    pipeline = load_pipeline(directory, target, dtype)
    tuning = tuning or choose_tuning(device)
    _log.info("painter tuned", model=str(directory), **asdict(tuning))
    return DiffusionPainter(pipeline, tuning)


def load_pipeline(directory: Path, device: torch.device, dtype: torch.dtype) -> Any:
    """Load a Stable Diffusion inpainting directory as the `StableDiffusionInpaintPipeline` it is.

    Args:
        directory: As published or as `save_pretrained` writes it.
        device: Where it goes.
        dtype: The precision of its weights.

    Raises:
        ModelInvalid: Not an inpainting pipeline, or one that is damaged or holds pickles only.
        ModelUnavailable: This host cannot read it now.
    """
    _refuse(directory, painter_problem(directory), PAINTER_KIND)
    halves = any(half_precision(directory / part) for part in PAINTER_PARTS)
    with _vendor_manners(directory, PAINTER_KIND):
        pipeline = _PIPELINE.from_pretrained(
            directory,
            dtype=dtype,
            variant="fp16" if halves else None,
            safety_checker=None,
            feature_extractor=None,
            requires_safety_checker=False,
            **LOCAL_ONLY,
        )
    pipeline.to(device)
    for part in (pipeline.unet, pipeline.vae, pipeline.text_encoder):
        _own(part)
    return pipeline


def _target(directory: Path, device: str) -> tuple[torch.device, torch.dtype]:
    target = torch.device(device)
    dtype, reason = choose_dtype(target)
    _log.info("model loads", model=str(directory), device=device, dtype=str(dtype), reason=reason)
    return target, dtype


def _own(part: Any) -> Any:
    """The part with weights of its own: on a CPU they are the very file, mapped into memory.

    Whoever wrote into that file would change what is painted; cutting it short ends the process.
    """
    for tensor in (*part.parameters(), *part.buffers()):
        if tensor.device.type == "cpu":
            tensor.data = tensor.data.clone()
    return part


def _refuse(directory: Path, problem: str, kind: str) -> None:
    if problem and (fault := unreadable(directory)):
        raise ModelUnavailable(reference=directory, reason=fault)
    if problem:
        raise ModelInvalid(reference=directory, reason=problem, kind=kind)


@contextmanager
def _vendor_manners(directory: Path, kind: str) -> Iterator[None]:
    """Loading without progress bars; what fails is the directory's fault, or the device's."""
    # The bars would break the lines of a worker's log.
    for library in _BARS:
        library.disable_progress_bar()
    try:
        yield
    except (OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        if is_out_of_memory(error) or is_fatal(error):
            raise
        if fault := host_fault(error) or unreadable(directory):
            raise ModelUnavailable(reference=directory, reason=fault) from error
        reason = " ".join(str(error).split())[:300]
        raise ModelInvalid(reference=directory, reason=reason, kind=kind) from error
