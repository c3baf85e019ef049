"""Control: what a person asks of a batch that is under way, in a person's words for its items."""

from collections.abc import Collection

from producer.results import each_item
from shared.board import StatusBoard
from shared.errors import BatchCancelled, CodeUnknown, ItemNotFailed, ItemUnknown, registry
from shared.states import ItemState
from shared.wording import did_you_mean


def retry(
    board: StatusBoard,
    batch_id: str,
    *,
    items: Collection[str] = (),
    codes: Collection[str] = (),
) -> int:
    """Queue failed items of a batch again.

    Args:
        board: Holds the batch.
        batch_id: The batch.
        items: External ids or `#`-numbers; empty for every failed item.
        codes: Only items that failed with one of these codes; empty for any.

    Returns:
        How many items were queued.

    Raises:
        BatchUnknown: No such batch.
        BatchCancelled: Its items are to stay as they are.
        CodeUnknown: A code that no error has.
        ItemUnknown: The batch has no such item.
        ItemNotFailed: A named item has not failed.
        BoardError: Redis is away, full or unsafe.
    """
    _refuse_unknown(codes)
    board.refuse_new_work()
    numbers = _failed_numbers(board, batch_id, set(items)) if items else None
    return board.retry(batch_id, numbers=numbers, codes=codes or None)


def _refuse_unknown(codes: Collection[str]) -> None:
    known = registry()
    for code in codes:
        if code not in known:
            raise CodeUnknown(named=code, nearest=did_you_mean(code, known))


def _failed_numbers(board: StatusBoard, batch_id: str, wanted: set[str]) -> list[int]:
    found: dict[str, int] = {}
    for item in each_item(board, batch_id, ItemState.FAILED):
        names = wanted & {item.spec.external_id, f"#{item.spec.number}"}
        found |= dict.fromkeys(names, item.spec.number)
    if missing := wanted - found.keys():
        raise _not_failed(board, batch_id, missing)
    return sorted(set(found.values()))


def _not_failed(
    board: StatusBoard, batch_id: str, missing: set[str]
) -> ItemNotFailed | ItemUnknown:
    for item in each_item(board, batch_id):
        for name in missing & {item.spec.external_id, f"#{item.spec.number}"}:
            return ItemNotFailed(batch=batch_id, item=name, state=item.state)
    return ItemUnknown(batch=batch_id, item=min(missing))


def pause(board: StatusBoard, batch_id: str) -> bool:
    """Stop giving a batch's items to workers; running ones go on to their end.

    Returns:
        False where it has ended, and there is nothing to pause.

    Raises:
        BatchUnknown: No such batch.
        BatchCancelled: It was cancelled, and nothing brings it back.
        BoardError: Redis did not answer.
    """
    goes_on = _goes_on(board, batch_id)
    if goes_on:
        board.pause(batch_id)
    return goes_on


def resume(board: StatusBoard, batch_id: str) -> bool:
    """Go on with a paused batch.

    Returns:
        False where it has ended, and there is nothing to resume.

    Raises:
        BatchUnknown: No such batch.
        BatchCancelled: It was cancelled, and nothing brings it back.
        PilotWaits: The rest of it waits for `promote`.
        BoardError: Redis did not answer.
    """
    goes_on = _goes_on(board, batch_id)
    board.resume(batch_id)
    return goes_on


def _goes_on(board: StatusBoard, batch_id: str) -> bool:
    status = board.status(batch_id)
    if status.cancelled:
        raise BatchCancelled(batch=batch_id)
    return bool(status.open)
