"""The benchmarks' S3 keeps the parts of the contract that a worker relies on."""

import pytest

from infra.bench.latency import late_s3
from shared.errors import ObjectMissing, SourceChanged
from shared.keys import S3Address
from shared.s3 import ObjectStore

HERE = S3Address("bench", "a/ä b.jpg")


@pytest.fixture
def store(tmp_path, monkeypatch):
    """A store on a late S3 of this test's own."""
    with late_s3(tmp_path, 0.0) as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        yield ObjectStore.connect()


def test_what_was_put_is_got_headed_opened_and_listed(store):
    """The same bytes, size and ETag on every way."""
    body = bytes(range(256)) * 300
    etag = store.put(HERE, body, content_type="image/jpeg")
    assert store.get(HERE, etag=etag) == body
    assert (store.head(HERE).etag, store.head(HERE).size) == (etag, len(body))
    with store.open(HERE) as file:
        file.seek(40_000)
        assert file.read(100) == body[40_000:40_100]
    assert [(info.address, info.etag) for info in store.list(S3Address("bench", "a/"))] == [
        (HERE, etag)
    ]


def test_a_replaced_and_a_deleted_object_are_refused(store):
    """If-Match is honoured, and a missing key is missing."""
    etag = store.put(HERE, b"one", content_type="image/jpeg")
    store.put(HERE, b"two", content_type="image/jpeg")
    with pytest.raises(SourceChanged):
        store.get(HERE, etag=etag)
    store.delete(HERE)
    with pytest.raises(ObjectMissing):
        store.get(HERE)
    assert not store.exists(HERE)
