"""Items over HTTP: pages, one whole, its pictures and what changed; on the real Redis and S3."""

import urllib.request
from dataclasses import replace
from urllib.parse import parse_qs

import pytest
from PIL import Image

from producer.backoffice.api.filters import Chosen
from producer.search import asks_for
from shared.allowed import AllowedPlaces
from shared.gate import FrozenMask, Gate
from shared.jobs import Failure, Held, ItemSpec, Result
from shared.keys import S3Address
from shared.s3 import ObjectStore
from tests.pictures import file_of, photo

ITEMS = "/api/v1/batches/spring/items"
GATE = Gate(score=0.25, reasons=("too_large",), coverage=0.7, margin=0.4, pieces=1, border=0.2)
JPEG = file_of(Image.fromarray(photo()), "JPEG")
PNG = file_of(Image.fromarray(photo()), "PNG")
FOR_EVER = "private, max-age=31536000, immutable"


@pytest.fixture
def home(bucket) -> S3Address:
    """A fresh bucket."""
    return S3Address(bucket.name, "")


@pytest.fixture
def put(store, home):
    """Put an object; returns its address."""

    def put(name: str, body: bytes, content_type: str = "image/jpeg") -> str:
        store.put(home.join(name), body, content_type=content_type)
        return str(home.join(name))

    return put


@pytest.fixture
def painted(put) -> Result:
    """A result whose files lie in S3."""
    mark = "a" * 12
    return Result(
        fingerprint="a" * 64,
        variants=(put(f"out/0.{mark}.v1.jpg", JPEG), put(f"out/0.{mark}.v2.jpg", JPEG + b"2")),
        mask=put(f"out/0.{mark}.mask.png", PNG, "image/png"),
        sidecar=put(f"out/0.{mark}.json", b'{"version": 1, "seed": 7}', "application/json"),
        thumbnails=put(f"out/0.{mark}.thumbs.jpg", JPEG + b"t"),
        gate=GATE.model_copy(update={"score": 0.9, "reasons": ()}),
    )


@pytest.fixture
def held(put) -> Held:
    """A mask that waits for a person."""
    mask = put("staging/1.frozen.png", PNG, "image/png")
    return Held(stage="mask", gate=GATE, mask=FrozenMask(address=mask, sha256="b" * 64))


@pytest.fixture
def finish(board):
    """Let an item end in some way."""

    def finish(number: int, outcome: Result | Failure | Held) -> None:
        board.finish(board.claim("spring", number, "host/cpu/1", 60), outcome)

    return finish


def numbers(answer) -> list[int]:
    """The numbers of a page's items."""
    return [item["number"] for item in answer.json()["items"]]


def test_items_are_found_by_what_the_query_says(
    client, board, submit, finish, painted, held, failure
):
    """States, scores, reasons, codes and text; together they ask for less."""
    submit(total=5)
    finish(0, painted)
    finish(1, held)
    finish(2, failure)
    asked = {
        "state=done&state=held": [0, 1],
        "stage=mask": [1],
        "reason=too_large": [1],
        "score_below=0.5": [1],
        "score_from=0.5": [0],
        "code=mask_empty": [2],
        "q=SKU-3": [3],
        "passed=true": [0],
        "passed=false&state=held": [1],
        "state=done&q=sku-3": [],
    }
    for query, wanted in asked.items():
        assert numbers(client.get(f"{ITEMS}?{query}")) == wanted, query
        assert client.get(f"{ITEMS}/count?{query}").json() == {"count": len(wanted)}
        chosen = Chosen.model_validate(_fields(query)).filter
        found = [item.spec.number for item in board.items("spring") if asks_for(chosen, item)]
        assert found == wanted, f"{query}, of a batch that has left the board"


def test_pages_hold_every_item_once(client, submit):
    """`next` leads on until it is null."""
    submit(total=5)
    first = client.get(f"{ITEMS}?limit=3")
    second = client.get(f"{ITEMS}?limit=3&after={first.json()['next']}")
    assert numbers(first) + numbers(second) == [0, 1, 2, 3, 4]
    assert second.json()["next"] is None


def test_a_query_that_is_misspelt_is_said_so(client, submit):
    """Whoever filters by `states` must not get every item."""
    submit()
    told = client.get(f"{ITEMS}?states=done").json()
    assert told["code"] == "request_invalid"
    assert "states: unknown field" in told["detail"]


def test_one_item_has_links_files_and_its_sidecar(client, submit, finish, painted):
    """Links open without credentials; files give the same bytes through the back office."""
    submit(total=1)
    finish(0, painted)
    item = client.get(f"{ITEMS}/0").json()
    assert (item["number"], item["state"], item["sidecar"]["seed"]) == (0, "done", 7)
    assert item["result"]["gate"]["score"] == 0.9
    for name, body in {"mask": PNG, "thumbnails": JPEG + b"t"}.items():
        with urllib.request.urlopen(item["links"][name]) as answer:
            assert answer.read() == body
        served = client.get(item["files"][name])
        assert served.content == body
        assert served.headers["cache-control"] == FOR_EVER
    assert [client.get(url).content for url in item["files"]["variants"]] == [JPEG, JPEG + b"2"]


def test_an_item_that_is_asked_for_again_is_not_sent_again(client, submit, finish, painted):
    """Its links are the same ones for a while, so that its ETag is."""
    submit(total=1)
    finish(0, painted)
    tag = client.get(f"{ITEMS}/0").headers["etag"]
    assert client.get(f"{ITEMS}/0", headers={"If-None-Match": tag}).status_code == 304


def test_a_mask_that_waits_is_shown_before_anything_is_painted(client, submit, finish, held):
    """Its address is the approved mask's to be; there is no variant and no sidecar yet."""
    submit(total=2)
    finish(1, held)
    item = client.get(f"{ITEMS}/1").json()
    assert client.get(item["files"]["mask"]).content == PNG
    assert (item["files"]["variants"], item["sidecar"], item["links"]["map"]) == ([], None, None)


def test_a_picture_says_what_it_is_and_nothing_else(client, submit, finish, painted):
    """Its type is one of a picture, and no browser guesses another."""
    submit(total=1)
    finish(0, painted)
    answer = client.get(f"{ITEMS}/0/files/v1")
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-disposition"] == "inline"
    assert answer.headers["cache-control"] == "private, no-cache"  # without the item's mark
    known = {"If-None-Match": answer.headers["etag"]}
    assert client.get(f"{ITEMS}/0/files/v1", headers=known).status_code == 304


def test_a_source_is_asked_for_again_when_it_changed(client, board, put, store, new_batch):
    """Others may replace it: it is kept for a minute, and then known by S3's own ETag."""
    address = put("in/0.jpg", JPEG)
    board.open_batch(new_batch("spring", 1))
    board.add_items("spring", [_spec(address)])
    board.seal_batch("spring")
    answer = client.get(f"{ITEMS}/0/files/source")
    assert (answer.content, answer.headers["cache-control"]) == (JPEG, "private, max-age=60")
    known = {"If-None-Match": answer.headers["etag"]}
    assert client.get(f"{ITEMS}/0/files/source", headers=known).status_code == 304
    store.put(S3Address.parse(address), PNG, content_type="image/png")
    assert client.get(f"{ITEMS}/0/files/source", headers=known).content == PNG


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "image_markup"),
        (b"<!doctype html><script>alert(1)</script>", "image_markup"),
        (b"%PDF-1.7", "image_unsupported"),
        (b"", "image_empty"),
    ],
)
def test_what_is_no_picture_is_never_served(client, board, put, new_batch, body, code):
    """Whoever may write to a bucket gets no script into the back office's origin."""
    board.open_batch(new_batch("spring", 1))
    board.add_items("spring", [_spec(put("in/0.jpg", body))])
    board.seal_batch("spring")
    answer = client.get(f"{ITEMS}/0/files/source")
    assert (answer.status_code, answer.json()["code"]) == (422, code)


@pytest.mark.parametrize(
    ("name", "status", "code"),
    [
        ("v2", 404, "file_unknown"),
        ("v17", 422, "request_invalid"),
        ("sidecar", 422, "request_invalid"),
        ("..%2fv1", 404, "path_unknown"),
        ("s3%3A%2F%2Fother%2Fkey", 404, "path_unknown"),
    ],
)
def test_a_client_names_no_object(client, submit, name, status, code):
    """It asks for an item's picture by its role; an address of its own leads nowhere."""
    submit(total=1)
    answer = client.get(f"{ITEMS}/0/files/{name}")
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_what_may_not_be_read_is_neither_linked_nor_served(client, submit, office, app, home):
    """The allowed places are those of every room."""
    submit(total=1)
    narrow = ObjectStore(office.store._client, allowed=AllowedPlaces.parse(f"{home}in", f"{home}o"))
    app.state.office = replace(office, store=narrow, looking=narrow)
    assert client.get(f"{ITEMS}/0").json()["links"]["source"] is None
    answer = client.get(f"{ITEMS}/0/files/source")
    assert (answer.status_code, answer.json()["code"]) == (403, "place_not_allowed")


def test_changes_tell_each_item_once_and_then_nothing(client, submit, finish, painted, failure):
    """Whoever reads on from the cursor misses nothing, and an answer without news is not sent."""
    submit(total=3)
    finish(2, painted)
    finish(0, failure)
    first = client.get("/api/v1/batches/spring/changes")
    assert numbers(first) == [2, 0]
    assert first.json()["batch"]["counts"]["done"] == 1
    rest = f"/api/v1/batches/spring/changes?cursor={first.json()['cursor']}"
    quiet = client.get(rest)
    assert numbers(quiet) == []
    again = client.get(rest, headers={"If-None-Match": quiet.headers["etag"]})
    assert again.status_code == 304
    finish(1, painted)
    assert numbers(client.get(rest)) == [1]


def _fields(query: str) -> dict[str, object]:
    """The fields of a query as a body has them."""
    fields = parse_qs(query)
    return {name: values if name == "state" else values[0] for name, values in fields.items()}


def _spec(address: str) -> ItemSpec:
    return ItemSpec(number=0, external_id="sku-0", source=address)
