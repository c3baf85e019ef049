"""The object store over two S3 servers of different make."""

import hashlib
import urllib.request
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from infra.demo import services
from shared import errors
from shared.allowed import AllowedPlaces
from shared.keys import ResultKeys, S3Address
from shared.s3 import ObjectStore

BODY = b"0123456789" * 1_000


@pytest.fixture(params=["rclone", "moto"])
def server(request, monkeypatch) -> services.S3Server:
    """The environment leads boto3 to each server in turn."""
    chosen: services.S3Server = request.getfixturevalue(f"{request.param}_server")
    for name, value in chosen.environment.items():
        monkeypatch.setenv(name, value)
    return chosen


@pytest.fixture
def store(server) -> ObjectStore:
    """A store on the server at hand."""
    return ObjectStore.connect()


@pytest.fixture
def home(store) -> S3Address:
    """The root of a fresh bucket."""
    bucket = f"b-{uuid.uuid4().hex[:12]}"
    store._client.create_bucket(Bucket=bucket)
    return S3Address(bucket, "")


def put(store: ObjectStore, address: S3Address, body: bytes = BODY) -> str:
    """Write an object whose type does not matter."""
    return store.put(address, body, content_type="application/octet-stream")


def fill(server: services.S3Server, store: ObjectStore, home: S3Address, keys: list[str]) -> None:
    """Many small objects: on rclone's disk, or through the front door."""
    if server.access_key == "RESTYLEMOTO":
        with ThreadPoolExecutor(8) as threads:
            list(threads.map(lambda key: put(store, home.join(key), b"x"), keys))
        return
    for key in keys:
        path = server.folder / home.bucket / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


# --- what both servers do --------------------------------------------------------------------


@pytest.mark.parametrize("key", ["a.jpg", "kleid/ü b+c%20(1)&=?#.jpg", "x" * 200, "a/b/c/d.e"])
@pytest.mark.parametrize("body", [b"", BODY])
def test_what_was_put_is_got(store, home, key, body):
    """Any key and any bytes come back as they went, under the ETag that the put returned."""
    etag = put(store, home.join(key), body)
    assert store.get(home.join(key)) == body
    assert store.get(home.join(key), etag=etag) == body


NASTY = [
    "ü/ß 漢字 👗.jpg", " lead.jpg", "trail ", "trail.", "a/trail./b", "a b  c.jpg", "~`^{}[]",
    "'q\"uote.jpg", "100%.jpg", "%2e%2e/x", "%00.jpg", "a+b.jpg", "a?b=c.jpg", "a#b.jpg",
    "a\\b.jpg", "a&b;c=d:e@f,g$h!.jpg", "<x>|*.jpg", "e\u0301.jpg", "\u00e9.jpg", ".hidden", "...",
    "a/.../b", "\u2028line.jpg", "\u202ebidi.jpg", "\ufffe.jpg", "\u00a0nbsp", "CON.jpg", "x" * 255,
    "/".join(["ä" * 100] * 5),
]  # fmt: skip


@pytest.mark.parametrize("key", NASTY, ids=ascii)
def test_a_valid_key_is_that_key_everywhere(store, home, key):
    """Put, got, listed and deleted under one name, however it looks; no other key is touched."""
    address = S3Address.parse(f"{home}{key}")
    etag = put(store, address)
    assert store.get(address, etag=etag) == BODY
    assert [info.address for info in store.list(home)] == [address]
    result = ResultKeys.of(f"{home}out/", str(address), "0" * 64).variant(1, "jpg")
    assert store.get(result, etag=put(store, result, b"result")) == b"result"
    store.delete(address)
    assert [info.address for info in store.list(home)] == [result]


def test_a_key_of_a_kilobyte_is_a_key(moto_server, monkeypatch):
    """S3's own limit holds; a server on files (rclone) ends at 255 bytes between two slashes."""
    for name, value in moto_server.environment.items():
        monkeypatch.setenv(name, value)
    store, bucket = ObjectStore.connect(), f"b-{uuid.uuid4().hex[:12]}"
    store._client.create_bucket(Bucket=bucket)
    address = S3Address.parse(f"s3://{bucket}/{'x' * 1_024}")
    assert store.get(address, etag=put(store, address)) == BODY


@pytest.mark.parametrize(
    ("key", "content_type", "disposition"),
    [
        ("out/1.v1.jpg", "image/jpeg", 'inline; filename="1.v1.jpg"'),
        ("out/1.json", "application/json", 'attachment; filename="1.json"'),
        ("é.png", "image/png", "inline; filename=\"_.png\"; filename*=UTF-8''%C3%A9.png"),
    ],
)
def test_an_object_is_served_with_its_type_and_a_name_to_save_it_under(
    store, home, key, content_type, disposition
):
    """Whoever follows a link gets what the put said, byte for byte."""
    store.put(home.join(key), BODY, content_type=content_type)
    with urllib.request.urlopen(store.link(home.join(key), 60)) as answer:
        assert answer.headers["Content-Type"] == content_type
        assert answer.headers["Content-Disposition"] == disposition
        assert answer.read() == BODY


def test_a_copy_is_the_object_under_another_key(store, home):
    """A copy by the server has the bytes, the type and the name to save; the object stays."""
    source, target = home.join("out_staging/ü b+c.v1.jpg"), home.join("out/ü b+c.v1.jpg")
    etag = store.put(source, BODY, content_type="image/jpeg")
    put(store, target, b"what lay there before")
    copied = store.copy(source, target, etag=etag)
    assert store.get(target, etag=copied) == store.get(source) == BODY
    asked = {"Bucket": home.bucket}
    told = [store._client.head_object(**asked, Key=one.key) for one in (source, target)]
    assert told[1]["ContentType"] == "image/jpeg"
    assert told[1]["ContentDisposition"] == told[0]["ContentDisposition"]


def test_a_copy_is_of_the_version_that_was_asked_for(store, home):
    """Nothing is copied of an object that was replaced or is gone; a missing bucket is named."""
    source, target = home.join("in/a.jpg"), home.join("out/a.jpg")
    old = put(store, source, b"old")
    put(store, source, b"new")
    with pytest.raises(errors.SourceChanged, match=old):
        store.copy(source, target, etag=old)
    with pytest.raises(errors.ObjectMissing, match=r"in/b\.jpg"):
        store.copy(home.join("in/b.jpg"), target)
    with pytest.raises(errors.BucketMissing):
        store.copy(source, S3Address(f"{home.bucket}-2", "a.jpg"))
    assert not store.exists(target)


def test_head_says_what_a_listing_says(store, home):
    """One object has one ETag (without quotes), one size and one time, whoever tells of it."""
    etag = put(store, home.join("a/b.jpg"))
    info, (listed,) = store.head(home.join("a/b.jpg")), store.list(home)
    assert (info.address, info.etag, info.size) == (home.join("a/b.jpg"), etag, len(BODY))
    assert (listed.address, listed.etag, listed.size) == (info.address, info.etag, info.size)
    assert listed.modified.replace(microsecond=0) == info.modified
    assert info.modified.tzinfo is not None
    assert '"' not in etag


def test_a_listing_pages_through_all_keys_under_its_prefix(server, store, home):
    """More keys than one page holds are all listed, once each, and no key beside the prefix."""
    keys = {f"in/{number % 7}/{number}.jpg" for number in range(1_005)}
    fill(server, store, home, [*keys, "inn/a.jpg"])
    found = [info.address.key for info in store.list(home.join("in/"))]
    assert sorted(found) == sorted(keys)


def test_a_listing_leaves_folder_markers_out(server, store, home):
    """The empty object that consoles put for a folder is no image."""
    put(store, home.join("in/a.jpg"))
    if server.access_key == "RESTYLEMOTO":  # on rclone's disk a folder needs no marker
        put(store, home.join("in/"), b"")
    assert [info.address.key for info in store.list(home.join("in/"))] == ["in/a.jpg"]


def test_a_listing_of_one_folder_leaves_the_folders_below_out(server, store, home):
    """Pages of keys and of folders, and the keys that lie directly there."""
    keys = {f"out/{number}.json" for number in range(1_005)}
    below = [f"out/{number}/a.json" for number in range(20)]
    fill(server, store, home, [*keys, *below, "outer.json"])
    found = [info.address.key for info in store.list(home.join("out/"), below=False)]
    assert sorted(found) == sorted(keys)


def test_an_empty_prefix_lists_nothing(store, home):
    """A prefix without objects is an empty listing, not an error."""
    assert list(store.list(home.join("nothing/"))) == []


def test_a_deleted_object_is_gone(store, home):
    """Deleting removes; deleting again is no error."""
    put(store, home.join("a.jpg"))
    store.delete(home.join("a.jpg"))
    store.delete(home.join("a.jpg"))
    assert not store.exists(home.join("a.jpg"))


def test_a_replaced_source_is_noticed(store, home):
    """An object that has another ETag than asked for is never returned, nor any byte of it."""
    old = put(store, home.join("a.jpg"))
    assert put(store, home.join("a.jpg"), b"new") != old
    with pytest.raises(errors.SourceChanged, match=old):
        store.get(home.join("a.jpg"), etag=old)


READS: dict[str, Callable[[ObjectStore, S3Address], object]] = {
    "head": lambda store, address: store.head(address),
    "get": lambda store, address: store.get(address),
    "download": lambda store, address: store.download(address, Path("none"), max_bytes=1),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_missing_key_is_told_from_a_missing_bucket(store, home, read):
    """Whoever reads learns which of the two is missing."""
    with pytest.raises(errors.ObjectMissing, match=r"no object s3://b-\w+/none\.jpg"):
        read(store, home.join("none.jpg"))
    with pytest.raises(errors.BucketMissing):
        read(store, S3Address("no-such-bucket-anywhere", "none.jpg"))


def test_writing_listing_and_deleting_name_a_missing_bucket(store):
    """A bucket that does not exist is named by every call."""
    nowhere = S3Address("no-such-bucket-anywhere", "a.jpg")
    for call in (lambda: put(store, nowhere), lambda: list(store.list(nowhere))):
        with pytest.raises(errors.BucketMissing, match="no-such-bucket-anywhere"):
            call()
    with pytest.raises(errors.BucketMissing):
        store.delete(nowhere)
    with pytest.raises(errors.BucketMissing):
        store.exists(nowhere)


def test_an_object_over_the_limit_is_refused_unread(store, home, tmp_path):
    """A limit holds for bytes in memory and on disk, before they come."""
    put(store, home.join("a.tar.gz"))
    with pytest.raises(errors.ObjectTooLarge, match=r"10000 bytes, the limit is 9999"):
        store.download(home.join("a.tar.gz"), tmp_path / "a", max_bytes=len(BODY) - 1)
    with pytest.raises(errors.ObjectTooLarge):
        store.get(home.join("a.tar.gz"), max_bytes=1)
    assert list(tmp_path.iterdir()) == []


def test_a_download_is_a_whole_file_or_none(store, home, tmp_path):
    """The file holds the object's bytes, replaces an older one, and leaves nothing beside it."""
    body = BODY * 300  # several chunks
    put(store, home.join("a.tar.gz"), body)
    for _ in range(2):
        store.download(home.join("a.tar.gz"), tmp_path / "deep" / "a", max_bytes=len(body))
    assert (tmp_path / "deep" / "a").read_bytes() == body
    assert len(list((tmp_path / "deep").iterdir())) == 1


def test_a_file_that_cannot_be_written_is_named(store, home, tmp_path):
    """A full or forbidden disk is not taken for a fault of S3."""
    put(store, home.join("a"))
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(errors.DiskFailed, match="file/a"):
        store.download(home.join("a"), tmp_path / "file" / "a", max_bytes=len(BODY))


def test_threads_share_one_store(store, home):
    """Sixteen threads on one store read what they wrote."""

    def round_trip(number: int) -> bool:
        body = str(number).encode() * 1_000
        return store.get(home.join(str(number)), etag=put(store, home.join(str(number)), body)) == (
            body
        )

    with ThreadPoolExecutor(16) as threads:
        assert all(threads.map(round_trip, range(64)))


# --- allowed places --------------------------------------------------------------------------


CALLS: dict[str, Callable[[ObjectStore, S3Address], object]] = READS | {
    "exists": lambda store, address: store.exists(address),
    "list": lambda store, address: list(store.list(address)),
    "put": put,
    "copy": lambda store, address: store.copy(address, S3Address("shop", "in/out/b.jpg")),
    "copy to": lambda store, address: store.copy(S3Address("shop", "in/out/b.jpg"), address),
    "delete": lambda store, address: store.delete(address),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_what_is_not_allowed_is_refused_before_anything_is_sent(s3_environment, monkeypatch, call):
    """Nobody listens, so a request would end as storage_unavailable; an allowed one does."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{services.free_port()}")
    allowed = AllowedPlaces.parse("s3://shop/in", "s3://shop/in/out")
    store = ObjectStore.connect(allowed=allowed)
    for key in ("inn/a.jpg", "in", "a.jpg"):
        with pytest.raises(errors.PlaceNotAllowed, match=f"s3://shop/{key} lies outside"):
            call(store, S3Address("shop", key))
    with pytest.raises(errors.StorageUnavailable):
        call(store, S3Address("shop", "in/out/a.jpg"))


def test_an_allowed_place_is_read_and_written(store, home):
    """Inside its places a store does all that it does without them."""
    allowed = AllowedPlaces.parse(f"{home}in", f"{home}out")
    put(store, home.join("in/a.jpg"))
    narrow = ObjectStore.connect(allowed=allowed)
    assert narrow.get(home.join("in/a.jpg")) == BODY
    assert [info.address.key for info in narrow.list(home.join("in/"))] == ["in/a.jpg"]
    assert narrow.get(home.join("out/a"), etag=put(narrow, home.join("out/a"))) == BODY
    with pytest.raises(errors.PlaceNotAllowed, match="RESTYLE_ALLOWED_OUTPUTS"):
        put(narrow, home.join("in/b.jpg"))


def test_a_link_opens_only_what_may_be_read(s3_environment):
    """It is signed on this host, so that a forbidden one must be refused here; nothing is sent."""
    narrow = ObjectStore.connect(allowed=AllowedPlaces.parse("s3://shop/in", "s3://shop/in/out"))
    assert "/in/a.jpg?" in narrow.link(S3Address("shop", "in/a.jpg"), 60)
    with pytest.raises(errors.PlaceNotAllowed):
        narrow.link(S3Address("shop", "inn/a.jpg"), 60)


# --- credentials and configuration -----------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value"),
    [("AWS_SECRET_ACCESS_KEY", "wrong"), ("AWS_ACCESS_KEY_ID", "AKIAWRONGWRONG123456")],
)
def test_wrong_keys_are_access_denied(s3_environment, bucket, monkeypatch, name, value):
    """A wrong secret and a wrong key id are denials, by GET, by HEAD and by PUT."""
    monkeypatch.setenv(name, value)
    store, address = ObjectStore.connect(), S3Address(bucket.name, "a.jpg")
    for call in (store.get, store.head, store.exists, lambda key: put(store, key)):
        with pytest.raises(errors.AccessDenied, match=r"Object"):
            call(address)


def test_no_keys_are_credentials_missing(s3_environment, monkeypatch):
    """Without credentials anywhere, the sentence names what to set."""
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(errors.CredentialsMissing) as caught:
        ObjectStore.connect().get(S3Address("b", "a.jpg"))
    assert "AWS_ACCESS_KEY_ID" in str(caught.value.report()["hint"])


def test_half_a_pair_of_keys_is_credentials_missing(s3_environment, monkeypatch):
    """A key id without its secret is found out before anything is sent."""
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    with pytest.raises(errors.CredentialsMissing, match="AWS_SECRET_ACCESS_KEY"):
        ObjectStore.connect()


@pytest.mark.parametrize(
    ("name", "value"), [("AWS_PROFILE", "no-such-profile"), ("AWS_ENDPOINT_URL_S3", "127.0.0.1:9")]
)
def test_an_unusable_configuration_is_named(s3_environment, monkeypatch, name, value):
    """A profile that is not there or an endpoint without scheme is named, not traced."""
    monkeypatch.setenv(name, value)
    with pytest.raises(errors.StorageMisconfigured, match=value):
        ObjectStore.connect()


def test_a_port_that_nobody_listens_on_is_unavailable(s3_environment, monkeypatch):
    """No connection is a passing fault."""
    endpoint = f"http://127.0.0.1:{services.free_port()}"
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", endpoint)
    with pytest.raises(errors.StorageUnavailable, match="GetObject") as caught:
        ObjectStore.connect().get(S3Address("b", "a.jpg"))
    assert caught.value.retryable
    assert endpoint in str(caught.value)


def test_a_key_that_is_no_text_is_refused(s3_environment):
    """Half a surrogate pair, as JSON can smuggle it in, is a refusal, not a crash."""
    with pytest.raises(errors.StorageRefused):
        ObjectStore.connect().get(S3Address("bucket", "a\ud800.jpg"))


def test_a_large_file_goes_up_in_parts(server, store, home, tmp_path):
    """Parts are one object in the end, which keeps its SHA-256 and its type."""
    path, address = tmp_path / "model.tar.gz", home.join("models/model.tar.gz")
    path.write_bytes(BODY * 600)
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    store.upload(
        address, path, content_type="application/gzip", sha256=sha256, part_bytes=5 * 1024 * 1024
    )
    assert store.get(address) == path.read_bytes()
    # Of parts S3 makes an ETag of its own; rclone names the whole file's.
    assert ("-2" in store.head(address).etag) == (server.access_key == "RESTYLEMOTO")
    answer = store._client.head_object(Bucket=address.bucket, Key=address.key)
    assert {name.lower(): told for name, told in answer["Metadata"].items()} == {"sha256": sha256}
    assert answer["ContentType"] == "application/gzip"


def test_an_upload_to_nowhere_is_told_in_our_words(store, home, tmp_path):
    """The library's own errors do not get out."""
    (tmp_path / "file").write_bytes(BODY)
    nowhere = S3Address("no-such-bucket-here", "a")
    with pytest.raises(errors.StorageError):
        store.upload(nowhere, tmp_path / "file", content_type="text/plain", sha256="")


def test_a_condition_is_met_where_nothing_changed(store, home):
    """What is not there is made, and what is as it was is replaced."""
    address = home.join("a.json")
    first = store.put_if(address, b"1", content_type="application/json", etag=None)
    store.put_if(address, b"2", content_type="application/json", etag=first)
    assert store.get(address) == b"2"


def test_moto_refuses_what_is_there_already(moto_server, monkeypatch):
    """Where the server knows conditions, the slower of two writers is told."""
    for name, value in moto_server.environment.items():
        monkeypatch.setenv(name, value)
    store, address = ObjectStore.connect(), S3Address(f"b-{uuid.uuid4().hex[:12]}", "a.json")
    store._client.create_bucket(Bucket=address.bucket)
    store.put_if(address, b"1", content_type="application/json", etag=None)
    with pytest.raises(errors.SourceChanged):
        store.put_if(address, b"2", content_type="application/json", etag=None)
    assert store.get(address) == b"1"
