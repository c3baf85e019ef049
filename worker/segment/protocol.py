"""What a segmenter is asked and what it answers; torch-free."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from shared.jobs import ClaimName, Lane


@dataclass(frozen=True, slots=True)
class SegmentGroup:
    """Requests that share these may share a call."""

    stage: ClassVar[str] = "segment"

    #: Local directory of the model.
    model: str
    #: Side of the pictures in pixels.
    side: int
    #: Of the model's bytes: one directory may hold another model later.
    digest: str = ""
    #: The one claim that has no batch mates, as a suspect.
    alone: ClaimName | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SegmentRequest:
    """One picture and the words to look for in it."""

    #: Local directory of the model.
    model: str
    #: uint8, side x side x 3, RGB; letterboxed to the side that the model's geometry names.
    picture: NDArray[np.uint8]
    #: One or more; each gets its own logits.
    prompts: tuple[str, ...]
    #: Of the model, as its batch was submitted.
    digest: str = ""
    #: The claim that it is for, and whether that must have no batch mates.
    claim: ClaimName | None = None
    suspect: bool = False
    #: Of the batch that it is for: urgent ones go first.
    lane: Lane = "standard"

    @property
    def group(self) -> SegmentGroup:
        """Model and size; words may differ within a call."""
        alone = self.claim if self.suspect else None
        return SegmentGroup(self.model, self.picture.shape[0], self.digest, alone)


class Segmenter(Protocol):
    """Finds things in pictures by words."""

    def segment(self, requests: Sequence[SegmentRequest]) -> list[NDArray[np.float32]]:
        """Look for every prompt in its picture.

        Args:
            requests: One or more of one group.

        Returns:
            Per request the logits, float32, prompts x side x side, unbounded; greater means
            more certain, 0 means undecided.

        Raises:
            LabelUnknown: A prompt names none of the labels that the segmenter knows.
            OutputNotFinite: An answer holds NaN or infinity.
        """
