"""The page of a report: one HTML file without a script that fetches nothing and prints well."""

from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple

from producer import pages
from producer.report import wording
from producer.report.record import Report
from producer.sheet.cards import Card, usual_aspect
from producer.sheet.page import slots
from shared.states import ItemState

#: Kinds of failures that the page names; `report.json` has all.
MOST_KINDS = 20


class Part(NamedTuple):
    """A part of the bar that shows the states, in per cent of its length."""

    state: ItemState
    start: float
    length: float


def render_page(report: Report, cards: tuple[Card, ...]) -> str:
    """The report as HTML (write it as UTF-8).

    Args:
        report: What it tells.
        cards: Pictures of its sample.
    """
    across = max((len(card.frames) for card in cards), default=3)
    return pages.render(
        "report.html.j2",
        style=pages.text("page.css")
        + pages.text("report.css")
        + slots(usual_aspect(cards), across),
        words=wording,
        report=report,
        cards=cards,
        kinds=report.failures[:MOST_KINDS],
        bar=list(_bar(report)),
    )


def _bar(report: Report) -> Iterator[Part]:
    """The states that have items, each as long as its share; what is unchanged was no work."""
    worked = {**report.counts, ItemState.UNCHANGED: 0}
    numbers = worked if any(worked.values()) else report.counts
    states = [state for state, _ in wording.counts(numbers)]
    lengths = [100 * numbers[state] / sum(numbers.values()) for state in states]
    starts = accumulate(lengths, initial=0.0)
    for state, start, length in zip(states, starts, lengths, strict=False):
        yield Part(state, round(start, 3), round(length, 3))
