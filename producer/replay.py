"""Replay: a stored result rendered again from its sidecar, and how far the two are apart.

The replay is a batch of one item on the urgent lane: the same picture, words, models and seeds,
rendered by the same workers as everything else. Its own results lie under a prefix of their own
and are removed afterwards. Not covered: a worker that is uploading while its replay is given up,
or a steward that is just writing the batch's results, may leave an object there.
"""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from producer.recording import write_batch
from producer.retelling import Retelling, retell
from producer.sidecars import check_inputs, read_sidecar, stored_sidecar
from producer.submit import new_batch_id
from producer.tolerance import TOLERANCE_LEVELS
from producer.watch import View, watch
from shared.board import StatusBoard
from shared.errors import (
    BatchCancelled,
    BatchExists,
    BatchUnknown,
    BoardError,
    ReplayUnfinished,
    StorageError,
)
from shared.jobs import Batch, Failure, Item, ItemSpec, Result
from shared.keys import S3Address, replay_prefix
from shared.s3 import ObjectStore
from shared.sidecars import Sidecar

#: Between two looks at the board.
INTERVAL_SECONDS = 0.2

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a person asks for."""

    #: Local path or s3:// address.
    sidecar: str
    #: s3://bucket/prefix/ that the replay goes under; by default where the stored result lies.
    output: str | None = None
    tolerance: int = TOLERANCE_LEVELS
    #: Leave the replay's own results where they are.
    keep: bool = False
    timeout_seconds: float = 600.0
    #: Larger pictures are not compared.
    max_pixels: int


@dataclass(frozen=True, slots=True)
class Replay:
    """What came of it."""

    batch_id: str
    #: Where the replay's own results lie, or lay.
    output: str
    outcome: Retelling | Failure


def replay(
    wish: Wish,
    board: StatusBoard,
    store: ObjectStore,
    *,
    dispatch: Callable[[], object],
    on_view: Callable[[View], None] = lambda _view: None,
) -> Replay:
    """Render a stored result again and compare.

    Args:
        wish: What is asked for.
        board: Gets the batch; any worker renders it.
        store: Holds sidecar, source and results.
        dispatch: One step of a dispatcher, so that idle workers begin at once.
        on_view: Told of each look at the batch.

    Raises:
        SidecarInvalid: It cannot be read, or is no sidecar.
        NothingToReplay: It tells of a failure.
        SourceChanged: Source or supplied mask are no longer what was rendered.
        ReplayUnfinished: The time was over; the replay is cancelled.
        ImageError: A stored picture is none any more, or over the limit.
        StorageError: Something that is needed is gone, or S3 refused.
        BoardError: Redis is away, full or unsafe.
    """
    board.refuse_new_work()
    then = read_sidecar(wish.sidecar, store)
    check_inputs(then, store)
    batch, spec = replay_batch(then, wish.output)
    with _placed(batch, spec, board, store, keep=wish.keep):
        dispatch()
        ended = _ended(batch, board, wish.timeout_seconds, on_view)
        outcome = _judged(ended, then, store, wish)
    return Replay(batch.batch_id, batch.output, outcome)


def _judged(
    ended: Result | Failure, then: Sidecar, store: ObjectStore, wish: Wish
) -> Retelling | Failure:
    if isinstance(ended, Failure):
        return ended
    now = stored_sidecar(ended.sidecar, store)
    return retell(then, now, store, wish.tolerance, wish.max_pixels)


def replay_batch(then: Sidecar, output: str | None) -> tuple[Batch, ItemSpec]:
    """The batch of one that renders a result again, models and source pinned as they were."""
    batch_id = new_batch_id(f"replay {then.external_id}")
    beside = str(S3Address.parse(then.variants[0].address).folder)
    spec = ItemSpec(
        number=0,
        external_id=then.external_id,
        source=then.source.address,
        mask=then.mask.supplied,
        frozen=then.mask.frozen,
        etag=then.source.etag,
        size=then.source.size,
    )
    models = {then.style.painter: then.models.painter}
    if then.models.segmenter is not None:
        models[then.style.segmenter] = then.models.segmenter
    batch = Batch(
        batch_id=batch_id,
        submitted_at=datetime.now(UTC),
        output=str(replay_prefix(output or beside, batch_id)),
        # Nobody is asked again: what was painted once is painted.
        style=then.style.model_copy(update={"gate": "off", "review": "none"}),
        models=models,
        total=1,
        manifest_digest=hashlib.sha256(spec.model_dump_json().encode()).hexdigest(),
        lane="urgent",
    )
    return batch, spec


@contextmanager
def _placed(
    batch: Batch, spec: ItemSpec, board: StatusBoard, store: ObjectStore, *, keep: bool
) -> Iterator[None]:
    """The batch on the board; when the block ends nobody renders it any more."""
    if not board.open_batch(batch):
        raise BatchExists(batch=batch.batch_id, difference="a replay of the same moment")
    # From here on it is ours to give up, and so is all that lies under its own prefix.
    try:
        write_batch(batch, store)  # before its item, for it proves that the output can be written
        board.add_items(batch.batch_id, [spec])
        board.seal_batch(batch.batch_id)
        yield
    finally:
        _give_up(batch, board, keep=keep)
        if not keep:
            _remove(S3Address.parse_prefix(batch.output), store)


def _give_up(batch: Batch, board: StatusBoard, *, keep: bool) -> None:
    """Cancel what is still open; a Redis that is away must not hide what was found out."""
    with suppress(BoardError, BatchUnknown):
        board.cancel(batch.batch_id)
        if not keep:
            # Or a steward would write results beside pictures that are gone.
            board.mark_ended(batch.batch_id)


def _remove(prefix: S3Address, store: ObjectStore) -> None:
    try:
        for info in list(store.list(prefix)):
            store.delete(info.address)
    except StorageError as error:
        log.warning("the replay's objects stay", prefix=str(prefix), **error.report())


def _ended(
    batch: Batch, board: StatusBoard, timeout_seconds: float, on_view: Callable[[View], None]
) -> Result | Failure:
    looks = {"interval_seconds": INTERVAL_SECONDS, "timeout_seconds": timeout_seconds}
    for view in watch(board, batch.batch_id, **looks):
        on_view(view)
    item = board.item(batch.batch_id, 0)
    outcome = item.result or item.failure
    if outcome is not None:
        return outcome
    if view.status.cancelled:
        raise BatchCancelled(batch=batch.batch_id)
    raise ReplayUnfinished(seconds=timeout_seconds, reason=_standing(item))


def _standing(item: Item) -> str:
    if item.deliveries == 0:
        return "no worker has taken its item"
    return f"its item is {item.state} after {item.deliveries} claim(s), last by {item.owner}"
