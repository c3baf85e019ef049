"""Likeness: how far two pictures of the same thing are from one another, sample by sample."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from producer.pictures import Samples
from producer.tolerance import LEAST_OVERLAP, LOSSY_SHARE

#: Rows compared at a time: bounds memory on large pictures.
BAND_ROWS = 256


class Verdict(StrEnum):
    """How like two pictures are, from best to worst."""

    #: Every decoded sample is the same.
    EQUAL = "equal"
    #: No sample differs by more than the tolerance, and the encoder's own error for a few.
    WITHIN = "within_tolerance"
    DIFFERENT = "different"


#: From best to worst.
ORDER = tuple(Verdict)


def worst(verdicts: Iterator[Verdict]) -> Verdict:
    """The verdict on the whole: that on its worst part."""
    return max(verdicts, key=ORDER.index)


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """What two pictures of a result have in common."""

    verdict: Verdict
    #: Largest difference of any sample, 0 to 255.
    largest: int
    #: Mean difference of all samples.
    mean: float
    #: Share of pixels with a sample over the tolerance, 0 to 1.
    over: float
    #: Peak signal-to-noise ratio in dB; None where nothing differs.
    psnr: float | None
    #: Why the two cannot be laid over one another, as a clause; then all else says the worst.
    mismatch: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MaskLikeness:
    """What two masks have in common."""

    verdict: Verdict
    #: Intersection over union of what may change, 0 to 1.
    overlap: float
    #: Share of pixels that differ, 0 to 1.
    differing: float
    mismatch: str = ""


def likeness(then: Samples, now: Samples, tolerance: int, encoder_levels: int = 0) -> Likeness:
    """Compare two pictures.

    Args:
        then: uint8, H x W x channels.
        now: Likewise.
        tolerance: Levels (0 to 255) that any sample may differ by.
        encoder_levels: The encoder's own error, by which some pixels may differ more.
    """
    if mismatch := _mismatch(then, now):
        verdict = Verdict.DIFFERENT
        return Likeness(
            verdict=verdict, largest=255, mean=255.0, over=1.0, psnr=0.0, mismatch=mismatch
        )
    counts, over = np.zeros(256, np.int64), 0
    for band in _differences(then, now):
        counts += np.bincount(band.ravel(), minlength=256)
        over += int(np.count_nonzero(band.max(axis=2) > tolerance))
    largest = int(np.flatnonzero(counts)[-1])
    share = over / (then.shape[0] * then.shape[1])
    allowed = tolerance + (encoder_levels if share <= LOSSY_SHARE else 0)
    levels, total = np.arange(256), int(counts.sum())
    return Likeness(
        verdict=_verdict(largest, allowed),
        largest=largest,
        mean=float(counts @ levels) / total,
        over=share,
        psnr=_psnr(float(counts @ levels**2) / total),
    )


def mask_likeness(then: Samples, now: Samples) -> MaskLikeness:
    """Compare two masks (uint8, H x W x 1); where one is above 0, the picture may change."""
    if mismatch := _mismatch(then, now):
        return MaskLikeness(
            verdict=Verdict.DIFFERENT, overlap=0.0, differing=1.0, mismatch=mismatch
        )
    union = np.count_nonzero(then | now)
    overlap = np.count_nonzero((then > 0) & (now > 0)) / union if union else 1.0
    differing = np.count_nonzero(then != now) / then.size
    if not differing:
        verdict = Verdict.EQUAL
    else:
        verdict = Verdict.WITHIN if overlap >= LEAST_OVERLAP else Verdict.DIFFERENT
    return MaskLikeness(verdict=verdict, overlap=overlap, differing=differing)


def _mismatch(then: Samples, now: Samples) -> str:
    if then.shape == now.shape:
        return ""
    return f"{_shape(then)} then, {_shape(now)} now"


def _shape(samples: Samples) -> str:
    height, width, channels = samples.shape
    return f"{width} x {height} px of {channels} channels"


def _differences(then: Samples, now: Samples) -> Iterator[Samples]:
    for top in range(0, len(then), BAND_ROWS):
        rows = slice(top, top + BAND_ROWS)
        # The larger less the smaller stays inside uint8.
        yield np.maximum(then[rows], now[rows]) - np.minimum(then[rows], now[rows])


def _verdict(largest: int, tolerance: int) -> Verdict:
    if largest == 0:
        return Verdict.EQUAL
    return Verdict.WITHIN if largest <= tolerance else Verdict.DIFFERENT


def _psnr(mean_square: float) -> float | None:
    return 10 * math.log10(255**2 / mean_square) if mean_square else None
