"""The command rerender: chosen items of a batch once more, under other wishes."""

from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from producer.cli.batches import BatchArgument, open_board
from producer.cli.reviewing import (
    BelowOption,
    FromOption,
    GateReasonOption,
    ItemsArgument,
    PassedFlag,
    given,
)
from producer.cli.submitting import show_receipt
from producer.cli.terminal import JsonFlag, speaks
from shared.errors import OptionInvalid
from shared.settings import cache_path, load_settings
from shared.states import ItemState

if TYPE_CHECKING:
    from producer.rerender import Wish
    from producer.submission import Receipt
    from shared.board import StatusBoard


def register(app: typer.Typer) -> None:
    """Add the command to the `restyle` command."""
    app.command()(rerender)


@speaks
def rerender(  # noqa: PLR0913 - an argument per option
    batch: BatchArgument,
    items: ItemsArgument = None,
    *,
    seed: Annotated[int | None, typer.Option(help="Another seed: other noise.")] = None,
    prompt: Annotated[str | None, typer.Option(help="What to paint instead.")] = None,
    mask_prompt: Annotated[
        list[str] | None, typer.Option(help="What to repaint instead; can be repeated.")
    ] = None,
    mask_threshold: Annotated[
        float | None, typer.Option(help="Least probability of a masked pixel, 0 to 1.")
    ] = None,
    fields: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="FIELD=VALUE", help="Any field of a style; can be repeated."),
    ] = None,
    mask: Annotated[
        str | None, typer.Option(metavar="s3://…", help="Another mask, for all of them.")
    ] = None,
    keep_mask: Annotated[
        bool, typer.Option("--keep-mask", help="Use the mask again that each item has.")
    ] = False,
    state: Annotated[ItemState | None, typer.Option(help="Items in this state.")] = None,
    stage: Annotated[
        Literal["mask", "result"] | None, typer.Option(help="What is held at this stage.")
    ] = None,
    score_below: BelowOption = None,
    score_from: FromOption = None,
    gate_reason: GateReasonOption = None,
    text: Annotated[
        str | None, typer.Option(help="Items with this in their external id or source.")
    ] = None,
    all_passed: PassedFlag = False,
    lane: Annotated[
        Literal["urgent", "standard", "bulk"] | None,
        typer.Option(help="By default urgent for up to 50 items, and standard for more."),
    ] = None,
    batch_id: Annotated[
        str | None, typer.Option(help="Id of the new batch; repeating it is safe.")
    ] = None,
    json: JsonFlag = False,
) -> None:
    """Render items of a batch again, as a batch of its own; its results count from then on.

    Example: restyle rerender spring-2026 SKU-1001 --seed 7 --mask-threshold 0.4
    """
    from producer.rerender import Wish

    named = {
        "seed": seed,
        "prompt": prompt,
        "mask_prompt": mask_prompt,
        "mask_threshold": mask_threshold,
    }
    overrides = {name: value for name, value in named.items() if value is not None}
    chosen = given(state, stage, score_below, score_from, gate_reason, text, all_passed)
    with open_board() as board:
        wish = Wish(
            batch_id=batch,
            numbers=_numbers(board, batch, items, chosen),
            overrides=overrides | dict(map(_assigned, fields or ())),
            mask=mask,
            keep_mask=keep_mask,
            lane=lane,
            child_id=batch_id,
        )
        receipt = _placed(wish, board)
    show_receipt(receipt, as_json=json)


def _assigned(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise OptionInvalid(option="--set", reason=f"{text!r} is no FIELD=VALUE")
    return name.strip(), value


def _numbers(
    board: "StatusBoard", batch: str, items: list[str] | None, chosen: dict[str, Any]
) -> list[int]:
    """The numbers of the named items, or of those that the options choose."""
    from producer.review import numbers_of
    from shared.review import Filter

    if bool(items) == bool(chosen):
        both = "it is for items that are not named" if items else "it is needed, or items' names"
        raise OptionInvalid(option="--state", reason=both)
    return numbers_of(board, batch, items) if items else [*board.numbers(batch, Filter(**chosen))]


def _placed(wish: "Wish", board: "StatusBoard") -> "Receipt":
    from producer.rerender import rerender as place
    from shared.dispatch import Dispatcher
    from shared.queue import Publisher, celery_app
    from shared.s3 import ObjectStore

    settings = load_settings()
    dispatcher = Dispatcher(board, Publisher(celery_app(settings)), settings)
    store = ObjectStore.connect(allowed=settings.allowed)
    return place(wish, board, store, dispatch=dispatcher.step, cache=cache_path())
