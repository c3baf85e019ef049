"""Inpainting: the squares of a picture that the painter paints, for each variant one a crop."""

from collections.abc import Collection
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from contextlib import ExitStack
from dataclasses import replace
from itertools import product
from typing import Any

from shared.sampling import sampling_of
from shared.tokens import prompt_notes
from worker.batching import Batcher
from worker.cores import Cores
from worker.inpaint.protocol import InpaintRequest
from worker.models.supply import Supply
from worker.order import Order
from worker.pictures.images import Picture
from worker.pixels.crops import CropPlan
from worker.pixels.drift import Square, corrected
from worker.pixels.repaint import Repaint
from worker.pixels.views import View, views_of
from worker.waiting import Answer
from worker.work import Work

#: How long a stopped item may go on waiting for its squares, in seconds.
STOP_SECONDS = 0.5


class Inpainting:
    """Has squares painted; shared by all item threads of a process."""

    def __init__(self, models: Supply, batcher: Batcher[Any], cores: Cores) -> None:
        self._models = models
        self._batcher = batcher
        self._cores = cores

    def refuse_resting(self, order: Order) -> None:
        """Stop an item whose models cannot be had here now, before anything is done for it.

        Raises:
            Elsewhere: Another worker may have them.
            ModelError: None may.
        """
        self._models.refuse_resting(order.finder, order.painter)

    def paint(
        self, order: Order, picture: Picture, mask: Repaint, plan: CropPlan, work: Work
    ) -> list[list[Answer[Square]]]:
        """The painted squares, sRGB at the working size: for each variant, one a crop.

        Raises:
            RestyleError: A square could not be painted; what did not start will not be.
            ClaimGone: The item must not go on here; likewise.
        """
        with self._cores.held(order.lane):
            seen = picture.flattened(order.style.background)
            views = views_of(seen, picture.space, mask, plan, order.style.working_size)
        variants = range(1, order.style.variants + 1)
        with self._models.using(order.painter) as directory:
            answers = iter(self._answers(order, views, str(directory), variants, work))
        with self._cores.held(order.lane):
            return [[_corrected(next(answers).result(), view) for view in views] for _ in variants]

    def _answers(
        self, order: Order, views: list[View], directory: str, variants: range, work: Work
    ) -> list[Future[Answer[Any]]]:
        """The answers for each variant's views, all of them there."""
        asked: list[Future[Answer[Any]]] = []
        try:
            # All are asked for together, so that they may share a call.
            asked = self._batcher.submit_all(
                [
                    _request(order, view, directory, (variant, crop), work)
                    for variant, (crop, view) in product(variants, enumerate(views, start=1))
                ]
            )
            _await(asked, work)
        finally:
            # Where one failed, or the item must stop, nobody wants what did not start.
            for future in asked:
                future.cancel()
        return asked

    def unread(self, order: Order) -> tuple[str, ...]:
        """What of the prompts is too long for the models to read, as clauses."""
        with ExitStack() as held:
            painter = held.enter_context(self._models.held(order.painter))
            finder = None
            if order.finder:
                finder = held.enter_context(self._models.held(order.finder))
            return prompt_notes(order.style, finder, painter)


def _await(futures: Collection[Future[Answer[Any]]], work: Work) -> None:
    """Wait for all answers, or raise the first error, or that the item must stop."""
    waiting = futures
    while waiting:
        ended, waiting = wait(waiting, STOP_SECONDS, return_when=FIRST_EXCEPTION)
        work.check_claim()
        for future in ended:
            future.result()


def _corrected(answer: Answer[Any], view: View) -> Answer[Square]:
    return replace(answer, value=corrected(answer.value, view))


def _request(
    order: Order, view: View, directory: str, place: tuple[int, int], work: Work
) -> InpaintRequest:
    """What the painter is asked; `place` is the variant's number and the crop's."""
    style, sampling = order.style, sampling_of(order.style)
    return InpaintRequest(
        model=directory,
        digest=order.painter.digest,
        picture=view.seen,
        mask=view.mask,
        prompt=style.prompt,
        negative_prompt=style.negative_prompt,
        steps=sampling.steps,
        guidance_scale=style.guidance_scale,
        scheduler=sampling.scheduler,
        strength=style.strength,
        seed=order.seed(*place),
        cancelled=work.cancelled,
        claim=work.claim.name,
        suspect=work.claim.suspect,
        lane=order.lane,
    )
