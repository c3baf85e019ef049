"""Objects read as files: part by part, one version, the same bytes."""

import io
import uuid

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import ObjectMissing, SourceChanged
from shared.keys import S3Address
from shared.s3 import ObjectStore
from shared.s3.info import ObjectInfo
from shared.s3.parts import BLOCK_BYTES, ObjectFile, Part

BODY = bytes(number * 7 % 251 for number in range(3 * BLOCK_BYTES + 17))


@pytest.fixture(params=["rclone", "moto"])
def store(request, monkeypatch) -> ObjectStore:
    """A store on each server in turn."""
    server = request.getfixturevalue(f"{request.param}_server")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return ObjectStore.connect()


@pytest.fixture
def address(store) -> S3Address:
    """An object of several blocks in a fresh bucket."""
    bucket = f"b-{uuid.uuid4().hex[:12]}"
    store._client.create_bucket(Bucket=bucket)
    store.put(S3Address(bucket, "body"), BODY, content_type="application/octet-stream")
    return S3Address(bucket, "body")


def test_an_object_reads_like_a_file(store, address):
    """From the start, from the middle, from the end, whole and past its end."""
    with store.open(address) as file:
        assert file.size == len(BODY)
        assert file.read(10) == BODY[:10]
        file.seek(2 * BLOCK_BYTES + 5)
        assert file.read(100) == BODY[2 * BLOCK_BYTES + 5 :][:100]
        file.seek(-3, io.SEEK_END)
        assert file.read(10) == BODY[-3:]
        assert file.read(10) == b""
        file.seek(0)
        assert file.read() == BODY


def test_an_empty_object_is_an_empty_file(store, address):
    """Which has no first byte to ask for."""
    empty = S3Address(address.bucket, "empty")
    store.put(empty, b"", content_type="application/octet-stream")
    with store.open(empty) as file:
        assert (file.size, file.read()) == (0, b"")


def test_a_missing_object_and_another_version_are_told(store, address):
    """As a whole download tells them."""
    with pytest.raises(ObjectMissing):
        store.open(S3Address(address.bucket, "nothing"))
    with pytest.raises(SourceChanged):
        store.open(address, etag="0" * 32)


def test_parts_of_two_versions_are_never_mixed(store, address):
    """What is replaced between two reads is told, not read on."""
    with store.open(address) as file:
        file.read(1)
        store.put(address, BODY[::-1], content_type="application/octet-stream")
        file.seek(2 * BLOCK_BYTES)
        with pytest.raises(SourceChanged):
            file.read(1)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(st.integers(0, len(BODY) + 9), st.integers(0, len(BODY))), min_size=1, max_size=20
    )
)
def test_every_read_gives_what_the_object_holds_there(reads):
    """Whatever the places and lengths; and the start of a file costs one request."""
    asked = []

    def fetch(start, count, etag):
        asked.append((start, count, etag))
        info = ObjectInfo(S3Address("b", "k"), "tag", len(BODY), None)
        return Part(BODY[start : start + count], info)

    file = ObjectFile(fetch)
    assert asked == [(0, BLOCK_BYTES, None)]
    for place, count in reads:
        file.seek(place)
        assert file.read(count) == BODY[place : place + count]
    assert {etag for _, _, etag in asked[1:]} <= {"tag"}
