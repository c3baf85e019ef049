"""The command replay: a stored result rendered again, and the two compared."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table
from rich.text import Text

from producer.cli.batches import open_board, say
from producer.cli.terminal import EXIT_FAILED, JsonFlag, err, out, print_json, speaks
from producer.tolerance import TOLERANCE_LEVELS
from shared.settings import Settings, load_settings

if TYPE_CHECKING:
    from producer.likeness import Likeness, MaskLikeness, Verdict
    from producer.replay import Replay, Wish
    from producer.retelling import Part, Retelling
    from producer.watch import View
    from shared.jobs import Failure


def register(app: typer.Typer) -> None:
    """Add the command to the `restyle` command."""
    app.command()(replay)


@speaks
def replay(
    sidecar: Annotated[
        str, typer.Argument(metavar="SIDECAR", help="The .json beside a result: s3:// or a file.")
    ],
    *,
    tolerance: Annotated[
        int,
        typer.Option(min=0, max=255, help="Levels that any sample may differ by and be equal."),
    ] = TOLERANCE_LEVELS,
    output: Annotated[
        str | None,
        typer.Option(help="s3://bucket/prefix/ to render under; by default beside the result."),
    ] = None,
    keep: Annotated[bool, typer.Option("--keep", help="Leave the replay's own results.")] = False,
    timeout: Annotated[
        float, typer.Option(min=0, help="Give up, and cancel the replay, after so many seconds.")
    ] = 600.0,
    json: JsonFlag = False,
) -> None:
    """Render a stored result again, as its sidecar tells, and say how far the two are apart.

    Exit status 1 if they differ by more than the tolerance, or the replay fails or takes too long.

    Example: restyle replay s3://shop/restyled/1001.4be01fb0a9c2.json
    """
    from producer.likeness import Verdict
    from producer.replay import Wish

    settings = load_settings()
    wish = Wish(
        sidecar=sidecar,
        output=output,
        tolerance=tolerance,
        keep=keep,
        timeout_seconds=timeout,
        max_pixels=settings.max_image_pixels,
    )
    done = _replayed(wish, settings)
    print_json(facts(wish, done)) if json else _show(wish, done)
    verdict = getattr(done.outcome, "verdict", Verdict.DIFFERENT)
    raise typer.Exit(EXIT_FAILED if verdict is Verdict.DIFFERENT else 0)


def _replayed(wish: "Wish", settings: Settings) -> "Replay":
    from producer.replay import replay as render_again
    from shared.dispatch import Dispatcher
    from shared.queue import Publisher, celery_app
    from shared.s3 import ObjectStore

    with open_board() as board, _shown_progress() as on_view:
        dispatcher = Dispatcher(board, Publisher(celery_app(settings)), settings)
        store = ObjectStore.connect(allowed=settings.allowed)
        return render_again(wish, board, store, dispatch=dispatcher.step, on_view=on_view)


@contextmanager
def _shown_progress() -> Iterator[Callable[["View"], None]]:
    """A line on stderr that moves on a terminal; elsewhere what a person must know, once."""
    from producer.cli.gauge import note_text, plain_line

    said = {""}
    with err().status("Placing the replay") as line:

        def show(view: "View") -> None:
            line.update(Text(plain_line(view)))
            note = note_text(view)
            if note not in said:
                said.add(note)
                err().print(note, markup=False, soft_wrap=True)

        yield show


# --- what came of it -------------------------------------------------------------------------


def facts(wish: "Wish", done: "Replay") -> dict[str, object]:
    """A replay as `--json` shows it."""
    from shared.jobs import Failure

    head = {
        "sidecar": wish.sidecar,
        "batch": done.batch_id,
        "kept": done.output if wish.keep else None,
    }
    if isinstance(done.outcome, Failure):
        return head | {"verdict": "failed", "failure": done.outcome.model_dump(mode="json")}
    return head | _retelling_facts(done.outcome)


def _retelling_facts(told: "Retelling") -> dict[str, object]:
    return {
        "verdict": told.verdict,
        "tolerance": told.tolerance,
        "variants": [_part_facts(one) for one in told.variants],
        "mask": _part_facts(told.mask),
        "changes": {name: {"then": old, "now": new} for name, (old, new) in told.changes.items()},
    }


def _part_facts(part: "Part[Likeness] | Part[MaskLikeness]") -> dict[str, object]:
    from dataclasses import asdict

    mates = {"then": part.then.batch_mates, "now": part.now.batch_mates}
    return {
        "then": part.then.address,
        "now": part.now.address,
        "intact": part.intact,
        "batch_mates": mates,
        **asdict(part.likeness),
    }


def _show(wish: "Wish", done: "Replay") -> None:
    from shared.jobs import Failure

    if isinstance(done.outcome, Failure):
        _show_failure(done.outcome)
    else:
        _show_retelling(done.outcome)
    if wish.keep:
        say(f"The replay's results stay under {done.output}")


def _show_failure(failure: "Failure") -> None:
    say(f"The replay failed as {failure.code}: {failure.message}")
    say(f"  → {failure.hint}")


def _show_retelling(told: "Retelling") -> None:
    over = f"Over {told.tolerance}"
    table = Table("Variant", "Verdict", "Largest", "Mean", over, "PSNR", "Mates", box=None)
    for number, variant in enumerate(told.variants, 1):
        table.add_row(str(number), *_variant_cells(variant.likeness), _mates(variant))
    out().print(table)
    _show_mask(told.mask)
    for name, (old, new) in told.changes.items():
        say(f"{name}: {old} then, {new} now")
    for part in told.parts:
        _show_remarks(part)
    say(f"The replay is {_words(told.verdict, told.tolerance)}.")


def _variant_cells(like: "Likeness") -> tuple[str, ...]:
    psnr = "∞" if like.psnr is None else f"{like.psnr:.1f} dB"
    figures = (str(like.largest), f"{like.mean:.5f}", f"{like.over:.3%}", psnr)
    return (_plain(like.verdict), *figures)


def _show_mask(mask: "Part[MaskLikeness]") -> None:
    like = mask.likeness
    shares = f"{like.differing:.3%} of its pixels differ, overlap {like.overlap:.4f}"
    say(f"mask: {_plain(like.verdict)}, {shares}, mates {_mates(mask)}")


def _plain(verdict: "Verdict") -> str:
    return verdict.replace("_", " ")


def _mates(part: "Part[Likeness] | Part[MaskLikeness]") -> str:
    counts = (part.then.batch_mates, part.now.batch_mates)
    return " → ".join("none" if count is None else str(count) for count in counts)


def _show_remarks(part: "Part[Likeness] | Part[MaskLikeness]") -> None:
    if not part.intact:
        say(f"{part.then.address} is not the file that its sidecar tells of (another SHA-256).")
    if part.likeness.mismatch:
        say(f"{part.then.address} cannot be laid over its replay: {part.likeness.mismatch}.")


def _words(verdict: "Verdict", tolerance: int) -> str:
    levels = "1 level" if tolerance == 1 else f"{tolerance} levels"
    return {
        "equal": "equal, bit for bit",
        "within_tolerance": f"equal within the tolerance of {levels}",
        "different": f"different: by more than the tolerance of {levels}",
    }[verdict]
