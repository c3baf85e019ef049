"""`restyle-demo`: the production path on one host, from an empty folder to a contact sheet."""

import contextlib
import shutil
import signal
import time
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from infra.demo import services
from infra.demo.shop import Entry, file_bytes, manifest_csv, stock
from infra.demo.stage import BUCKET, Stage, running_stage
from infra.demo.verdict import Verdict, judge

HERE = Path(__file__).parent
BATCH, REVIEWED = "demo", "demo-review"
#: Lies in every folder that a demo made, and in no other.
MARK = ".restyle-demo"
#: Beyond this the demo gives up: something hangs.
LONGEST_SECONDS = 900

console = Console(highlight=False)


def fill_shop(stage: Stage, count: int) -> list[Entry]:
    """Draw the catalogue into the bucket; write manifest and style."""
    shelf = stage.bucket / "catalogue"
    shelf.mkdir()
    entries = list(stock(count))
    for entry in entries:
        (shelf / entry.name).write_bytes(file_bytes(entry))
    manifest = manifest_csv(entries, f"s3://{BUCKET}/catalogue/")
    (stage.folder / "manifest.csv").write_text(manifest, encoding="utf-8")
    style = (HERE / "style.yaml").read_text(encoding="utf-8")
    text = style.replace("{models}", str(HERE / "models"))
    # Requests that name no style get this one, and with it the right to its models.
    for name in ("style.yaml", "styles/default.yaml"):
        (stage.folder / name).write_text(text, encoding="utf-8")
    console.print(f"[green]✓[/] {len(entries)} pictures drawn into s3://{BUCKET}/catalogue/")
    return entries


def files_of(stage: Stage) -> list[str]:
    """The arguments that name the catalogue and its style."""
    files = ("--manifest", stage.folder / "manifest.csv", "--style", stage.folder / "style.yaml")
    return [str(word) for word in files]


def restyle_all(stage: Stage) -> float:
    """Submit the batch and watch it to its end; returns the seconds from submission."""
    started = time.monotonic()
    submitted = stage.restyle("submit", *files_of(stage), "--batch-id", BATCH)
    if submitted != 0:
        raise typer.Exit(submitted)
    stage.restyle("watch", BATCH, "--timeout", str(LONGEST_SECONDS))
    return time.monotonic() - started


def show(stage: Stage, verdict: Verdict, seconds: float) -> None:
    """The summary, and where the contact sheet lies."""
    total = verdict.done + len(verdict.failed) + len(verdict.held) + len(verdict.surprises)
    rate = total / seconds * 60
    console.print(f"\n[bold]{verdict.done} done[/], {len(verdict.failed)} failed as they should:")
    for external_id, sentence in verdict.failed.items():
        console.print(f"  [yellow]{external_id}[/]  {escape(sentence)}", soft_wrap=True)
    if verdict.held:
        console.print(f"[bold]{len(verdict.held)} held[/] at the gate, as it should be:")
    for external_id, reasons in verdict.held.items():
        console.print(f"  [yellow]{external_id}[/]  {escape(reasons)}; nothing was painted")
    for surprise in verdict.surprises:
        console.print(f"  [bold red]unexpected[/]  {escape(surprise)}")
    console.print(f"{seconds:.0f} s from submission to the last result: {rate:.0f} images/min")
    console.print(f"Contact sheet: [bold]{stage.folder / 'sheet.png'}[/] and sheet.html beside it")
    console.print(f"Report: [bold]{stage.folder / 'report.html'}[/]")


def plan_again(stage: Stage) -> int:
    """Show what a second night would render; returns how much of it is unchanged."""
    console.print("\nWhat a second night would render ([bold]restyle plan[/]):")
    stage.restyle("plan", *files_of(stage))
    return int(stage.restyle_json("plan", *files_of(stage))[0]["unchanged"])


def await_results(stage: Stage) -> bool:
    """Whether the steward wrote the batch's results and its report, within half a minute."""
    folder = stage.bucket / "restyled" / "_batches" / BATCH
    deadline = time.monotonic() + 30
    while not _are_there(folder) and time.monotonic() < deadline:
        time.sleep(0.2)
    return _are_there(folder)


def _are_there(folder: Path) -> bool:
    return all((folder / name).is_file() for name in ("results.jsonl", "report.json"))


def empty(folder: Path) -> None:
    """Make the demo's folder anew; only a folder that a demo made is ever emptied.

    Raises:
        ServiceError: Something else lies there.
    """
    mark = folder / MARK
    if folder.exists() and not mark.is_file() and any(folder.iterdir()):
        raise services.ServiceError(f"{folder} holds other files; name an empty or a new folder")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    mark.touch()


def run(folder: Path, count: int, devices: str, *, port: int, stays: bool) -> Verdict:
    """The whole demo; everything that it starts is ended when this returns or raises."""
    empty(folder)
    with running_stage(folder, devices) as stage, stage.back_office(port) as address:
        console.print(
            f"[green]✓[/] Redis on port {stage.redis.port}, S3 at {stage.s3.endpoint_url}"
        )
        console.print(f"[green]✓[/] restyle-worker and steward (logs in {folder})")
        console.print(f"[green]✓[/] back office at [bold]{address}[/] while this runs")
        verdict = play(stage, count)
        if stays:
            hold_masks(stage)
            console.print(f"\nLook around at [bold]{address}[/]; Ctrl-C ends it all.")
            await_interrupt()
    return verdict


def play(stage: Stage, count: int) -> Verdict:
    """A shop's first night, and the plan of its second."""
    entries = fill_shop(stage, count)
    seconds = restyle_all(stage)
    verdict = judge(entries, stage.restyle_json("items", BATCH, "--limit", str(count)))
    for external_id in verdict.held:
        stage.restyle("reject", BATCH, external_id, "--reason", "wrong_mask")
    wrote_results = await_results(stage)
    stage.restyle("report", BATCH, "--output", str(stage.folder / "report.html"))
    drew_sheet = stage.restyle("sheet", BATCH, "--output", str(stage.folder / "sheet")) == 0
    show(stage, verdict, seconds)
    # What a person rejected does not come back by itself either.
    renders_again = plan_again(stage) != verdict.done + len(verdict.held)
    missing = [] if wrote_results else ["the steward wrote no results.jsonl and report"]
    missing += ["a second night would render what is done"] if renders_again else []
    missing += [] if drew_sheet else ["the contact sheet was not drawn"]
    return replace(verdict, surprises=(*verdict.surprises, *missing))


def hold_masks(stage: Stage) -> None:
    """A second batch, for whoever looks around to decide about: its masks wait for them."""
    console.print("\nA second batch, whose masks wait for you:")
    stage.restyle("submit", *files_of(stage), "--batch-id", REVIEWED, "--force", "--masks-only")


def await_interrupt() -> None:
    """Return when somebody has had enough."""
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            signal.pause()


def stopped() -> typer.Exit:
    """Say so, and the exit that the shell knows."""
    console.print("\nstopped; everything that the demo started has ended")
    return typer.Exit(130)


def demo(
    output: Annotated[
        Path, typer.Option(help="Folder for everything; a demo's folder is made anew.")
    ] = Path("demo-out"),
    items: Annotated[int, typer.Option(min=1, max=500, help="Number of pictures.")] = 24,
    devices: Annotated[str, typer.Option(help="As for restyle-worker.")] = "all",
    *,
    serve: Annotated[bool, typer.Option("--serve", help="Keep it all up until Ctrl-C.")] = False,
    port: Annotated[
        int | None, typer.Option(help="Of the back office on this host; by default a free one.")
    ] = None,
) -> None:
    """Restyle a small drawn catalogue with a real Redis, a real S3 server and real models.

    Exit status 0 only if every item ended as it should.
    """
    signals: list[int] = []

    def interrupt(signum: int, _frame: FrameType | None) -> None:
        signals.append(signum)
        raise KeyboardInterrupt

    for signum in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signum, interrupt)
    try:
        free = port or services.free_port()
        verdict = run(output.resolve(), items, devices, port=free, stays=serve)
    except KeyboardInterrupt:
        raise stopped() from None
    except services.ServiceError as error:
        console.print(f"[bold red]error[/] {escape(str(error))}")
        raise typer.Exit(3) from error
    # Python drops what a signal raises inside of a destructor or a callback.
    if signals and not serve:
        raise stopped()
    if verdict.surprises:
        for surprise in verdict.surprises:
            console.print(f"[bold red]unexpected[/]  {escape(surprise)}")
        raise typer.Exit(1)


def main() -> None:
    """Entry point of `restyle-demo`."""
    typer.run(demo)


if __name__ == "__main__":
    main()
