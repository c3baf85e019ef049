"""What a segmenter wants its pictures to look like, read from its processor's config; torch-free.

Two layouts are published: `preprocessor_config.json` (older) and `processor_config.json`, where
the same fields lie under `image_processor`.
"""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.errors import ModelInvalid
from shared.segmenters import CONFIG_NAMES, SEGMENTER_KIND

#: What processors that scale colours to 0..1 multiply them by, and how near to it is near enough.
RESCALE_FACTOR, RESCALE_TOLERANCE = 1 / 255, 1e-6
#: Mean and deviation of a processor that does not normalise.
NOT_NORMALISED = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)

#: No segmenter looks at more; a larger number is a broken config.
MAX_SIDE = 4_096

Channels = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class SegmenterGeometry:
    """Size and colours of a segmenter's input."""

    #: Side of the square input in pixels.
    side: int
    #: Mean and standard deviation per channel (RGB) of pictures in 0..1, for normalisation.
    mean: Channels
    std: Channels

    @property
    def fill(self) -> tuple[int, int, int]:
        """Colour (RGB, 0..255) that normalises to about 0: what a letterbox's bars should have."""
        red, green, blue = (round(255 * part) for part in self.mean)
        return red, green, blue


def segmenter_geometry(directory: Path) -> SegmenterGeometry:
    """Read a segmenter's geometry from its directory.

    Raises:
        ModelInvalid: No processor config, or none that says what is needed.
    """
    try:
        fields = _read(directory)
        side = _side(fields["size"])
        mean, std = _normalisation(fields)
    except (OSError, KeyError, TypeError, ValueError) as error:
        reason = f"its processor config has no usable size, image_mean and image_std ({error})"
        raise ModelInvalid(reference=directory, reason=reason, kind=SEGMENTER_KIND) from error
    if not 0 < side <= MAX_SIDE or min(std) <= 0:
        reason = f"its processor config is out of range (side {side}, image_std {std})"
        raise ModelInvalid(reference=directory, reason=reason, kind=SEGMENTER_KIND)
    return SegmenterGeometry(side, mean, std)


def _read(directory: Path) -> dict[str, Any]:
    for name in CONFIG_NAMES:
        path = directory / name
        if path.is_file():
            config = dict(json.loads(path.read_text(encoding="utf-8")))
            fields = dict(config.get("image_processor", config))
            # A processor_config.json without a picture part may stand beside the older file.
            if "size" in fields:
                return fields
    raise FileNotFoundError(f"there is no {' or '.join(reversed(CONFIG_NAMES))}")


def _side(size: Any) -> int:
    if isinstance(size, int):
        return size
    if "shortest_edge" in size:
        return int(size["shortest_edge"])
    if size["height"] != size["width"]:
        raise ValueError("the input is not square")
    return int(size["height"])


def _normalisation(fields: dict[str, Any]) -> tuple[Channels, Channels]:
    if abs(fields.get("rescale_factor", RESCALE_FACTOR) - RESCALE_FACTOR) > RESCALE_TOLERANCE:
        raise ValueError("its rescale_factor is not 1/255")
    if not fields.get("do_rescale", True):
        raise ValueError("it does not rescale colours")
    if not fields.get("do_normalize", True):
        return NOT_NORMALISED
    return _channels(fields["image_mean"]), _channels(fields["image_std"])


def _channels(values: Any) -> Channels:
    red, green, blue = map(float, values)
    return red, green, blue
