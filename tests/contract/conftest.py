"""What the contract tests of the board, the dispatcher and the queue share."""

import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
import redis
from fastapi import FastAPI
from starlette.testclient import TestClient

from producer.backoffice.app import bare_app, furnish
from producer.backoffice.office import Office
from shared.board import StatusBoard
from shared.dispatch import Dispatcher
from shared.jobs import Batch, Failure, ItemSpec, Result
from shared.keys import BoardKeys
from shared.queue import Publisher, celery_app
from shared.s3 import ObjectStore
from shared.settings import Settings
from shared.styles import Style
from tests.office import client_of

#: A condition that does not come true in this time never will.
PATIENCE_SECONDS = 20.0

STYLE = Style(mask_prompt="the dress", prompt="a red dress")


def make_batch(batch_id: str, total: int, **changes) -> Batch:
    """A batch of `total` items."""
    fields = {
        "batch_id": batch_id,
        "submitted_at": datetime.now(UTC),
        "output": "s3://shop/out/",
        "style": STYLE,
        "models": {},
        "total": total,
        "manifest_digest": "a" * 64,
    }
    return Batch(**fields | changes)


def make_specs(total: int) -> list[ItemSpec]:
    """The rows of a manifest."""
    return [
        ItemSpec(number=number, external_id=f"sku-{number}", source=f"s3://shop/in/{number}.jpg")
        for number in range(total)
    ]


@pytest.fixture
def settings(redis_server, namespace) -> Settings:
    """Settings of a namespace of its own."""
    return Settings(redis_url=redis_server.url, namespace=namespace, window=4)


@pytest.fixture
def board(settings) -> Iterator[StatusBoard]:
    """A board on the real Redis."""
    board = StatusBoard.connect(settings)
    yield board
    board.close()


@pytest.fixture
def inspector(settings) -> Iterator[redis.Redis]:
    """A plain client, to look inside and to move clocks."""
    with redis.Redis.from_url(settings.redis_url.get_secret_value(), decode_responses=True) as seen:
        yield seen


@pytest.fixture
def keys(namespace) -> BoardKeys:
    """The keys of the test's namespace."""
    return BoardKeys(namespace)


@pytest.fixture
def expire(inspector, keys) -> Callable[[str], None]:
    """Let the leases of all of an owner's claims have run out."""

    def expire(owner: str) -> None:
        for name in inspector.smembers(keys.owned(owner)):
            inspector.zadd(keys.claims, {name: 1})

    return expire


@pytest.fixture
def publisher(settings) -> Iterator[Publisher]:
    """A publisher on the real Redis."""
    app = celery_app(settings)
    yield Publisher(app)
    app.close()


@pytest.fixture
def dispatcher(board, publisher, settings) -> Dispatcher:
    """A dispatcher with a window of four."""
    return Dispatcher(board, publisher, settings)


@pytest.fixture
def new_batch() -> Callable[..., Batch]:
    """`make_batch`."""
    return make_batch


@pytest.fixture
def new_specs() -> Callable[[int], list[ItemSpec]]:
    """`make_specs`."""
    return make_specs


@pytest.fixture
def submit(board) -> Callable[..., str]:
    """Submit a batch of some items; returns its id."""

    def submit(batch_id: str = "spring", total: int = 3, **changes) -> str:
        assert board.open_batch(make_batch(batch_id, total, **changes))
        board.add_items(batch_id, make_specs(total))
        board.seal_batch(batch_id)
        return batch_id

    return submit


@pytest.fixture
def result() -> Result:
    """Where an item's outputs are."""
    return Result(
        fingerprint="f" * 64,
        variants=("s3://shop/out/a.v1.jpg",),
        mask="s3://shop/out/a.mask.png",
        sidecar="s3://shop/out/a.json",
        render_seconds=1.5,
    )


@pytest.fixture
def failure() -> Failure:
    """Why an item failed."""
    return Failure(code="mask_empty", message="Nothing was found.", hint="Supply a mask.")


@pytest.fixture
def eventually() -> Callable[[Callable[[], object]], object]:
    """Wait until a condition holds, and return what it returned."""

    def eventually(condition: Callable[[], object]) -> object:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            if value := condition():
                return value
            time.sleep(0.01)
        raise AssertionError("the condition never came true")

    return eventually


@pytest.fixture(scope="session")
def store(rclone_server) -> ObjectStore:
    """A store on rclone's server; a client of boto3 takes long to make."""
    with pytest.MonkeyPatch.context() as patched:
        for name, value in rclone_server.environment.items():
            patched.setenv(name, value)
        return ObjectStore.connect()


@pytest.fixture(scope="session")
def app() -> FastAPI:
    """The back office without an office, which each test brings; its routes take long to make."""
    return bare_app()


@pytest.fixture
def office(settings, board, store, tmp_path) -> Office:
    """An office over the test's own board."""
    return Office(settings, board, store, store, dispatch=lambda: None, cache=tmp_path)


@pytest.fixture
def client(app, office) -> TestClient:
    """Asks the back office as a browser on its own host does."""
    furnish(app, office)
    return client_of(app)
