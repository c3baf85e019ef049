"""Submit: manifest and style become a batch on the board, with its record in S3.

Everything that can be wrong is found before anything is queued, and the plan says what is to be
rendered at all. Under one batch id the whole may be repeated at any time: what is there already is
kept, what a crash left undone is done.
"""

import re
import secrets
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from producer.archive import ended_before
from producer.draft import Draft
from producer.keeping import keep, kept_catalogue
from producer.known_labels import KnownLabels
from producer.manifest import Manifest, open_manifest
from producer.placing import adopted, place
from producer.plan import Kind, Plan, Progress, Subject, made_plan
from producer.prompts import READ_FIELDS, PromptNotes, SharedNote
from producer.record import read_batch
from producer.submission import Receipt, Submission
from producer.turn import turn_for
from shared.board import StatusBoard
from shared.errors import (
    BatchArchived,
    BatchExists,
    BatchIdInvalid,
    BatchUnknown,
    BoardError,
    NothingToSubmit,
)
from shared.jobs import BATCH_ID_PATTERN, Batch, ResolvedModel
from shared.keys import S3Address
from shared.references import resolve
from shared.s3 import ObjectStore
from shared.styles import Style, load_style

#: The style's part of a batch id that we make up, in characters.
MAX_SLUG = 40


def submit(
    request: Submission,
    board: StatusBoard,
    store: ObjectStore,
    *,
    dispatch: Callable[[], object],
    cache: Path,
    progress: Progress = lambda _what, _rows: None,
) -> Receipt:
    """Check a submission whole, record it in S3, and hand its items to the board.

    Args:
        request: What is asked for.
        board: Gets the batch and its items.
        store: Reads manifests and model archives, gets the record.
        dispatch: One step of a dispatcher, so that idle workers begin at once.
        cache: Restyle's cache folder, where models may be.
        progress: Told how far a long manifest is.

    Raises:
        InputError: Style, manifest, output or batch id cannot be used, or the id is taken.
        LabelUnknown: A prompt names none of the labels of its segmenter.
        ModelError: A model reference leads nowhere, or may not be named.
        StorageError: A bucket is missing, or a place may not be read or written.
        BoardError: Redis is away, full or unsafe.
    """
    board.refuse_new_work()
    style = _style_of(request)
    output = S3Address.parse_output(request.output)
    store.allowed.check_write(output)
    request = replace(request, output=str(output))
    batch_id = _batch_id(request, style)
    with (
        _opened(request, style, output, store, progress) as manifest,
        turn_for(request.output, board),
    ):
        known = known_batch(request.output, batch_id, board, store) if request.batch_id else None
        if known:
            _refuse_other(known, style, manifest, request.output)
            if ended := ended_before(known, board, store):
                return Receipt(ended, repeated=True)
            batch, plan = known, None
            repeated = not adopted(known, board, store, progress)
        else:
            asked = _Asked(request, batch_id, style, manifest, cache)
            batch, plan, repeated = _planned(asked, board, store, progress)
        delay = delay_of(dispatch)
        notes = _notes(batch, manifest, cache)
    return Receipt(board.status(batch_id), repeated, delay, plan, *notes, manifest.recognised)


@dataclass(frozen=True, slots=True)
class _Asked:
    """A submission whose words are understood."""

    request: Submission
    batch_id: str
    style: Style
    manifest: Manifest
    #: Restyle's cache folder, where models may be.
    cache: Path


def _planned(
    asked: _Asked, board: StatusBoard, store: ObjectStore, progress: Progress
) -> tuple[Batch, dict[str, Any], bool]:
    """Plan and place a new batch; also the plan's numbers, and whether it was there before."""
    with (
        _plan_of(asked, board, store, progress) as (subject, plan),
        tempfile.TemporaryDirectory(prefix="restyle-") as folder,
    ):
        _refuse_nothing(plan, asked)
        draft = Draft.of(plan, Path(folder))
        batch = _new_batch(asked, subject, draft)
        keep(batch, asked.manifest, store)
        placed = place(batch, draft, plan.specs, board, store, progress)
        return batch, draft.summary, not placed


@contextmanager
def planned(
    request: Submission,
    board: StatusBoard,
    store: ObjectStore,
    *,
    cache: Path,
    progress: Progress = lambda _what, _rows: None,
) -> Iterator[Plan]:
    """The plan of a submission, before anything is queued; arguments and errors as of `submit`."""
    board.clock()  # a Redis that is away is told before a long manifest is read
    style, output = _style_of(request), S3Address.parse_output(request.output)
    request = replace(request, output=str(output))
    with _opened(request, style, output, store, progress) as manifest:
        asked = _Asked(request, "", style, manifest, cache)
        with _plan_of(asked, board, store, progress) as (_, plan):
            yield plan


@contextmanager
def _plan_of(
    asked: _Asked, board: StatusBoard, store: ObjectStore, progress: Progress
) -> Iterator[tuple[Subject, Plan]]:
    asked.manifest.refuse_missing_buckets(store)
    if asked.request.models:
        asked.request.models.check(asked.manifest.models)
    models = {name: resolve(name, store=store) for name in sorted(asked.manifest.models)}
    _refuse_labels(asked, models)
    output = S3Address.parse(asked.request.output)
    subject = Subject(asked.manifest, asked.style, models, output)
    wishes = replace(asked.request.wishes, batch_id=asked.batch_id)
    with made_plan(subject, wishes, board, store, progress=progress) as plan:
        yield subject, plan


def _refuse_labels(asked: _Asked, models: Mapping[str, ResolvedModel]) -> None:
    """Let prompts pass that name labels, where their segmenter has some."""
    labels = KnownLabels(models, asked.cache)
    labels.check(asked.style)
    asked.manifest.refuse(labels.problems(asked.manifest, asked.style))


def _style_of(request: Submission) -> Style:
    style = request.style if isinstance(request.style, Style) else load_style(request.style)
    return style.model_copy(update={"gate": "hold"}) if request.masks_only else style


@contextmanager
def _opened(
    request: Submission, style: Style, output: S3Address, store: ObjectStore, progress: Progress
) -> Iterator[Manifest]:
    with open_manifest(
        request.manifest,
        style,
        store,
        reading=request.reading,
        output=output,
        progress=lambda rows: progress("checked", rows),
    ) as manifest:
        yield manifest


def _refuse_nothing(plan: Plan, asked: _Asked) -> None:
    if plan.items:
        return
    waiting, gone = plan.counts[Kind.PENDING], plan.gone
    named = ", ".join(sorted(plan.pending_in))
    reasons = [f"{waiting:,} wait in {named}"] if waiting else []
    reasons += [f"the sources of {gone:,} are gone"] if gone else []
    raise NothingToSubmit(manifest=asked.request.manifest, reason=" and ".join(reasons))


def _notes(
    batch: Batch, manifest: Manifest, cache: Path
) -> tuple[tuple[str, ...], tuple[SharedNote, ...]]:
    """Of manifest and style, and of rows; the rows are read for it only where one may have some."""
    prompts, left_out = PromptNotes(batch.style, batch.models, cache), manifest.left_out.note
    of_rows = prompts.of_items(manifest.specs()) if READ_FIELDS & manifest.overridden else []
    return (*([left_out] if left_out else []), *prompts.of_style()), tuple(of_rows)


def _batch_id(request: Submission, style: Style) -> str:
    if request.batch_id is None:
        if isinstance(request.style, Path) and "name" not in style.model_fields_set:
            return new_batch_id(request.style.stem)
        return new_batch_id(style.name)
    if not re.fullmatch(BATCH_ID_PATTERN, request.batch_id):
        raise BatchIdInvalid(batch=request.batch_id)
    return request.batch_id


def new_batch_id(name: str) -> str:
    """A batch id that people can read and that sorts by time: `20261123-141503-spring-9f3a`."""
    slug = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:MAX_SLUG].rstrip("-")
    parts = (f"{datetime.now(UTC):%Y%m%d-%H%M%S}", slug, secrets.token_hex(2))
    return "-".join(part for part in parts if part)


def known_batch(output: str, batch_id: str, board: StatusBoard, store: ObjectStore) -> Batch | None:
    """The batch of an earlier submission under this id, from the board or from the record.

    Raises:
        BatchExists: The record holds something else.
        StorageError: The output's bucket is missing or may not be read.
        BoardError: Redis did not answer.
    """
    try:
        return board.status(batch_id).batch
    except BatchArchived as archived:
        return read_batch(archived.output, batch_id, store)
    except BatchUnknown:
        return read_batch(output, batch_id, store)


def _new_batch(asked: _Asked, subject: Subject, draft: Draft) -> Batch:
    request, digest = asked.request, asked.manifest.digest
    return Batch(
        batch_id=asked.batch_id,
        submitted_at=datetime.now(UTC),
        output=request.output,
        style=asked.style,
        models=dict(subject.models),
        total=draft.queued + draft.unchanged,
        unchanged=draft.unchanged,
        manifest_digest=digest,
        queued_digest=None if draft.rows_digest == digest else draft.rows_digest,
        lane=request.lane,
        priority=request.priority,
        brakes=request.brakes,
        window=request.window,
        schedule=request.schedule,
        catalogue=kept_catalogue(asked.batch_id, request.output, asked.manifest, request.reading),
        webhooks=request.webhooks,
    )


def _refuse_other(batch: Batch, style: Style, manifest: Manifest, output: str) -> None:
    compared = {
        "manifest": (batch.manifest_digest, manifest.digest),
        "style": (batch.style.digest, style.digest),
        "output": (batch.output, output),
        "gate": (batch.style.gating, style.gating),
        "review": (batch.style.review, style.review),
    }
    differing = [name for name, (old, new) in compared.items() if old != new]
    if differing:
        raise BatchExists(batch=batch.batch_id, difference=" and ".join(differing))


def delay_of(dispatch: Callable[[], object]) -> str:
    """Run the step; the batch stands on the board whatever becomes of its messages."""
    try:
        dispatch()
    except BoardError as error:
        return str(error)
    return ""
