"""Submissions: what a request's body asks for, as the submission that the command line makes.

Only what lies in S3 is read: a path of this host is no manifest.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Any, Self

from pydantic import Field, model_validator

from producer.backoffice.offers import asked_style
from producer.index import MANY
from producer.open_models import OpenModels
from producer.plan import Wishes
from producer.submission import Submission
from producer.webhooks import named_for_batch
from shared.brakes import Brakes, Breaker, Caps, Pilot
from shared.errors import InputError, OutputMissing, RowsTooMany
from shared.jobs import BatchId, Lane
from shared.keys import S3Address
from shared.reading import Reading
from shared.record import Record
from shared.settings import Settings
from shared.styles import Style
from shared.windows import Window

#: A body holds so many rows, and so many bytes; more is a manifest in S3.
MAX_ROWS = 10_000
MAX_BYTES = 10_000_000
#: What rows of a body are called in errors.
ROWS = "the request"

Address = Annotated[str, Field(max_length=2_048)]
Texts = Annotated[tuple[Address, ...], Field(max_length=100)]


class SubmissionBody(Record):
    """What is to be rendered, how, and where the results go."""

    #: s3:// address of a CSV, JSONL or other catalogue, or s3://bucket/prefix/ with images.
    manifest: Address | None = None
    #: The rows themselves: `source`, and whatever a manifest's row may have.
    rows: list[dict[str, Any]] | None = None
    #: The style's fields, or its name among `/styles`.
    style: dict[str, Any] | Annotated[str, Field(max_length=200)]
    #: s3://bucket/prefix/ for the results; by default RESTYLE_OUTPUT.
    output: Address | None = None
    #: Repeating a submission under its batch's id is safe.
    batch_id: BatchId | None = None
    #: Urgent batches go first, bulk ones last.
    lane: Lane = "standard"
    #: Share among the batches of one lane.
    priority: int = Field(4, ge=0, le=9)
    #: Columns of a catalogue: `sku=COLUMN`, `image=COLUMN,COLUMN`.
    map: Texts = ()
    #: Where public addresses lie in S3: `https://HOST/=s3://BUCKET/`.
    rewrite: Texts = ()
    #: Only sources whose key matches one of these patterns.
    include: Texts = ()
    #: No sources whose key matches one of these patterns.
    exclude: Texts = ()
    #: Find every mask first and hold it: nothing is painted before it is approved.
    masks_only: bool = False
    #: Render all of it, whatever has a result already.
    force: bool = False
    #: A source put anew with the same bytes is unchanged.
    verify_bytes: bool = False
    #: A result that was removed is rendered anew.
    verify_results: bool = False
    #: Pause when so many items were begun, in each window.
    max_items: int | None = Field(None, ge=1)
    #: Pause after so many seconds on devices together.
    max_device_seconds: float | None = Field(None, gt=0, allow_inf_nan=False)
    #: Render a sample of so many first.
    pilot: int | None = Field(None, ge=1)
    #: The rest follows a pilot of which so many % are done; without it somebody promotes.
    promote_at: float | None = Field(None, gt=0, le=100)
    #: Pause when over so many % (of 50 at least) failed; 100 never does.
    stop_at: float = Field(50, gt=0, le=100)
    #: Render only between these times: 22:00-06:00.
    window: Annotated[str, Field(max_length=40)] | None = None
    #: Whose clocks the window goes by.
    timezone: Annotated[str, Field(max_length=100)] = "UTC"
    #: URLs that the batch's events are sent to.
    webhooks: Texts = ()

    @model_validator(mode="after")
    def _names_its_rows_once(self) -> Self:
        if (self.manifest is None) == (self.rows is None):
            msg = "either manifest or rows must be given"
            raise ValueError(msg)
        if self.promote_at is not None and self.pilot is None:
            msg = "promote_at needs pilot"
            raise ValueError(msg)
        return self


@contextmanager
def submission_of(body: SubmissionBody, settings: Settings) -> Iterator[Submission]:
    """The submission that a body asks for; its rows lie on this disk while the context lasts.

    Raises:
        InputError: Style, manifest, output, window or webhooks cannot be used.
    """
    style = _style(body, settings)
    with _manifest(body) as manifest:
        yield Submission(
            manifest,
            style,
            _output(body, settings),
            body.batch_id,
            body.lane,
            body.priority,
            Reading.of(
                columns=body.map,
                rewrites=body.rewrite,
                include=body.include,
                exclude=body.exclude,
            ),
            wishes=_wishes(body, settings),
            brakes=_brakes(body),
            window=Window.daily(body.window, body.timezone) if body.window else None,
            webhooks=named_for_batch(body.webhooks, settings),
            models=OpenModels.of(settings),
        )


def _style(body: SubmissionBody, settings: Settings) -> Style:
    style = asked_style(body.style, settings)
    return style.with_overrides({"gate": "hold"}) if body.masks_only else style


def _output(body: SubmissionBody, settings: Settings) -> str:
    output = body.output or settings.output
    if output is None:
        raise OutputMissing
    return output


def _wishes(body: SubmissionBody, settings: Settings) -> Wishes:
    return Wishes(
        force=body.force,
        verify_bytes=body.verify_bytes,
        verify_results=body.verify_results,
        fold_from=MANY,
        max_source_bytes=settings.max_image_bytes,
    )


def _brakes(body: SubmissionBody) -> Brakes:
    share = body.promote_at / 100 if body.promote_at else None
    return Brakes(
        caps=Caps(items=body.max_items, device_seconds=body.max_device_seconds),
        pilot=Pilot(items=body.pilot, promote_share=share) if body.pilot else None,
        breaker=Breaker(share=body.stop_at / 100) if body.stop_at < 100 else None,
    )


@contextmanager
def _manifest(body: SubmissionBody) -> Iterator[str]:
    """The address of the rows, or the path of a file that holds them."""
    if body.manifest is not None:
        yield str(S3Address.parse(body.manifest, kind="manifest"))
        return
    with TemporaryDirectory(prefix="restyle-") as folder:
        path = str(_spooled(body.rows or [], Path(folder)))
        try:
            yield path
        except InputError as error:
            if error.facts.get("manifest") != path:
                raise
            # Nobody but this host knows the file.
            raise type(error)(**error.facts | {"manifest": ROWS}) from error


def _spooled(rows: list[dict[str, Any]], folder: Path) -> Path:
    if len(rows) > MAX_ROWS:
        raise RowsTooMany(rows=len(rows), limit=MAX_ROWS)
    path = folder / "rows.jsonl"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"{json.dumps(row)}\n" for row in rows)
    return path
