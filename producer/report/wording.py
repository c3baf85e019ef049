"""The words of a report, the same on its page and in the terminal."""

from collections.abc import Iterator
from datetime import datetime
from itertools import islice

from producer.report.plan import PlanFacts
from producer.report.record import FailureKind, Report
from producer.sheet.wording import counts, plain
from shared.jobs import Batch
from shared.states import ItemState
from shared.wording import shorten

__all__ = ["counts", "plain"]  # and what is defined here; the page asks one module for all words

#: Characters of foreign texts that the page shows; `report.json` has all of them.
MOST_SHOWN = 300
MOST_OF_A_NAME = 120
#: Models, and reasons of a plan, that it lists; rows may name models of their own.
MOST_LISTED = 20
#: Of a long address its start and its end, where the file's name is.
START_OF_ADDRESS, END_OF_ADDRESS = 60, 100
#: Two neighbouring units of time with their seconds, the largest first.
UNITS = (
    (("d", 86_400), ("h", 3_600)),
    (("h", 3_600), ("min", 60)),
    (("min", 60), ("s", 1)),
)
#: What stopped a batch, in words.
STOPS = {
    "person": "a person paused it",
    "budget": "it reached a cap",
    "breaker": "too much went wrong, so it stopped itself",
    "pilot": "its pilot is over, and the rest waits for a promotion",
}


def brief(text: str) -> str:
    """Foreign text on one line, cut where it is long."""
    return shorten(plain(text), MOST_SHOWN)


def name(text: str) -> str:
    """An item's name on one line, cut where it is long."""
    return shorten(plain(text), MOST_OF_A_NAME)


def address(text: str) -> str:
    """An address on one line; of a long one the middle is left out."""
    whole = plain(text)
    if len(whole) <= START_OF_ADDRESS + END_OF_ADDRESS:
        return whole
    return f"{whole[:START_OF_ADDRESS]}…{whole[-END_OF_ADDRESS:]}"


def title(batch: Batch) -> str:
    """The style's name, or the batch's where the style has none."""
    return batch.batch_id if batch.style.name == "unnamed" else batch.style.name


def verdict(report: Report) -> str:
    """What a person wants to know first, in one sentence; what is unchanged was no work."""
    done, unchanged = report.counts[ItemState.DONE], report.counts[ItemState.UNCHANGED]
    rest = f"{unchanged:,} unchanged" if unchanged else ""
    total = report.batch.total - unchanged
    if not total:
        return f"There was nothing to do: {rest}."
    took = f" in {duration(report.seconds)}" if report.seconds and done else ""
    so_far = " so far" if report.so_far else ""
    said = f"{done:,} of {total:,} {'item' if total == 1 else 'items'} restyled{took}{so_far}"
    return f"{said}; {rest}." if rest else f"{said}."


def notices(report: Report) -> Iterator[str]:
    """What is out of the ordinary about how the batch stands."""
    if report.so_far:
        yield f"The batch is not over; this is how it stood at {moment(report.made_at)}."
    if waiting := held(report):
        yield f"{waiting} for a person: restyle items {report.batch.batch_id} --state held"
    if report.counts[ItemState.CANCELLED]:
        yield f"It was cancelled: {_items(report, ItemState.CANCELLED)} not rendered."
    if report.pause:
        note = f" ({plain(report.pause.note)})" if report.pause.note else ""
        yield f"It was stopped: {STOPS[report.pause.reason]}{note}."
    for broken in report.broken_schedules:
        name, why = brief(broken.name), brief(broken.message)
        yield f"The schedule {name} is broken ({broken.code}): {why}"


def held(report: Report) -> str:
    """`2 masks and 1 result wait`; empty where none does."""
    counts = {"mask": report.held_masks, "result": report.held_results}
    named = [f"{count:,} {one}{'s' * (count > 1)}" for one, count in counts.items() if count]
    verb = "waits" if sum(counts.values()) == 1 else "wait"
    return f"{' and '.join(named)} {verb}" if named else ""


def _items(report: Report, state: ItemState) -> str:
    count = report.counts[state]
    return "1 item was" if count == 1 else f"{count:,} items were"


def figures(report: Report) -> list[tuple[str, str]]:
    """The numbers under the headline; those that are not known are left out."""
    each = report.device_seconds_per_image
    found = [
        ("took", duration(report.seconds) if report.seconds else ""),
        ("images per minute", number(report.images_per_minute)),
        ("on devices", duration(report.device_seconds) if report.device_seconds else ""),
        ("of a device per image", f"{number(each)} s" if each else ""),
        ("written", file_size(report.bytes_written) if report.bytes_written else ""),
    ]
    return [(name, value) for name, value in found if value]


def number(value: float | None) -> str:
    """`1,234`, `12.3` or `1.23`; empty where it is not known."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def duration(seconds: float) -> str:
    """`0.42 s`, `4 min 8 s`, `1 h 12 min`, `2 d 3 h`: the two largest units."""
    if seconds < 60:
        return f"{seconds:.3g} s"
    large, small = next(pair for pair in UNITS if seconds >= pair[0][1])
    count, rest = divmod(round(seconds / small[1]), large[1] // small[1])
    return f"{count:,} {large[0]}" + (f" {rest} {small[0]}" if rest else "")


def file_size(count: float) -> str:
    """`812 B`, `3.4 MB`."""
    for unit in ("B", "kB", "MB"):
        if count < 999.5:  # so that nothing is shown as 1e+03
            return f"{count:.3g} {unit}"
        count /= 1_000
    return f"{count:,.1f} GB"


def moment(time: datetime | None) -> str:
    """`24 November 2026, 21:05 UTC`; empty for none."""
    return f"{time:%d %B %Y, %H:%M UTC}".lstrip("0") if time else ""


def more_examples(kind: FailureKind) -> str:
    """How many failures of a kind are not named, and where they are; empty where all are."""
    rest = kind.count - len(kind.examples)
    return f"and {rest:,} more, all in results.jsonl" if rest else ""


def more_held(report: Report) -> str:
    """How many items that wait for a person are not named; empty where all are."""
    rest = report.counts[ItemState.HELD] - len(report.held)
    return f"and {rest:,} more, all in results.jsonl" if rest else ""


def shown(report: Report, cards: int) -> str:
    """What the contact sheet shows of what there is."""
    done = report.counts[ItemState.DONE]
    if cards == done:
        return "All that was restyled."
    return f"{cards} of the {done:,} that were restyled, spread over the batch."


def planned(plan: PlanFacts) -> Iterator[tuple[str, str]]:
    """The plan's counts in words, those that are zero left out."""
    yield "New", f"{plan.new:,}"
    named = sorted(plan.changed_by.items())[:MOST_LISTED]
    reasons = ((f"Changed: {brief(name)}", count) for name, count in named)
    whole = {"Changed": 0 if plan.changed_by else plan.changed}
    rest = {"Unchanged": plan.unchanged, "Pending": plan.pending, "Orphaned": plan.orphaned}
    for name, count in (*reasons, *whole.items(), *rest.items()):
        if count:
            yield name, f"{count:,}"


def forecast(plan: PlanFacts) -> Iterator[tuple[str, str]]:
    """The plan's forecast, figure by figure."""
    for name, value in (plan.forecast or {}).items():
        is_number = isinstance(value, int | float) and not isinstance(value, bool)
        text = number(float(value)) if is_number else str(value)
        yield brief(name.replace("_", " ").capitalize()), brief(text)


def facts(report: Report) -> Iterator[tuple[str, str]]:
    """What was asked for and how, for whoever looks it up."""
    batch, style = report.batch, report.batch.style
    yield "Batch", batch.batch_id
    yield "Style", f"{style.name} ({report.style_digest[:12]})"
    yield "Mask", ", ".join(style.mask_prompt)
    if style.protect_prompts:
        yield "Protect", ", ".join(style.protect_prompts)
    yield "Paint", style.prompt
    if style.negative_prompt:
        yield "Not", style.negative_prompt
    yield "Rendering", f"{style.steps} steps, guidance {style.guidance_scale:g}, seed {style.seed}"
    for model in islice(batch.models.values(), MOST_LISTED):
        yield "Model", f"{model.reference} ({model.kind}, {model.digest[:12]})"
    yield from _conditions(report)
    yield "Results", report.results


def _conditions(report: Report) -> Iterator[tuple[str, str]]:
    """Schedule, lane, window, caps and the times."""
    batch, brakes = report.batch, report.batch.brakes
    if batch.schedule:
        yield "Schedule", batch.schedule
    yield "Lane", f"{batch.lane}, priority {batch.priority}"
    if brakes.caps.items:
        yield "Cap", f"{brakes.caps.items:,} items a window"
    if brakes.caps.device_seconds:
        yield "Cap", f"{duration(brakes.caps.device_seconds)} of devices a window"
    if brakes.pilot:
        yield "Pilot", f"{brakes.pilot.items:,} items"
    if report.opens_at and report.closes_at:
        yield "Window", f"{moment(report.opens_at)} to {moment(report.closes_at)}"
    times = {
        "Submitted": batch.submitted_at,
        "First claim": report.started_at,
        "Last report": report.finished_at,
    }
    yield from ((name, moment(time)) for name, time in times.items() if time)
