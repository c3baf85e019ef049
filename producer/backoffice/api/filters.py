"""Filters: which items of a batch are asked for, in a query or in a body."""

from typing import Annotated

from pydantic import Field

from producer.backoffice.api.names import MAX_NUMBER
from shared.record import Record
from shared.results import Stage
from shared.review import Filter
from shared.states import ItemState

#: Items of a page, by default and at most.
PAGE, MOST_ON_PAGE = 100, 1_000

Score = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
Word = Annotated[str, Field(max_length=100)]


class Chosen(Record):
    """Which items; a field that is left out asks for nothing."""

    #: In one of these states; none: in any.
    state: list[ItemState] = Field(default_factory=list, max_length=2 * len(ItemState))
    #: Held, or rejected, at this stage.
    stage: Stage | None = None
    #: With a gate's score under this one.
    score_below: Score | None = None
    #: With a gate's score of at least this one.
    score_from: Score | None = None
    #: With this among the gate's reasons.
    reason: Word | None = None
    #: Whether the gate found nothing to complain about.
    passed: bool | None = None
    #: Failed with this code.
    code: Word | None = None
    #: With this text in external_id or source, capital or small.
    q: Annotated[str, Field(max_length=200)] | None = None
    #: Whether the result is approved and its publication under way.
    approved: bool | None = None

    @property
    def filter(self) -> Filter:
        """The same in the board's words."""
        return Filter(
            states=frozenset(self.state),
            stage=self.stage,
            score_below=self.score_below,
            score_from=self.score_from,
            reason=self.reason,
            passed=self.passed,
            code=self.code,
            text=self.q or None,
            approved=self.approved,
        )


class PageChosen(Chosen):
    """Which items, and which page of them."""

    #: `next` of the page before; -1 for the first.
    after: int = Field(-1, ge=-1, le=MAX_NUMBER)
    #: Most items.
    limit: int = Field(PAGE, ge=1, le=MOST_ON_PAGE)
