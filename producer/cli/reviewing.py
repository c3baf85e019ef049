"""Commands of who reviews held items: approve, reject, decisions, undo."""

import os
import pwd
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeAlias

import typer

from producer.cli.batches import BatchArgument, counted, open_board, say
from producer.cli.terminal import JsonFlag, print_json, speaks
from shared.errors import OptionInvalid
from shared.states import ItemState

if TYPE_CHECKING:
    from shared.board import StatusBoard
    from shared.results import Stage
    from shared.review import Decision, Filter

ItemsArgument: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(metavar="[ITEM]...", help="External ids or #numbers; else what options choose."),
]
StateOption: TypeAlias = Annotated[
    ItemState | None, typer.Option(help="Everything that is `held`; nothing else is decided.")
]
StageOption: TypeAlias = Annotated[
    Literal["mask", "result"] | None,
    typer.Option(help="What is held at this stage; needed where the chosen wait at both."),
]
BelowOption: TypeAlias = Annotated[
    float | None, typer.Option(min=0, max=1, help="What is held with a lower score of the gate.")
]
FromOption: TypeAlias = Annotated[
    float | None, typer.Option(min=0, max=1, help="What is held with at least this score.")
]
GateReasonOption: TypeAlias = Annotated[
    str | None, typer.Option(help="What the gate holds for this reason, such as too_large.")
]
TextOption: TypeAlias = Annotated[
    str | None, typer.Option(help="What is held with this in its external id or source.")
]
PassedFlag: TypeAlias = Annotated[
    bool, typer.Option("--all-passed", help="What is held and in the gate's range.")
]
ExpectOption: TypeAlias = Annotated[
    int | None, typer.Option(min=0, help="Decide only if the options choose so many items.")
]
DryRunFlag: TypeAlias = Annotated[
    bool, typer.Option("--dry-run", help="Say how many items it would be, and decide nothing.")
]
#: What a decision made of items, by what was decided.
PAST = {"approve": "approved", "reject": "rejected", "pick": "picked", "undo": "taken back"}


def register(app: typer.Typer) -> None:
    """Add the commands to the `restyle` command."""
    for command in (approve, reject, decisions, undo):
        app.command()(command)


@speaks
def approve(  # noqa: PLR0913 - an argument per option
    batch: BatchArgument,
    items: ItemsArgument = None,
    *,
    state: StateOption = None,
    stage: StageOption = None,
    score_below: BelowOption = None,
    score_from: FromOption = None,
    gate_reason: GateReasonOption = None,
    text: TextOption = None,
    all_passed: PassedFlag = False,
    expect: ExpectOption = None,
    dry_run: DryRunFlag = False,
    json: JsonFlag = False,
) -> None:
    """Approve held items, of one stage: a mask is painted with, a result is published.

    Example: restyle approve spring-2026 --stage mask --score-from 0.8
    """
    from producer.review import new_decision

    chosen = given(state, stage, score_below, score_from, gate_reason, text, all_passed)
    decision = new_decision("approve", _login(), stage=stage)
    wanted = _wanted(items, chosen)
    _decide(batch, decision, wanted, expect=expect, dry_run=dry_run, as_json=json)


@speaks
def reject(  # noqa: PLR0913 - an argument per option
    batch: BatchArgument,
    items: ItemsArgument = None,
    *,
    reason: Annotated[
        str,
        typer.Option(help="wrong_mask, bad_edge, wrong_colour, artefact, other, or a few words."),
    ] = "other",
    state: StateOption = None,
    stage: StageOption = None,
    score_below: BelowOption = None,
    score_from: FromOption = None,
    gate_reason: GateReasonOption = None,
    text: TextOption = None,
    all_passed: PassedFlag = False,
    expect: ExpectOption = None,
    dry_run: DryRunFlag = False,
    json: JsonFlag = False,
) -> None:
    """Reject held items: they end, and nothing of them is published.

    Example: restyle reject spring-2026 SKU-1001 --reason wrong_mask
    """
    from producer.review import new_decision
    from shared.review import MAX_REASON

    if len(reason) > MAX_REASON:
        raise OptionInvalid(option="--reason", reason=f"it has over {MAX_REASON} characters")
    chosen = given(state, stage, score_below, score_from, gate_reason, text, all_passed)
    decision = new_decision("reject", _login(), reason=reason, stage=stage)
    wanted = _wanted(items, chosen)
    _decide(batch, decision, wanted, expect=expect, dry_run=dry_run, as_json=json)


@speaks
def decisions(
    batch: BatchArgument,
    *,
    limit: Annotated[int, typer.Option(min=1, help="Decisions to list, the newest first.")] = 20,
    json: JsonFlag = False,
) -> None:
    """List who decided what of a batch's items, and when.

    Example: restyle decisions spring-2026
    """
    with open_board() as board:
        made = board.decisions(batch, limit=limit)
    if json:
        print_json([one.model_dump(mode="json") for one in made])
        return
    for one in made:
        say(_told(one))
    if not made:
        say(f"Nothing was decided of the batch {batch}.")


@speaks
def undo(
    batch: BatchArgument,
    decision: Annotated[str, typer.Argument(help="Its id, as `restyle decisions` lists it.")],
    *,
    json: JsonFlag = False,
) -> None:
    """Take a decision back, as far as nothing was made of it.

    Example: restyle undo spring-2026 3f9c2a7be410
    """
    with open_board() as board:
        undone = board.undo(batch, decision, _login())
    if json:
        facts = {"moved": undone.moved, "too_late": undone.too_late}
        print_json({"batch": batch, "decision": decision, **facts})
        return
    late = f"; for {undone.too_late:,} it was too late" if undone.too_late else ""
    say(f"{counted(undone.moved, 'item')} taken back{late}.")


def _login() -> str:
    """The name of who runs the command."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # as in a container
        return f"uid {os.getuid()}"


def given(*values: Any) -> dict[str, Any]:
    """What options said of a filter, in the order in which the commands have them."""
    names = ("states", "stage", "score_below", "score_from", "reason", "text", "passed")
    named = zip(names, values, strict=True)
    # A score of zero is one; a text or a flag that is not given is none.
    said = {name: value for name, value in named if value or (value == 0 and value is not False)}
    return said | ({"states": frozenset({said["states"]})} if "states" in said else {})


def _wanted(items: list[str] | None, given: dict[str, Any]) -> "list[str] | Filter":
    """The named items, or the filter of the options.

    Raises:
        OptionInvalid: Both, or neither.
    """
    from shared.review import Filter

    others = {name for name in given if name != "stage"}
    if items and others:
        raise OptionInvalid(option="--state", reason="it is for items that are not named")
    if not (items or given):
        reason = "name items, or say which with this or another option"
        raise OptionInvalid(option="--state", reason=reason)
    held = frozenset({ItemState.HELD})
    return items or Filter(**({"states": held, "approved": False} | given))


def _decide(
    batch: str,
    decision: "Decision",
    wanted: "list[str] | Filter",
    *,
    expect: int | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    from producer.review import decide, numbers_of

    with open_board() as board:
        found = numbers_of(board, batch, wanted) if isinstance(wanted, list) else wanted
        decision = _frozen(board, batch, decision, found)
        if dry_run:
            count = len(found) if isinstance(found, list) else board.count(batch, found)
            _tell_count(batch, count, decision, as_json=as_json)
            return
        made = decide(board, batch, decision, found, expect=expect)
    if as_json:
        facts = {"stage": decision.stage, "moved": made.moved, "skipped": made.skipped}
        print_json({"batch": batch, "decision": decision.id, **facts})
        return
    rest = f"; {counted(made.skipped, 'item')} not held, or decided before" if made.skipped else ""
    say(f"{counted(made.moved, decision.stage or 'item')} {PAST[decision.action]}{rest}.")
    if made.moved:
        say(f"To take it back: restyle undo {batch} {decision.id}")


def _frozen(
    board: "StatusBoard", batch: str, decision: "Decision", found: "list[int] | Filter"
) -> "Decision":
    """The decision about the one stage at which the chosen items wait now.

    Raises:
        OptionInvalid: Masks and results would be approved alike.
    """
    from producer.review import stages_of

    if decision.stage:
        return decision
    waiting = +stages_of(board, batch, found)
    if len(waiting) > 1 and decision.action == "approve":
        told = " and ".join(counted(count, stage) for stage, count in sorted(waiting.items()))
        raise OptionInvalid(option="--stage", reason=f"{told} wait: say which were looked at")
    stage: Stage | None = next(iter(waiting)) if len(waiting) == 1 else None
    return decision.model_copy(update={"stage": stage})


def _tell_count(batch: str, count: int, decision: "Decision", *, as_json: bool) -> None:
    if as_json:
        print_json({"batch": batch, "count": count, "stage": decision.stage})
    else:
        what = counted(count, decision.stage or "item")
        say(f"{what} would be {PAST[decision.action]}; nothing was decided.")


def _told(one: "Decision") -> str:
    when = f"{one.at.astimezone():%Y-%m-%d %H:%M:%S}" if one.at else ""
    what = f"{counted(one.moved, 'item')} {PAST[one.action]}"
    why = f" ({one.undoes or one.reason})" if one.undoes or one.reason else ""
    return f"{one.id}  {when}  {one.by}: {what}{why}"
