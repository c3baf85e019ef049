"""Claims: a worker's time-limited, fenced rights, from taking one to its end."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from shared.board.part import Part, milliseconds
from shared.board.records import load_claim
from shared.errors import ClaimLost, Poison
from shared.jobs import Claim, ClaimName, Failure, Held, Result
from shared.states import ItemState


@dataclass(frozen=True, slots=True)
class Renewal:
    """The claims that a renewal could not keep; all others hold for another lease."""

    #: The item is in other hands, or waits for them.
    lost: tuple[Claim, ...] = ()
    #: A person cancelled the batch; the item has ended.
    cancelled: tuple[Claim, ...] = ()


class Buried(NamedTuple):
    """What became of a dead process's items."""

    #: As if they had never been claimed.
    back: int
    #: Back with a strike.
    struck: int
    #: Failed: it was one strike too many.
    poisoned: int
    #: Of batches that a person cancelled.
    cancelled: int


class PinnedSource(NamedTuple):
    """The identity of the object that an item renders."""

    etag: str
    #: In bytes.
    size: int


class Claims(Part):
    """The worker's side of the board."""

    def claim(self, batch_id: str, number: int, owner: str, lease_seconds: float) -> Claim | None:
        """Claim an item for `owner`, or learn that there is nothing to do.

        Returns:
            None when the item is not to be rendered now: ended, running, waiting for its
            retry, unknown, or its batch is paused or cancelled (which ends the item).

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        lease, nonce = milliseconds(lease_seconds), uuid.uuid4().hex
        reply = self._connection.run("claim", batch_id, number, owner, lease, nonce)
        return load_claim(batch_id, number, owner, reply) if reply else None

    def renew(self, claims: Sequence[Claim], lease_seconds: float) -> Renewal:
        """Hold claims for another lease from now, all of them in one call.

        Raises:
            RedisUnreachable: Redis does not answer; the claims run out at their time.
        """
        if not claims:
            return Renewal()
        rows = [part for claim in claims for part in claim.name]
        words = self._connection.run("renew", milliseconds(lease_seconds), *rows)
        verdicts = list(zip(claims, words, strict=True))
        return Renewal(
            lost=tuple(claim for claim, word in verdicts if word == "lost"),
            cancelled=tuple(claim for claim, word in verdicts if word == "cancelled"),
        )

    def pin_source(self, claim: Claim, etag: str, size: int) -> PinnedSource:
        """Store the identity of the item's source; the first one stays, and is returned.

        Raises:
            ClaimLost: The item is in other hands or has ended.
            RedisUnreachable: Redis does not answer.
        """
        reply = self._connection.run("pin_source", *claim.name, etag, size)
        if not reply:
            raise _lost(claim)
        return PinnedSource(reply[0], int(reply[1]))

    def finish(self, claim: Claim, outcome: Result | Failure | Held) -> None:
        """Report a claimed item done, failed or held; the same report twice counts once.

        A lease that ran out does no harm as long as nobody has taken the item back. From the
        moment a person cancels the batch, reports are refused and the item is cancelled.

        Raises:
            ClaimLost: The item is in other hands or has ended; the outcome does not count.
            RedisUnreachable: Redis does not answer.
        """
        record = outcome.model_dump_json()
        if not self._connection.run("finish", *claim.name, *_state(outcome, record)):
            raise _lost(claim)

    def hand_back(
        self, claim: Claim, *, delay_seconds: float = 0.0, count_delivery: bool = False
    ) -> bool:
        """Give a claimed item back to be rendered later, by anyone.

        Args:
            claim: The claim, which ends.
            delay_seconds: The item waits for this long before it is published again.
            count_delivery: False for a drain: as if it had never been claimed. True for a
                retry after a passing fault: the item's `retries` grow.

        Returns:
            False when there was nothing to give back: the claim was lost, or the batch is
            cancelled and with it the item.

        Raises:
            RedisUnreachable: Redis does not answer; the claim runs out at its time.
        """
        delay = milliseconds(delay_seconds)
        return bool(self._connection.run("hand_back", *claim.name, delay, int(count_delivery)))

    def bury(self, owner: str, suspects: Sequence[ClaimName], max_strikes: int) -> Buried:
        """Put back what a dead process had claimed; the same funeral twice is one.

        Each suspect gets a strike, and fails as poison at the `max_strikes`-th; its next claim
        says that it must be rendered alone. All others are as if they had never been claimed.

        Args:
            owner: The process; it must be dead.
            suspects: What may have killed it: on the device, or in a decoder, when it died.
            max_strikes: At least 1.

        Raises:
            RedisUnreachable: Redis does not answer; the claims run out at their time.
        """
        reason = f"its worker died {max_strikes} times while it was on the device or being decoded"
        failure = json.dumps(Poison(reason=reason).report())
        rows = [part for name in suspects for part in name]
        arguments = (owner, max_strikes, Poison.code, failure, *rows)
        return Buried(*map(int, self._connection.run("bury_owner", *arguments)))


def _state(outcome: Result | Failure | Held, record: str) -> list[str | float]:
    """What `finish` takes: state, outcome, code, device seconds, stage, score, reasons."""
    if isinstance(outcome, Failure):
        return [ItemState.FAILED, record, outcome.code, 0.0, "", "", ""]
    state, stage = ItemState.DONE, ""
    if isinstance(outcome, Held):
        state, stage = ItemState.HELD, outcome.stage
    gate = outcome.gate
    judged = (gate.score, ",".join(gate.reasons)) if gate else ("", "")
    return [state, record, "", outcome.device_seconds, stage, *judged]


def _lost(claim: Claim) -> ClaimLost:
    return ClaimLost(item=claim.spec.number, batch=claim.batch_id, fence=claim.fence)
