"""Publish: approved results are copied from staging to their output, and taken back when asked.

Every step may be repeated, by several stewards and after one that died: copies are the same bytes,
the sidecar comes last and goes first, and the board hears of it when all is done. It is asked again
directly before files are copied or removed, and lets nobody decide what is being removed. What
another batch has published under the same keys is the same picture (equal fingerprints): it is
neither replaced nor removed.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import structlog

from producer.parallel import in_parallel
from producer.review.relocation import Relocation
from producer.sidecars import stored_sidecar
from shared.board import StatusBoard
from shared.board.publication import Reviewed
from shared.errors import BoardError, ObjectMissing, RestyleError
from shared.keys import ResultKeys, S3Address, staging_prefix
from shared.results import Held, Result
from shared.s3 import ObjectStore
from shared.sidecars import Sidecar, dump_sidecar

log = structlog.get_logger(__name__)

#: Items whose files one beat copies, or takes back: some seconds' work.
ITEMS_PER_BEAT = 100
#: Items whose files are copied at a time.
THREADS = 16


@dataclass(frozen=True, slots=True)
class Publishing:
    """One steward's hands for what people approve, and for what they take back."""

    board: StatusBoard
    store: ObjectStore

    def follow(self, *, stopping: Callable[[], bool] = lambda: False) -> int:
        """Publish what is approved and take back what is not any more, as much as a beat may.

        An item whose files cannot be copied stays as it is, is tried again later and does not keep
        the others waiting.

        Args:
            stopping: True leaves the rest to the next beat.

        Returns:
            How many items' files are where they belong.

        Raises:
            BoardError: Redis did not answer.
        """
        back = self._each(self._unpublish, self.board.to_unpublish(ITEMS_PER_BEAT), stopping)
        return back + self._each(self._publish, self.board.to_publish(ITEMS_PER_BEAT), stopping)

    def _each(
        self,
        act: Callable[[Reviewed], None],
        reviewed: Iterable[Reviewed],
        stopping: Callable[[], bool],
    ) -> int:
        return sum(
            in_parallel(lambda one: not stopping() and self._tried(act, one), reviewed, THREADS)
        )

    def _tried(self, act: Callable[[Reviewed], None], reviewed: Reviewed) -> bool:
        named = {"batch": reviewed.batch_id, "item": reviewed.item.spec.number}
        try:
            act(reviewed)
        except BoardError:
            raise  # no other item would fare better
        except RestyleError as error:
            log.warning("files not copied, tried again later", **named, **error.report())
            self.board.note_unpublished(reviewed.batch_id, reviewed.item.spec.number, str(error))
        except Exception:  # one odd item must never keep all others from being published
            log.exception("files not copied, tried again later", **named)
        else:
            return True
        return False

    # --- to the output

    def _publish(self, reviewed: Reviewed) -> None:
        result = _waiting(reviewed)
        staged, output = S3Address.parse(result.sidecar), self._output(reviewed)
        moved = Relocation.of(stored_sidecar(result.sidecar, self.store), staged, output)
        if not self.board.keep(reviewed):
            return
        if not self._is_anothers(moved.address, reviewed):
            self._copy(moved)
        told, number = moved.result(result), reviewed.item.spec.number
        if not self.board.published(reviewed.batch_id, number, told):
            self.board.remove_copies(reviewed.batch_id, number)

    def _copy(self, moved: Relocation) -> None:
        for old, new in moved.files:
            self.store.copy(old, new)
        body = dump_sidecar(moved.sidecar)
        self.store.put(moved.address, body, content_type="application/json")

    # --- and back

    def _unpublish(self, reviewed: Reviewed) -> None:
        result, output = _waiting(reviewed), self._output(reviewed)
        address = _under(S3Address.parse(result.sidecar), output)
        there = self._staged(address, staging_prefix(str(output)))
        published = Relocation.of(there.sidecar, there.address, output)
        for old, new in published.files:
            if not self.store.exists(old):  # it was tidied away
                self.store.copy(new, old)
        if self._remove(published, reviewed):
            held = _held(there, result)
            self.board.unpublished(reviewed.batch_id, reviewed.item.spec.number, held)

    def _remove(self, published: Relocation, reviewed: Reviewed) -> bool:
        """Take away what nobody approves, the sidecar first, if the board still says so."""
        is_anothers = self._is_anothers(published.address, reviewed)
        if not self.board.keep(reviewed):
            return False
        if not is_anothers:
            for address in (published.address, *(new for _, new in published.files)):
                self.store.delete(address)
        return True

    def _staged(self, published: S3Address, staging: S3Address) -> Relocation:
        """The result as it lies in staging; what was tidied away is copied back."""
        address = _under(published, staging)
        if (found := self._lying(address)) is not None:
            back = Relocation.of(found, address, published.folder)
            return Relocation.of(back.sidecar, published, staging)
        back = Relocation.of(stored_sidecar(str(published), self.store), published, staging)
        self._copy(back)
        return back

    # --- both

    def _output(self, reviewed: Reviewed) -> S3Address:
        return S3Address.parse_output(self.board.status(reviewed.batch_id).batch.output)

    def _is_anothers(self, address: S3Address, reviewed: Reviewed) -> bool:
        """Whether a sidecar lies there that is not of this item, and so not ours to touch."""
        found, number = self._lying(address), reviewed.item.spec.number
        own = (reviewed.batch_id, number)
        return found is not None and (found.batch_id, found.number) != own

    def _lying(self, address: S3Address) -> Sidecar | None:
        try:
            return stored_sidecar(str(address), self.store)
        except ObjectMissing:
            return None


def _under(address: S3Address, prefix: S3Address) -> S3Address:
    """The same name directly under another prefix."""
    return prefix.join(address.key.removeprefix(address.folder.key))


def _waiting(reviewed: Reviewed) -> Result:
    held = reviewed.item.held
    if held is None or held.result is None:  # the board offers nothing else
        msg = f"the item {reviewed.item.spec.number} of {reviewed.batch_id} has no result"
        raise ValueError(msg)
    return held.result


def _held(there: Relocation, result: Result) -> Held:
    """What waits for a person once its result lies in staging."""
    staged, keys = there.result(result), ResultKeys.named(there.address)
    lying = {new for _, new in there.files}
    return Held(
        stage="result",
        gate=staged.gate,
        map=str(keys.map) if keys and keys.map in lying else None,
        thumbnails=staged.thumbnails,
        result=staged,
        device_seconds=staged.device_seconds,
    )
