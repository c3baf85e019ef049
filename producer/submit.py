"""Submit: manifest and style become a batch on the board, with its record in S3.

Everything that can be wrong is found before anything is queued. Under one batch id the whole may
be repeated at any time: what is there already is kept, what a crash left undone is done.
"""

import itertools
import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from producer.archive import ended_before
from producer.manifest import Manifest, open_manifest
from producer.prompts import READ_FIELDS, PromptNotes, SharedNote
from producer.record import read_batch, write_batch, write_inputs
from shared.board import StatusBoard
from shared.errors import BatchArchived, BatchExists, BatchIdInvalid, BatchUnknown, BoardError
from shared.jobs import BATCH_ID_PATTERN, Batch, BatchStatus, ItemSpec, Lane
from shared.keys import S3Address
from shared.references import resolve
from shared.s3 import ObjectStore
from shared.styles import Style, load_style

#: Items handed to the board at a time.
SLICE = 4_000
#: The style's part of a batch id that we make up, in characters.
MAX_SLUG = 40


@dataclass(frozen=True, slots=True)
class Submission:
    """What a person asks for."""

    #: Local path or s3:// address of the rows, or an s3:// prefix.
    manifest: str
    #: Local path of the style file.
    style: Path
    #: s3://bucket/prefix/ that results go under.
    output: str
    #: By default one is made up from the time and the style's name.
    batch_id: str | None = None
    lane: Lane = "standard"
    #: 0 to 9; 9 gets ten times the turns of 0.
    priority: int = 4


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a submission."""

    status: BatchStatus
    #: The very same submission was complete before; nothing was added.
    repeated: bool
    #: Why no message went to the workers yet; their own dispatcher sends it later.
    delay: str = ""
    #: What a person should know of the manifest and the style, as clauses.
    notes: tuple[str, ...] = ()
    #: What a person should know of rows.
    row_notes: tuple[SharedNote, ...] = ()


#: Told what happened ("checked", "queued") to how many rows so far.
Progress = Callable[[str, int], None]


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
        ModelError: A model reference leads nowhere.
        StorageError: A bucket is missing, or a place may not be read or written.
        BoardError: Redis is away, full or unsafe.
    """
    board.refuse_new_work()
    style = load_style(request.style)
    output = S3Address.parse_output(request.output)
    store.allowed.check_write(output)
    request = replace(request, output=str(output))
    batch_id = _batch_id(request, style)
    known = _known(request.output, batch_id, board, store) if request.batch_id else None
    with open_manifest(
        request.manifest,
        style,
        store,
        output=output,
        progress=lambda rows: progress("checked", rows),
    ) as manifest:
        batch = known or _new_batch(request, batch_id, style, manifest, store)
        _refuse_other(batch, style, manifest, request.output)
        if ended := known and ended_before(known, board, store):
            return Receipt(ended, repeated=True)
        repeated = not _place(batch, manifest, board, store, progress)
        delay = delay_of(dispatch)
        notes = _notes(batch, manifest, cache)
    return Receipt(board.status(batch_id), repeated, delay, *notes)


def _notes(
    batch: Batch, manifest: Manifest, cache: Path
) -> tuple[tuple[str, ...], tuple[SharedNote, ...]]:
    """Of manifest and style, and of rows; the rows are read for it only where one may have some."""
    prompts, left_out = PromptNotes(batch.style, batch.models, cache), manifest.left_out.note
    of_rows = prompts.of_items(manifest.specs()) if READ_FIELDS & manifest.overridden else []
    return (*([left_out] if left_out else []), *prompts.of_style()), tuple(of_rows)


def _batch_id(request: Submission, style: Style) -> str:
    if request.batch_id is None:
        return new_batch_id(style.name if "name" in style.model_fields_set else request.style.stem)
    if not re.fullmatch(BATCH_ID_PATTERN, request.batch_id):
        raise BatchIdInvalid(batch=request.batch_id)
    return request.batch_id


def new_batch_id(name: str) -> str:
    """A batch id that people can read and that sorts by time: `20261123-141503-spring-9f3a`."""
    slug = re.sub("[^a-z0-9]+", "-", name.lower()).strip("-")[:MAX_SLUG].rstrip("-")
    parts = (f"{datetime.now(UTC):%Y%m%d-%H%M%S}", slug, secrets.token_hex(2))
    return "-".join(part for part in parts if part)


def _known(output: str, batch_id: str, board: StatusBoard, store: ObjectStore) -> Batch | None:
    """The batch of an earlier submission under this id, from the board or from the record."""
    try:
        return board.status(batch_id).batch
    except BatchArchived as archived:
        return read_batch(archived.output, batch_id, store)
    except BatchUnknown:
        return read_batch(output, batch_id, store)


def _new_batch(
    request: Submission, batch_id: str, style: Style, manifest: Manifest, store: ObjectStore
) -> Batch:
    manifest.refuse_missing_buckets(store)
    models = {name: resolve(name, store=store) for name in sorted(manifest.models)}
    return Batch(
        batch_id=batch_id,
        submitted_at=datetime.now(UTC),
        output=request.output,
        style=style,
        models=models,
        total=manifest.total,
        manifest_digest=manifest.digest,
        lane=request.lane,
        priority=request.priority,
    )


def _refuse_other(batch: Batch, style: Style, manifest: Manifest, output: str) -> None:
    compared = {
        "manifest": (batch.manifest_digest, manifest.digest),
        "style": (batch.style.digest, style.digest),
        "output": (batch.output, output),
    }
    differing = [name for name, (old, new) in compared.items() if old != new]
    if differing:
        raise BatchExists(batch=batch.batch_id, difference=" and ".join(differing))


def _place(
    batch: Batch, manifest: Manifest, board: StatusBoard, store: ObjectStore, progress: Progress
) -> bool:
    """Record the batch and put it on the board; False when it was there, whole, before."""
    write_inputs(batch, manifest, store)
    if not board.open_batch(batch):
        return False
    write_batch(batch, store)
    queued = 0
    for specs in _slices(manifest.specs()):
        board.add_items(batch.batch_id, specs)
        queued += len(specs)
        progress("queued", queued)
    board.seal_batch(batch.batch_id)
    return True


def _slices(specs: Iterator[ItemSpec]) -> Iterator[list[ItemSpec]]:
    while part := list(itertools.islice(specs, SLICE)):
        yield part


def delay_of(dispatch: Callable[[], object]) -> str:
    """Run the step; the batch stands on the board whatever becomes of its messages."""
    try:
        dispatch()
    except BoardError as error:
        return str(error)
    return ""
