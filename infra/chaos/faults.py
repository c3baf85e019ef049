"""Faults: what is done to a running scene, each by its name."""

import contextlib
import random
import signal
import time
from collections.abc import Callable, Mapping, Sequence

from infra.chaos.boundaries import FREEZE
from infra.chaos.device import DEVICE_FAULTS
from infra.chaos.faulty_s3 import BURST_SHARE
from infra.chaos.journal import entries
from infra.chaos.processes import Running
from infra.chaos.scene import Scene
from infra.chaos.waiting import LOOK_SECONDS, wait_until
from shared.errors import BoardError
from shared.jobs import Hint, Message
from shared.states import ItemState

#: Does a fault, drawing what is open from the generator; returns when it is over.
Fault = Callable[[Scene, random.Random], None]

#: How long a Redis is away between its end and its start, at least and at most.
AWAY_SECONDS = (0.1, 1.0)
#: How long S3 fails often.
BURST_SECONDS = 1.5
#: Messages of one burst of duplicates, and how often each is sent.
DUPLICATES, COPIES = 10, 3
#: Longest wait for a child that is at an item, before it is frozen.
BUSY_SECONDS = 4.0
#: A frozen child stays so for this many leases, unless somebody takes one of its items before.
FROZEN_LEASES = 2.0


def kill_child(scene: Scene, rng: random.Random) -> None:
    """Kill -9 of a device's process that is at an item."""
    with contextlib.suppress(BoardError):  # Redis may be away as well
        child = _busy_child(scene, rng)
        if child:
            child.send(signal.SIGKILL)


def kill_supervisor(scene: Scene, rng: random.Random) -> None:
    """Kill -9 of a host's parent process; its child is left an orphan."""
    rng.choice(scene.hosts).send(signal.SIGKILL)


def kill_steward(scene: Scene, _rng: random.Random) -> None:
    """Kill -9 of the steward."""
    scene.steward.send(signal.SIGKILL)


def drain(scene: Scene, rng: random.Random) -> None:
    """SIGTERM of a host."""
    rng.choice(scene.hosts).send(signal.SIGTERM)


def freeze(scene: Scene, rng: random.Random) -> None:
    """SIGSTOP of a busy child past its lease, until somebody else is at one of its items."""
    with scene.freezing, contextlib.suppress(BoardError):  # Redis may be away as well
        child = _busy_child(scene, rng)
        if child:
            places = scene.claimed_by(scene.owner(child))
            child.send(signal.SIGSTOP)
            _thaw_when_taken(scene, child, places)


def _busy_child(scene: Scene, rng: random.Random) -> Running | None:
    deadline = time.monotonic() + BUSY_SECONDS
    while time.monotonic() < deadline:
        child = scene.child(rng)
        if child and scene.claimed_by(scene.owner(child)):
            return child
        time.sleep(LOOK_SECONDS)
    return None


def freeze_before_report(scene: Scene, rng: random.Random) -> None:
    """The same right before a report, when everything but the report is done."""
    with scene.freezing:
        scene.orders.asks.ask(FREEZE, rng)
        wait_until(lambda: bool(_frozen(scene)), BUSY_SECONDS)
        scene.orders.asks.take(FREEZE)
        places = entries(scene.orders.journal, "frozen")
        for child in _frozen(scene):
            last = [(batch, int(number)) for batch, number in places[-1:]]
            _thaw_when_taken(scene, child, last)


def _frozen(scene: Scene) -> list[Running]:
    return [process for process in scene.processes() if process.is_stopped]


def _thaw_when_taken(scene: Scene, child: Running, places: Sequence[tuple[str, int]]) -> None:
    """Let it go on when another is at one of these items, or after some leases."""
    owner = scene.owner(child)

    def is_taken() -> bool:
        with contextlib.suppress(BoardError):  # Redis may be away for a while
            items = [scene.board.item(batch, number) for batch, number in places]
            return any(item.owner != owner and item.state is ItemState.RUNNING for item in items)
        return False

    try:
        wait_until(is_taken, FROZEN_LEASES * scene.settings.lease_seconds)
    finally:
        child.send(signal.SIGCONT)


def restart_redis(scene: Scene, rng: random.Random) -> None:
    """Redis ends in order and comes back with its append-only file."""
    scene.redis.restart(signal.SIGTERM, rng.uniform(*AWAY_SECONDS))


def kill_redis(scene: Scene, rng: random.Random) -> None:
    """Kill -9 of Redis; it comes back with its append-only file."""
    scene.redis.restart(signal.SIGKILL, rng.uniform(*AWAY_SECONDS))


def reset_connections(scene: Scene, _rng: random.Random) -> None:
    """Redis closes every connection that it has."""
    scene.redis.say("CLIENT KILL TYPE normal")


def duplicate_messages(scene: Scene, rng: random.Random) -> None:
    """Messages of items in any state, several times over."""
    try:
        statuses = [scene.board.status(batch_id) for batch_id in scene.batches]
        for _ in range(DUPLICATES if statuses else 0):
            status = rng.choice(statuses)
            number = rng.randrange(status.batch.total)
            message = Message(batch_id=status.batch.batch_id, number=number)
            scene.publisher.publish([Hint(message=message, lane="standard")] * COPIES)
    except BoardError:
        return  # a Redis that is away takes no messages


def storm_s3(scene: Scene, _rng: random.Random) -> None:
    """S3 fails at every other request for a while."""
    usual, scene.s3.share = scene.s3.share, BURST_SHARE
    time.sleep(BURST_SECONDS)
    scene.s3.share = min(usual, scene.s3.share)


def ask_device(name: str) -> Fault:
    """A fault of the next call on any device."""

    def ask(scene: Scene, rng: random.Random) -> None:
        scene.orders.asks.ask(name, rng)

    return ask


FAULTS: Mapping[str, Fault] = {
    "kill-child": kill_child,
    "kill-supervisor": kill_supervisor,
    "kill-steward": kill_steward,
    "drain": drain,
    "freeze": freeze,
    "freeze-before-report": freeze_before_report,
    "restart-redis": restart_redis,
    "kill-redis": kill_redis,
    "reset-connections": reset_connections,
    "duplicate-messages": duplicate_messages,
    "s3-storm": storm_s3,
    **{name: ask_device(name) for name in DEVICE_FAULTS},
}
