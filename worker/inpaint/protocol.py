"""What a painter is asked and what it answers; torch-free."""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from shared.jobs import ClaimName, Lane
from shared.styles import Scheduler


@dataclass(frozen=True, slots=True)
class InpaintGroup:
    """Requests that share these may share a call; prompts, seeds and guidance scales may differ."""

    stage: ClassVar[str] = "inpaint"

    #: Local directory of the model.
    model: str
    #: Side of the pictures in pixels.
    side: int
    steps: int
    #: Whether guidance is on, which doubles the work of each step.
    guided: bool
    scheduler: Scheduler
    strength: float
    #: Of the model's bytes: one directory may hold another model later.
    digest: str = ""
    #: The one claim that has no batch mates, as a suspect.
    alone: ClaimName | None = None


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class InpaintRequest:
    """One picture to paint into."""

    #: Local directory of the model.
    model: str
    #: uint8, side x side x 3, RGB; the side is a multiple of 8.
    picture: NDArray[np.uint8]
    #: uint8, side x side; from 128 on a pixel is repainted.
    mask: NDArray[np.uint8]
    prompt: str
    negative_prompt: str = ""
    #: Denoising steps; with a strength below 1 only that share of them runs.
    steps: int = 25
    #: 1 switches guidance off.
    guidance_scale: float = 6.5
    scheduler: Scheduler = "euler"
    #: 0 < strength <= 1; 1 repaints from pure noise.
    strength: float = 1.0
    #: Of the model, as its batch was submitted.
    digest: str = ""
    #: 0 <= seed < 2**63; decides the noise, whatever the batch mates and the device.
    seed: int = 0
    #: Set by the asker to stop; a call ends between two steps when all its requests are cancelled.
    cancelled: threading.Event = field(default_factory=threading.Event)
    #: The claim that it is for, and whether that must have no batch mates.
    claim: ClaimName | None = None
    suspect: bool = False
    #: Of the batch that it is for: urgent ones go first.
    lane: Lane = "standard"

    @property
    def group(self) -> InpaintGroup:
        """All that must be equal; pictures, words, seeds and guidance scales may differ."""
        return InpaintGroup(
            model=self.model,
            side=self.picture.shape[0],
            steps=self.steps,
            guided=self.guidance_scale > 1,
            scheduler=self.scheduler,
            strength=self.strength,
            digest=self.digest,
            alone=self.claim if self.suspect else None,
        )


class Painter(Protocol):
    """Paints what words say where a mask allows it."""

    def paint(self, requests: Sequence[InpaintRequest]) -> list[NDArray[np.uint8]]:
        """Paint every request.

        Args:
            requests: One or more of one group.

        Returns:
            Per request the whole painted square, uint8, side x side x 3, RGB. Models change
            pixels outside the mask a little too: paste only what is inside.

        Raises:
            CancelledError: Every request was cancelled while the call ran.
            OutputNotFinite: A painted picture holds NaN.
        """
