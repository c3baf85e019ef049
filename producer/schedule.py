"""Schedule: what its run submits, and what must be right of it before it is kept."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from producer.index import MANY
from producer.left_out import LeftOut
from producer.open_models import OpenModels
from producer.origin import open_origin
from producer.placing import adopted
from producer.plan import Wishes
from producer.recording import style_text
from producer.submission import Submission
from producer.submit import delay_of, known_batch, submit
from producer.turn import turn_for
from shared.board import StatusBoard
from shared.durations import parse_duration
from shared.errors import (
    BatchArchived,
    BatchExists,
    BatchUnknown,
    ManifestEmpty,
    NothingToSubmit,
    OutputMissing,
    ScheduleInvalid,
)
from shared.keys import S3Address, probe_key
from shared.references import locate, parse
from shared.s3 import ObjectStore
from shared.schedules import Schedule, Slot, batch_id_of
from shared.styles import MAX_STYLE_BYTES, Style, load_style, read_style
from shared.windows import MAX_WINDOW_SECONDS
from shared.wording import first_problems

#: Fields of a style that name a model.
MODELS = ("segmenter", "painter")


def submit_run(  # noqa: PLR0913 - what a steward has at hand
    schedule: Schedule,
    slot: Slot,
    board: StatusBoard,
    store: ObjectStore,
    *,
    dispatch: Callable[[], object],
    cache: Path,
    models: OpenModels,
) -> str:
    """Make the one batch of a slot, or what is missing of it, and return its id.

    A schedule that was made over HTTP may name only what is among `models`.

    What an earlier attempt began is completed from its record: manifest and style may have
    changed since. Raises as `producer.submit.submit`, and for a style that cannot be read.
    """
    batch_id = batch_id_of(schedule.name, slot)
    if _is_whole(batch_id, board):
        return batch_id

    def attempt() -> None:
        if known := known_batch(schedule.output, batch_id, board, store):
            with turn_for(schedule.output, board):
                adopted(known, board, store)
            delay_of(dispatch)
        else:
            request = _request(schedule, slot, store, models)
            submit(request, board, store, dispatch=dispatch, cache=cache)

    try:
        attempt()
    except (BatchExists, NothingToSubmit):
        if known_batch(schedule.output, batch_id, board, store) is None:
            raise
        attempt()  # begun meanwhile by another steward, who read something else
    return batch_id


def _is_whole(batch_id: str, board: StatusBoard) -> bool:
    try:
        return board.status(batch_id).sealed
    except BatchArchived:
        return True
    except BatchUnknown:
        return False


def _request(schedule: Schedule, slot: Slot, store: ObjectStore, models: OpenModels) -> Submission:
    options = schedule.options
    return Submission(
        manifest=schedule.manifest,
        style=style_of(schedule, store),
        output=schedule.output,
        batch_id=batch_id_of(schedule.name, slot),
        lane=schedule.lane,
        priority=schedule.priority,
        reading=options.reading,
        wishes=Wishes(
            verify_bytes=options.verify_bytes,
            verify_results=options.verify_results,
            orphans=True,
            fold_from=MANY,
        ),
        brakes=options.brakes,
        # Who asks for a run outside of its window wants it now.
        window=None if slot.asked else schedule.window,
        schedule=schedule.name,
        webhooks=options.webhooks,
        models=models if options.open_models_only else None,
    )


def style_of(schedule: Schedule, store: ObjectStore) -> Style:
    """The style of a schedule as it is now.

    Raises:
        StyleInvalid: It is no style.
        StorageError: Its object is missing or cannot be read.
    """
    if address := schedule.style_address:
        content = store.get(address, max_bytes=MAX_STYLE_BYTES)
        return read_style(content, where=str(address))
    return read_style(schedule.style.encode(), where=f"of the schedule {schedule.name}")


def kept_style(style: str) -> str:
    """What a schedule keeps of a style that a person named: its address, or its whole text.

    Stewards run elsewhere: directories of models become absolute.

    Raises:
        StyleUnreadable: There is no such file.
        StyleInvalid: It is no style.
        ModelReferenceInvalid: It names no model.
    """
    if style.startswith("s3://"):
        return str(S3Address.parse_object(style, kind="style"))
    read = load_style(Path(style))
    moved = _moved(read)
    return style_text(moved) if moved != read else Path(style).read_text(encoding="utf-8-sig")


def kept_fields(style: Style) -> str:
    """What a schedule keeps of a style that is no file; raises as `kept_style`."""
    return style_text(_moved(style))


def _moved(style: Style) -> Style:
    """The style with every directory of a model absolute."""
    named = {field: parse(getattr(style, field)) for field in MODELS}
    return style.with_overrides(
        {field: str(model) for field, model in named.items() if model.kind == "directory"}
    )


def schedule_of(fields: Mapping[str, Any], window: str | None) -> Schedule:
    """The schedule that a person describes.

    Args:
        fields: Those of `Schedule`, but for its window and when it was made.
        window: For how long its batches render after each due time: `6h`; None for no bounds.

    Raises:
        OutputMissing: It says nowhere where results go.
        ScheduleInvalid: A field of it is wrong.
    """
    if fields["output"] is None:
        raise OutputMissing
    try:
        seconds = None if window is None else _window_seconds(window)
        made = {"window_seconds": seconds, "created_at": datetime.now(UTC)}
        return Schedule.model_validate({**fields, **made})
    except ValidationError as error:
        reason = first_problems(error, Schedule.model_fields)
        raise ScheduleInvalid(schedule=fields["name"], reason=reason) from error
    except ValueError as error:
        reason = f"window: {error}"
        raise ScheduleInvalid(schedule=fields["name"], reason=reason) from error


def _window_seconds(text: str) -> int:
    seconds = parse_duration(text)
    if not 0 < seconds <= MAX_WINDOW_SECONDS:
        msg = f"it should be more than 0 and at most 7d, not {text}"
        raise ValueError(msg)
    return seconds


def run_now(name: str, board: StatusBoard) -> Slot:
    """Let a steward run a schedule at its next beat, beside its due times.

    Raises:
        ScheduleUnknown: No such schedule.
        BoardError: Redis did not answer.
    """
    slot = Slot(at=board.schedules().now.replace(microsecond=0), asked=True)
    board.make_run(name, slot)
    return slot


def check_schedule(schedule: Schedule, store: ObjectStore) -> None:
    """Let a schedule pass whose style, models, manifest and output are there.

    Raises:
        StyleInvalid: The style is none.
        ModelError: A model reference leads nowhere.
        AddressInvalid: The manifest is no object, or the output is the listed prefix itself.
        ManifestEmpty: No image lies under the prefix.
        StorageError: Something is missing, or may not be read or written.
    """
    style, output = style_of(schedule, store), S3Address.parse_output(schedule.output)
    for field in MODELS:
        locate(getattr(style, field), store=lambda: store)
    store.allowed.check_write(output)
    store.exists(probe_key(schedule.output, "check"))  # a missing bucket is said so
    _check_manifest(schedule, output, store)


def _check_manifest(schedule: Schedule, output: S3Address, store: ObjectStore) -> None:
    """Let a manifest pass that has a first row; what is wrong with a row is said by its run."""
    left_out = LeftOut()
    with (
        open_origin(schedule.manifest, store) as origin,
        origin.opened(schedule.options.reading, output, left_out) as opened,
    ):
        if next(opened.rows, None) is None:
            note = left_out.note
            raise ManifestEmpty(manifest=schedule.manifest, left_out=f": {note}" if note else "")
