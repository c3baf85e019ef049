"""Inpainting: the squares of a picture that the painter paints, one a variant."""

from concurrent.futures import Future
from dataclasses import replace
from typing import Any

from shared.tokens import prompt_notes
from worker.arrays import Rgb
from worker.batching import Batcher
from worker.composite import Crop, cut, cut_mask
from worker.images import Picture
from worker.inpaint.protocol import InpaintRequest
from worker.models.fetch import ModelStore
from worker.order import Order
from worker.repaint import Repaint
from worker.waiting import Answer
from worker.work import Work


class Inpainting:
    """Has squares painted; shared by all item threads of a process."""

    def __init__(self, models: ModelStore, batcher: Batcher[Any]) -> None:
        self._models = models
        self._batcher = batcher

    def paint(
        self, order: Order, picture: Picture, mask: Repaint, crop: Crop, work: Work
    ) -> list[Answer[Rgb]]:
        """The painted squares, one a variant, at the working size, in the picture's colours."""
        style, side, space = order.style, order.style.working_size, picture.space
        seen = space.to_srgb(cut(picture.flattened(style.background), crop, side))
        repaint = cut_mask(mask.hard, crop, side)
        directory = str(self._models.fetch(order.painter))
        requests = [
            InpaintRequest(
                model=directory,
                picture=seen,
                mask=repaint,
                prompt=style.prompt,
                negative_prompt=style.negative_prompt,
                steps=style.steps,
                guidance_scale=style.guidance_scale,
                scheduler=style.scheduler,
                strength=style.strength,
                seed=order.seed(variant),
                cancelled=work.cancelled,
            )
            for variant in range(1, style.variants + 1)
        ]
        futures: list[Future[Answer[Rgb]]] = [self._batcher.submit(request) for request in requests]
        answers = (future.result() for future in futures)
        return [replace(answer, value=space.from_srgb(answer.value)) for answer in answers]

    def unread(self, order: Order) -> tuple[str, ...]:
        """What of the prompts is too long for the models to read, as clauses."""
        segmenter = self._models.fetch(order.segmenter) if order.segmenter else None
        return prompt_notes(order.style, segmenter, self._models.fetch(order.painter))
