"""How `restyle watch` shows a batch: a live gauge on a terminal, plain lines elsewhere."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import pairwise

from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style as RichStyle
from rich.table import Table
from rich.text import Text

from producer.summary import halt
from producer.watch import AHEAD, PATIENCE_SECONDS, Progress, View
from shared.states import ItemState

#: Colour of each state, in the order in which bar and counts show them.
COLOURS: Mapping[ItemState, str] = {
    ItemState.DONE: "green",
    ItemState.UNCHANGED: "bright_black",
    ItemState.FAILED: "red",
    ItemState.REJECTED: "magenta",
    ItemState.CANCELLED: "yellow",
    ItemState.HELD: "bright_magenta",
    ItemState.RUNNING: "cyan",
    ItemState.QUEUED: "grey30",
}


class Bar:
    """One line, as wide as there is room, in the colours of the states."""

    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = min(options.max_width, 100)
        glyph = "#" if options.ascii_only else "━"
        for state, cells in zip(COLOURS, widths(self._progress, width), strict=True):
            yield Segment(glyph * cells, RichStyle.parse(COLOURS[state]))
        yield Segment.line()


def widths(progress: Progress, width: int) -> list[int]:
    """Cells of the bar for each state of `COLOURS`; together exactly the width.

    Each state ends where its running total ends, so that nothing is lost in rounding.
    """
    edges, total, seen = [0], max(progress.total, 1), 0
    for state in COLOURS:
        seen += progress.count(state)
        edges.append(round(width * seen / total))
    edges[-1] = width
    return [right - left for left, right in pairwise(edges)]


def gauge(view: View) -> Table:
    """The live picture of a batch."""
    grid = Table.grid(padding=(0, 1))
    batch = view.status.batch
    head = Text.assemble((batch.batch_id, "bold"), ("  " + batch.style.name, "dim"))
    grid.add_row(head)
    grid.add_row(Bar(view.progress))
    grid.add_row(counts_text(view.progress))
    grid.add_row(Text(pace_text(view), style="dim"))
    if note := note_text(view):
        grid.add_row(Text(note, style="yellow"))
    return grid


def counts_text(progress: Progress) -> Text:
    """`22 done  2 failed  3 queued  of 27`, in colours."""
    parts = [
        (f"{progress.count(state):,} {state}  ", colour)
        for state, colour in COLOURS.items()
        if progress.count(state)
    ]
    return Text.assemble(*parts, (f"of {progress.total:,}", "dim"))


def plain_line(view: View) -> str:
    """The whole view on one line without colours."""
    pieces = [view.status.batch.batch_id, counts_text(view.progress).plain, pace_text(view)]
    return "  ".join(piece for piece in [*pieces, note_text(view)] if piece)


def pace_text(view: View) -> str:
    """`31.4 images/min · 0:00:12 left`, as far as it is known; only done images count."""
    progress, pieces = view.progress, []
    if progress.rate_per_minute is not None:
        pieces.append(f"{progress.rate_per_minute:.1f} images/min")
    if progress.seconds_left:
        pieces.append(f"{duration(progress.seconds_left)} left")
    return " · ".join(pieces)


def duration(seconds: float) -> str:
    """Seconds as `h:mm:ss`, with days where there are some."""
    return str(timedelta(seconds=round(seconds)))


def note_text(view: View) -> str:
    """What a person should know beside the numbers, or nothing."""
    return next(_notes(view), "")


def _notes(view: View) -> Iterator[str]:
    status, progress = view.status, view.progress
    if view.trouble:
        yield f"{view.trouble} Still trying; the batch does not depend on this."
    if not status.sealed:
        recovering = "The batch is being recovered; repeat `restyle recover` if it died."
        yield recovering if status.restoring else "The submission is still adding items."
    if why := halt(status):
        yield f"Nothing is given out: {why}"
    yield from _notes_of_workers(view)
    if progress.count(*AHEAD):
        if status.first_claim_at is None and view.elapsed_seconds > PATIENCE_SECONDS:
            yield "No worker has taken an item yet; is a restyle-worker running?"
    elif status.open:
        yield "Only held items are left: they wait for a person."


def _notes_of_workers(view: View) -> Iterator[str]:
    if view.idle:
        yield "No worker seems to be at work; is a restyle-worker running?"
    if view.lost:
        yield f"The workers wait and go on by themselves: {view.lost}"
