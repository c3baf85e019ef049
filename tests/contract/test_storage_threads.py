"""What asks S3: it holds up nobody who asks the board, and no more of a picture than is taken."""

import threading
from dataclasses import replace

import anyio
import httpx
import pytest

from producer.backoffice.api.files import CHUNK_BYTES
from producer.backoffice.storage_threads import THREADS
from shared.errors import ObjectTooLarge
from shared.jobs import ItemSpec
from shared.keys import S3Address
from tests.office import AT_HOME

#: What does not come true in this time, in seconds, never will.
PATIENCE_SECONDS = 20
#: A JPEG as far as its head tells, of a few parts.
LARGE = b"\xff\xd8\xff" + bytes(range(256)) * (3 * CHUNK_BYTES // 256)
SOURCE = "/api/v1/batches/spring/items/0/files/source"


@pytest.fixture
def source(client, board, store, bucket, new_batch) -> str:
    """A batch of one item with a large source; returns the source's path."""
    address = S3Address(bucket.name, "0.jpg")
    store.put(address, LARGE, content_type="image/jpeg")
    board.open_batch(new_batch("spring", 1))
    board.add_items("spring", [ItemSpec(number=0, external_id="a", source=str(address))])
    board.seal_batch("spring")
    return SOURCE


@pytest.mark.parametrize("path", ["", "/items", "/items/count"])
def test_while_s3_hangs_the_board_is_still_told_of(app, client, office, submit, path):
    """Every thread that may wait for S3 does, and more want to; a poll takes none of them."""
    submit()

    async def poll() -> int:
        answers = threading.Event()
        transport = httpx.ASGITransport(app, client=("127.0.0.1", 50_000))
        async with (
            httpx.AsyncClient(transport=transport, base_url=AT_HOME) as asking,
            anyio.create_task_group() as hanging,
        ):
            for _ in range(THREADS + 1):
                hanging.start_soon(office.threads.run, answers.wait)
            try:
                with anyio.fail_after(PATIENCE_SECONDS):
                    await anyio.wait_all_tasks_blocked()
                    return (await asking.get(f"/api/v1/batches/spring{path}")).status_code
            finally:
                answers.set()

    assert anyio.run(poll) == 200


def parts_of(app, path, at_each=lambda: None) -> list[dict]:
    """The messages of an answer's body, as they leave the app."""
    parts = []

    async def receive():
        await anyio.sleep_forever()

    async def send(message):
        if message["type"] == "http.response.body":
            parts.append(message)
            at_each()

    scope = {"type": "http", "method": "GET", "path": path, "raw_path": path.encode()}
    scope |= {"headers": [(b"host", b"127.0.0.1:8787")], "query_string": b"", "state": {}}
    scope |= {"client": ("127.0.0.1", 50_000), "scheme": "http", "root_path": ""}
    anyio.run(app, scope, receive, send)
    return parts


def test_a_picture_comes_in_parts(app, source):
    """Whoever takes nothing holds one part of it in memory, and what came is whole."""
    parts = [part["body"] for part in parts_of(app, source)]
    assert b"".join(parts) == LARGE
    assert max(map(len, parts)) == CHUNK_BYTES


def test_a_picture_that_goes_away_breaks_off(app, source, store, bucket):
    """No end is sent, so that nobody takes what came for all of it."""
    parts = parts_of(app, source, lambda: store.delete(S3Address(bucket.name, "0.jpg")))
    assert [len(part["body"]) for part in parts] == [CHUNK_BYTES]
    assert parts[-1]["more_body"]


def test_a_picture_says_its_size_and_may_be_too_large(client, app, office, source):
    """The limit is that of every room, and is looked at before more than the head is fetched."""
    assert int(client.get(source).headers["content-length"]) == len(LARGE)
    narrow = office.settings.model_copy(update={"max_image_bytes": len(LARGE) - 1})
    app.state.office = replace(office, settings=narrow)
    answer = client.get(source)
    assert (answer.status_code, answer.json()["code"]) == (413, ObjectTooLarge.code)
