"""What this host talks to: Redis (board and broker) and S3."""

import secrets
import time
from collections.abc import Iterator

from rich.filesize import decimal

from producer.doctor.check import Check, Verdict, fail, ok, warn
from shared.allowed import AllowedPlaces
from shared.board import ServerFacts, StatusBoard, WorkerRecord
from shared.board.server import FILLING_SHARE, FULL_SHARE
from shared.errors import AccessDenied, RedisUnreachable, StorageUnavailable
from shared.keys import S3Address, probe_key
from shared.origins import describe_ecosystem
from shared.s3 import ObjectStore
from shared.settings import Settings
from shared.urls import mask_url

#: The oldest Redis with the commands that the board's scripts use.
OLDEST_REDIS = (6, 2)
#: A worker that has said nothing for this long does not count; they report every ten seconds.
SILENT_SECONDS = 60.0


def check_redis(settings: Settings) -> Iterator[Check]:
    """The board's Redis: reachable, recent, and safe for items."""
    yield from _check_server("redis", settings, unsafe="fail")


def check_broker(settings: Settings) -> Iterator[Check]:
    """The queue's Redis, where it is another one; its messages are hints and may be lost."""
    if settings.broker_url is None or settings.broker_url == settings.redis_url:
        return
    broker = settings.model_copy(update={"redis_url": settings.broker_url, "broker_url": None})
    yield from _check_server("broker", broker, unsafe="warn")


def _check_server(name: str, settings: Settings, *, unsafe: Verdict) -> Iterator[Check]:
    board = StatusBoard.connect(settings)
    try:
        facts = board.server_facts()
    finally:
        board.close()
    address = mask_url(settings.redis_url.get_secret_value())
    cli = f"redis-cli -u {address}"
    yield _version_verdict(name, facts, address, cli)
    yield _persistence_verdict(name, facts, cli, unsafe)
    yield _memory_verdict(name, facts, cli, unsafe)


def _version_verdict(name: str, facts: ServerFacts, address: str, cli: str) -> Check:
    finding = f"{facts.version} at {address}, {decimal(facts.used_memory)} used"
    if tuple(int(part) for part in facts.version.split(".")[:2]) < OLDEST_REDIS:
        oldest = ".".join(map(str, OLDEST_REDIS))
        return fail(name, f"{finding}; {oldest} is the oldest that works", f"{cli} info server")
    return ok(name, finding)


def _persistence_verdict(name: str, facts: ServerFacts, cli: str, unsafe: Verdict) -> Check:
    check = f"{name} persistence"
    if facts.aof_enabled:
        return ok(check, "the append-only file is on")
    finding = "the append-only file is off: a restart would lose items"
    return Check(check, unsafe, finding, f"{cli} config set appendonly yes")


def _memory_verdict(name: str, facts: ServerFacts, cli: str, unsafe: Verdict) -> Check:
    check = f"{name} memory"
    if facts.maxmemory_policy != "noeviction":
        finding = f"the policy {facts.maxmemory_policy} would drop items when memory is full"
        return Check(check, unsafe, finding, f"{cli} config set maxmemory-policy noeviction")
    if not facts.maxmemory:
        return ok(check, "noeviction, without a limit of its own")
    finding = f"noeviction, {decimal(facts.used_memory)} of {decimal(facts.maxmemory)} used"
    more = f"{cli} config set maxmemory {2 * facts.maxmemory}"
    if facts.used_share > FULL_SHARE:
        return Check(check, unsafe, f"{finding}: new batches are refused", more)
    if facts.used_share > FILLING_SHARE:
        return warn(check, f"{finding}: from {FULL_SHARE:.0%} on new batches are refused", more)
    return ok(check, finding)


def check_workers(settings: Settings) -> Iterator[Check]:
    """Whether anybody would render what is submitted."""
    board = StatusBoard.connect(settings)
    try:
        workers = [worker for worker in board.workers() if worker.silent_seconds < SILENT_SECONDS]
    except RedisUnreachable:
        address = mask_url(settings.redis_url.get_secret_value())
        yield fail("workers", "not checked, because Redis is away", f"redis-cli -u {address} ping")
        return
    finally:
        board.close()
    if workers:
        names = ", ".join(sorted(worker.owner.rsplit("/", 1)[0] for worker in workers))
        yield ok("workers", f"{len(workers)} reported within a minute: {names}")
        yield from map(_lacking, (worker for worker in workers if worker.unavailable_models))
        yield from map(_waiting, (worker for worker in workers if worker.lost_services))
    else:
        finding = "none reported within the last minute; what is submitted waits"
        yield warn("workers", finding, "restyle-worker")


def _lacking(worker: WorkerRecord) -> Check:
    """What a worker has not: its items go to others, where there are any."""
    host = worker.owner.split("/")[0]
    finding = " ".join(worker.unavailable_models.values())
    return warn(f"models of {worker.owner}", finding, f"ssh {host} restyle doctor")


def _waiting(worker: WorkerRecord) -> Check:
    """What a worker has lost: it takes no item until that is back."""
    host, (service, reason) = worker.owner.split("/")[0], next(iter(worker.lost_services.items()))
    finding = f"it takes nothing until {service} answers it: {reason}"
    return warn(f"work of {worker.owner}", finding, f"ssh {host} restyle doctor")


def check_region() -> Iterator[Check]:
    """Whether the region that somebody set is one that boto3 reads."""
    given = {origin.name: origin.value for origin in describe_ecosystem()}
    region = given.get("AWS_REGION")
    if region and "AWS_DEFAULT_REGION" not in given and "AWS_ENDPOINT_URL_S3" not in given:
        finding = "AWS_REGION is set, but boto3 reads AWS_DEFAULT_REGION"
        yield warn("s3 region", finding, f"export AWS_DEFAULT_REGION={region}")


def check_s3(output: str | None, allowed: AllowedPlaces) -> Iterator[Check]:
    """Put, get and delete a small object below the output prefix, which must be allowed."""
    if output is None:
        finding = "no output is configured, so S3 was not tried"
        yield warn("s3", finding, "restyle doctor --output s3://BUCKET/PREFIX/")
        return
    probe = probe_key(output, secrets.token_hex(8))
    store = ObjectStore.connect(allowed=allowed)
    started = time.monotonic()
    try:
        _round_trip(store, probe)
        yield _removed(store, probe, started)
    except StorageUnavailable as error:
        yield fail("s3", str(error), f"curl -v {mask_url(store.endpoint)}")


def _round_trip(store: ObjectStore, probe: S3Address) -> None:
    body = secrets.token_bytes(256)
    etag = store.put(probe, body, content_type="application/octet-stream")
    if store.get(probe, etag=etag) != body:
        reason = "other bytes came back than were put"
        raise StorageUnavailable(address=probe, operation="GetObject", reason=reason)


def _removed(store: ObjectStore, probe: S3Address, started: float) -> Check:
    try:
        store.delete(probe)
    except AccessDenied as error:
        # Rendering deletes nothing, so it works without.
        return warn("s3", f"put and got, but not deleted: {error}", f"aws s3 rm {probe}")
    took = f"{1000 * (time.monotonic() - started):.0f} ms"
    return ok("s3", f"put, got and deleted {probe} at {store.endpoint} in {took}")
