"""Retelling: a stored result and the one that its replay made, side by side."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Generic, TypeVar

from producer.likeness import (
    Likeness,
    MaskLikeness,
    Verdict,
    likeness,
    mask_likeness,
    worst,
)
from producer.pictures import Samples, samples
from shared.facts import MaskFacts, StoredFile
from shared.keys import S3Address
from shared.s3 import ObjectStore
from shared.sidecars import Sidecar, VariantFacts

LikenessT = TypeVar("LikenessT", Likeness, MaskLikeness)

#: A lossless file weighs about as much as its four channels at the most; larger is refused.
MAX_BYTES_PER_PIXEL = 5


@dataclass(frozen=True, slots=True)
class Part(Generic[LikenessT]):
    """One file of a result, then and now."""

    then: VariantFacts | MaskFacts
    now: VariantFacts | MaskFacts
    #: Whether the stored file is still the one that its sidecar tells of.
    intact: bool
    likeness: LikenessT


@dataclass(frozen=True, slots=True)
class Retelling:
    """A whole result, then and now."""

    then: Sidecar
    now: Sidecar
    tolerance: int
    #: Variant 1 first.
    variants: tuple[Part[Likeness], ...]
    mask: Part[MaskLikeness]

    @property
    def parts(self) -> tuple[Part[Likeness] | Part[MaskLikeness], ...]:
        """Everything that was compared."""
        return (*self.variants, self.mask)

    @property
    def verdict(self) -> Verdict:
        """That on the worst part."""
        return worst(part.likeness.verdict for part in self.parts)

    @property
    def changes(self) -> dict[str, tuple[str, str]]:
        """What of the renderer differs, then and now, by name."""
        then, now = dict(_circumstances(self.then)), dict(_circumstances(self.now))
        names = dict.fromkeys((*then, *now))
        pairs = {name: (then.get(name, "none"), now.get(name, "none")) for name in names}
        return {name: pair for name, pair in pairs.items() if pair[0] != pair[1]}


def retell(
    then: Sidecar, now: Sidecar, store: ObjectStore, tolerance: int, max_pixels: int
) -> Retelling:
    """Fetch both results, one picture after the other, and compare them.

    Args:
        then: The stored result's sidecar.
        now: That of its replay.
        store: Has the pictures of both.
        tolerance: Levels (0 to 255) that any sample may differ by; of a lossy file, see
            `producer.tolerance`.
        max_pixels: Larger pictures are refused.

    Raises:
        ImageError: A picture that is none, or over the limit.
        StorageError: A picture that is gone.
    """
    shelf = _Shelf(store, max_pixels)
    pairs = zip(then.variants, now.variants, strict=True)
    variants = tuple(_variant(old, new, shelf, tolerance) for old, new in pairs)
    mask = _part(then.mask, now.mask, shelf, mask_likeness)
    return Retelling(then, now, tolerance, variants, mask)


def _variant(
    then: VariantFacts, now: VariantFacts, shelf: "_Shelf", tolerance: int
) -> Part[Likeness]:
    error = max(one.proof.outside_after_decoding for one in (then, now))
    compare = partial(likeness, tolerance=tolerance, encoder_levels=error)
    return _part(then, now, shelf, compare)


@dataclass(frozen=True, slots=True)
class _Shelf:
    store: ObjectStore
    max_pixels: int

    def take(self, file: StoredFile) -> tuple[Samples, bool]:
        """A picture's samples, and whether its file is the one that its sidecar tells of."""
        limit = MAX_BYTES_PER_PIXEL * self.max_pixels
        raw = self.store.get(S3Address.parse(file.address), max_bytes=limit)
        intact = hashlib.sha256(raw).hexdigest() == file.sha256
        return samples(raw, file.address, self.max_pixels), intact


def _part(
    then: VariantFacts | MaskFacts,
    now: VariantFacts | MaskFacts,
    shelf: _Shelf,
    compare: Callable[[Samples, Samples], LikenessT],
) -> Part[LikenessT]:
    old, intact = shelf.take(then)
    new, _ = shelf.take(now)
    return Part(then, now, intact, compare(old, new))


def _circumstances(sidecar: Sidecar) -> Iterator[tuple[str, str]]:
    """What may move a pixel though nobody asked for another picture."""
    if sidecar.mask.frozen is None:
        # A mask approved in the item's own batch is in no fingerprint, and in its replay's it is.
        yield "fingerprint", sidecar.fingerprint
    yield "renderer", str(sidecar.renderer.version)
    yield "device", f"{sidecar.device.hardware} ({sidecar.device.precision})"
    yield "cuda", sidecar.device.cuda or "none"
    yield from sorted(sidecar.renderer.libraries.items())
