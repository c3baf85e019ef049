"""`restyle models promote`: an alias moves once its golden set has passed."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from producer.cli.aliases import moved, open_registry, tell, two
from producer.cli.batches import open_board
from producer.cli.login import login
from producer.cli.options import OutputOption
from producer.cli.terminal import JsonFlag, err, speaks
from shared.errors import OptionInvalid, OutputMissing
from shared.settings import cache_path, load_settings

if TYPE_CHECKING:
    from producer.models.golden import Trial, Verdict
    from producer.watch import View
    from shared.registry import Registry

#: What is told of a move without a golden set.
SKIPPED = "golden set skipped"


@speaks
def promote(  # noqa: PLR0913 - an argument per option
    version: Annotated[
        str,
        typer.Argument(metavar="NAME@VERSION", help="An alias, or a digest's first 8 digits."),
    ],
    *,
    to: Annotated[str, typer.Option(help="The alias that is to point to it.")],
    golden: Annotated[
        str | None, typer.Option(help="Manifest of a few items that show what counts.")
    ] = None,
    style: Annotated[
        Path | None, typer.Option(help="YAML file that names registry:NAME@…, whichever version.")
    ] = None,
    output: OutputOption = None,
    timeout: Annotated[
        float, typer.Option(min=1, help="Seconds that each of the two batches may take.")
    ] = 3_600,
    skip_golden: Annotated[
        bool, typer.Option("--skip-golden", help="Move it unseen; the alias's history tells.")
    ] = False,
    json: JsonFlag = False,
) -> None:
    """Render a golden set with a version and with the alias's own, and move the alias if it passes.

    Nothing may fail, and nothing may be held that is not held now. Both are on one sheet, which
    lies beside the alias; its address stands in the alias's history.

    Example: restyle models promote brand@candidate --to stable --golden golden.csv
    --style brand.yaml --output s3://shop/golden/
    """
    from producer.models import promotion

    registry, (name, which) = open_registry(), two(version, "VERSION")
    candidate, seen = registry.digest(name, which), registry.find_alias(name, to)
    current = seen.alias.digest if seen else None
    if seen and candidate == current:
        tell(name, to, seen, seen.alias, as_json=json)
        return
    if skip_golden:
        step = promotion(candidate, login(), note=SKIPPED)
    else:
        trial = _trial(name, to, candidate, current, (golden, style, output), timeout)
        verdict = _tried(trial, registry, as_json=json)
        note = f"{verdict.total} golden items passed"
        step = promotion(candidate, login(), golden=verdict.sheet, note=note)
    tell(name, to, seen, moved(name, to, seen, step, registry), as_json=json)


def _trial(
    name: str,
    alias: str,
    candidate: str,
    current: str | None,
    given: tuple[str | None, Path | None, str | None],
    timeout_seconds: float,
) -> "Trial":
    from producer.models.golden import Trial
    from shared.styles import load_style

    settings, (golden, style, output) = load_settings(), given
    if golden is None or style is None:
        reason = "a promotion needs --golden and --style, or --skip-golden"
        raise OptionInvalid(option="--golden" if golden is None else "--style", reason=reason)
    output = output or settings.output
    if output is None:
        raise OutputMissing
    return Trial(
        name=name,
        alias=alias,
        candidate=candidate,
        current=current,
        manifest=golden,
        style=load_style(style),
        output=output,
        timeout_seconds=timeout_seconds,
        limits=settings.limits,
    )


def _tried(trial: "Trial", registry: "Registry", *, as_json: bool) -> "Verdict":
    from producer.models.golden import Rooms, try_golden
    from shared.dispatch import Dispatcher
    from shared.queue import Publisher, celery_app

    settings, console = load_settings(), err()
    with open_board() as board, console.status("Rendering the golden set") as line:

        def show(view: "View") -> None:
            line.update(f"Golden set: {view.progress.final} of {view.progress.total} ended")

        dispatcher = Dispatcher(board, Publisher(celery_app(settings)), settings)
        rooms = Rooms(registry, board, dispatcher.step, cache_path(), show)
        verdict = try_golden(trial, rooms)
    if not as_json:
        console.print(f"The sheet is {verdict.sheet}", markup=False, soft_wrap=True)
    return verdict
