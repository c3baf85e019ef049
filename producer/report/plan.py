"""Plan: what the submission found new, changed and unchanged, as `plan.json` tells it."""

import json
from collections.abc import Mapping
from typing import Annotated, Any, TypeAlias

import structlog
from pydantic import BeforeValidator, ConfigDict, Field, ValidationError

from shared.errors import RestyleError, StorageError
from shared.jobs import Batch
from shared.keys import batch_file
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
    return [one if isinstance(one, str) else json.dumps(one) for one in found[:MOST_KEPT]]


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
    #: By reason: source, mask, style, model, renderer.
    changed: dict[str, Count] = Field(default_factory=dict)
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
    address = batch_file(batch.output, batch.batch_id, "plan.json")
    try:
        return PlanFacts.model_validate_json(store.get(address, max_bytes=MAX_PLAN_BYTES))
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
