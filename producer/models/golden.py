"""Golden: a small manifest, rendered with a candidate and with what an alias points to now."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from producer.models.golden_sheet import Pair, written_sheet
from producer.result_row import ResultRow
from producer.results import each_row
from producer.submission import Submission
from producer.submit import submit
from producer.watch import View, goes_on, watch
from shared.board import StatusBoard
from shared.errors import GoldenFailed, GoldenUnfinished, OptionInvalid
from shared.keys import S3Address
from shared.pictures.limits import Limits
from shared.references import REGISTRY_MARK, RegistryReference, parse
from shared.registry import DIGEST_MARK, Registry
from shared.states import ItemState
from shared.styles import Style

#: The fields of a style that name a model.
MODELS = ("segmenter", "painter")
#: Digits of a digest in an output's name.
MARK_DIGITS = 12
LOST = (ItemState.FAILED, ItemState.CANCELLED, ItemState.REJECTED)


@dataclass(frozen=True, slots=True)
class Trial:
    """What is asked for: a version that is to become an alias, and what it is tried on."""

    name: str
    alias: str
    #: Digest of the version that is tried.
    candidate: str
    #: Digest of the one that the alias points to; None where there is no such alias yet.
    current: str | None
    manifest: str
    style: Style
    #: s3://bucket/prefix/ under which each version has a folder of its own.
    output: str
    timeout_seconds: float
    limits: Limits


@dataclass(frozen=True, slots=True)
class Rooms:
    """What a trial is made with."""

    registry: Registry
    board: StatusBoard
    #: One step of a dispatcher.
    dispatch: Callable[[], object]
    #: Restyle's cache folder.
    cache: Path
    on_view: Callable[[View], None]


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a trial ended."""

    batch_id: str
    #: s3:// address of the sheet.
    sheet: str
    total: int
    failed: int
    #: Items held under the candidate that were not held before.
    held: int


def try_golden(trial: Trial, rooms: Rooms) -> Verdict:
    """Render the golden set with both, urgently, and write a sheet with both side by side.

    What a version has rendered before under the same output is not rendered anew.

    Raises:
        OptionInvalid: The style names the model neither as its painter nor as its segmenter.
        GoldenUnfinished: The time was over.
        GoldenFailed: Items failed, or are held that were not before; the sheet says which.
        InputError: The manifest cannot be used.
        StorageError: S3 refused.
        BoardError: Redis is away, full or unsafe.
    """
    digests = [digest for digest in (trial.current, trial.candidate) if digest]
    # Both are queued before either is waited for.
    batches = [_submitted(trial, digest, rooms) for digest in digests]
    for batch_id in batches:
        _await(trial, batch_id, rooms)
    candidate = _rows(batches[-1], rooms)
    current = _rows(batches[0], rooms) if trial.current else {}
    pairs = [Pair(row, current.get(name)) for name, row in candidate.items()]
    status = rooms.board.status(batches[-1])
    sheet = written_sheet(trial.name, trial.alias, status, pairs, rooms.registry, trial.limits)
    verdict = _judged(pairs, batches[-1], sheet)
    if verdict.failed or verdict.held:
        raise GoldenFailed(
            name=trial.name,
            alias=trial.alias,
            total=verdict.total,
            failed=verdict.failed,
            held=verdict.held,
            sheet=sheet,
            batch=verdict.batch_id,
        )
    return verdict


def pinned(style: Style, name: str, digest: str) -> Style:
    """The style with a version of a model in the place of whichever it names.

    Raises:
        OptionInvalid: It does not name the model.
    """
    fields = [field for field in MODELS if _names(getattr(style, field), name)]
    if not fields:
        reason = f"its painter and its segmenter are not {REGISTRY_MARK}{name}@…"
        raise OptionInvalid(option="--style", reason=reason)
    version = f"{REGISTRY_MARK}{name}@{DIGEST_MARK}{digest}"
    # The name heads the sheet and is a part of the batch's id; it decides nothing.
    named = style.model_copy(update={"name": f"{name} {digest[:MARK_DIGITS]}"})
    return named.with_overrides(dict.fromkeys(fields, version))


def _names(reference: str, name: str) -> bool:
    named = parse(reference)
    return isinstance(named, RegistryReference) and named.name == name


def _submitted(trial: Trial, digest: str, rooms: Rooms) -> str:
    home = S3Address.parse_output(trial.output)
    folder = home.join(f"{trial.name}/{digest[:MARK_DIGITS]}/")
    request = Submission(
        manifest=trial.manifest,
        style=pinned(trial.style, trial.name, digest),
        output=str(folder),
        lane="urgent",
    )
    store = rooms.registry.store
    receipt = submit(request, rooms.board, store, dispatch=rooms.dispatch, cache=rooms.cache)
    return receipt.status.batch.batch_id


def _await(trial: Trial, batch_id: str, rooms: Rooms) -> None:
    for view in watch(rooms.board, batch_id, timeout_seconds=trial.timeout_seconds):
        rooms.on_view(view)
    if goes_on(view.status):
        raise GoldenUnfinished(
            name=trial.name, alias=trial.alias, batch=batch_id, seconds=trial.timeout_seconds
        )


def _rows(batch_id: str, rooms: Rooms) -> Mapping[str, ResultRow]:
    with each_row(rooms.board, rooms.registry.store, batch_id) as rows:
        return {row.external_id: row for row in rows}


def _judged(pairs: list[Pair], batch_id: str, sheet: str) -> Verdict:
    failed = sum(pair.candidate.state in LOST for pair in pairs)
    held = sum(_is_held(pair.candidate) and not _is_held(pair.current) for pair in pairs)
    return Verdict(batch_id, sheet, len(pairs), failed, held)


def _is_held(row: ResultRow | None) -> bool:
    return row is not None and row.state is ItemState.HELD
