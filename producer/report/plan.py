"""Plan: what the submission found new, changed and unchanged, as its record tells it."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import structlog
from pydantic import BeforeValidator, ConfigDict, Field, ValidationError

from producer.record import plan_address
from shared.errors import RestyleError, StorageError
from shared.jobs import Batch
from shared.record import Record
from shared.s3 import ObjectStore

#: Counts, a forecast and a few examples; more is another kind of file.
MAX_PLAN_BYTES = 1_000_000
#: Examples and figures that a report keeps.
MOST_KEPT = 20

log = structlog.get_logger(__name__)

Figure: TypeAlias = str | int | float | bool


def _few_texts(found: Any) -> Any:
    if not isinstance(found, list):
        return found
    return [_name(one) for one in found[:MOST_KEPT]]


def _name(orphan: Any) -> str:
    named = orphan.get("external_id") if isinstance(orphan, Mapping) else orphan
    return named if isinstance(named, str) else json.dumps(orphan)


def _few_figures(found: Any) -> Any:
    if not isinstance(found, Mapping):
        return found
    plain = [(name, value) for name, value in found.items() if isinstance(value, Figure)]
    return dict(plain[:MOST_KEPT])


Count: TypeAlias = Annotated[int, Field(ge=0)]


class PlanFacts(Record):
    """The plan in numbers; what else its file holds is left out."""

    model_config = ConfigDict(extra="ignore")

    new: Count = 0
    changed: Count = 0
    #: By reason: source, mask, style, model, renderer, result; one may count under several.
    changed_by: dict[str, Count] = Field(default_factory=dict)
    unchanged: Count = 0
    #: Earlier results whose source is gone; they were left alone.
    orphaned: Count = 0
    #: Items that an earlier batch, still open, has yet to render.
    pending: Count = 0
    #: A few of the orphans.
    orphans: Annotated[tuple[str, ...], BeforeValidator(_few_texts)] = ()
    #: What was expected: named figures.
    forecast: Annotated[dict[str, Figure] | None, BeforeValidator(_few_figures)] = None


def read_plan(batch: Batch, store: ObjectStore) -> PlanFacts | None:
    """The plan of a batch; None where there is none, or none that can be read.

    Raises:
        StorageError: S3 answered with a passing fault, or not at all.
    """
    try:
        content = store.get(plan_address(batch), max_bytes=MAX_PLAN_BYTES)
        return PlanFacts.model_validate_json(content)
    except StorageError as error:
        if error.retryable:
            raise
        _note_missing(batch, error)
    except ValidationError as error:
        log.warning("plan not read", batch=batch.batch_id, problems=error.error_count())
    return None


def _note_missing(batch: Batch, error: RestyleError) -> None:
    """Most batches have no plan; and who may not list a bucket is refused what is not there."""
    log.debug("no plan", batch=batch.batch_id, **error.report())
