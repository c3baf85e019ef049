"""Rerenders over HTTP: a child batch of chosen items, and what is refused."""

import base64

import pytest
from PIL import Image

from shared.keys import S3Address
from tests.pictures import file_of

MASK = file_of(Image.new("L", (96, 80), 255), "PNG")


class Again:
    """A batch of two items, some of which are asked for again."""

    def __init__(self, client, bucket):
        self.client = client
        (bucket / "a.jpg").write_bytes(b"a picture")
        (bucket / "model.tar").write_bytes(b"an archive")
        self.root = f"s3://{bucket.name}/"
        model = f"{self.root}model.tar#sha256={'0' * 64}"
        style = {"mask": "the dress", "paint": "red", "segmenter": model, "painter": model}
        rows = [{"source": f"{self.root}a.jpg", "external_id": name} for name in "AB"]
        body = {"rows": rows, "style": style, "output": f"{self.root}out/", "batch_id": "spring"}
        assert client.post("/api/v1/batches", json=body).status_code == 201

    def post(self, batch="spring", key=None, **body):
        """Ask for items again."""
        headers = {"Idempotency-Key": key} if key else {}
        path = f"/api/v1/batches/{batch}/rerenders"
        return self.client.post(path, json=body, headers=headers)


@pytest.fixture
def again(client, bucket):
    """The batch, on the test's own board and bucket."""
    return Again(client, bucket)


def test_chosen_items_become_a_child_batch(again, board):
    """201 as for any batch; the child names its parent, and the parent its child."""
    answer = again.post(numbers=[1], overrides={"seed": 7, "prompt": "blue"})
    told = answer.json()
    assert (answer.status_code, told["batch"]["parent"], told["batch"]["total"]) == (
        201,
        "spring",
        1,
    )
    child = told["batch"]["batch"]
    assert answer.headers["location"] == f"/api/v1/batches/{child}"
    spec = board.item(child, 0).spec
    assert (spec.external_id, spec.overrides) == ("B", {"prompt": "blue", "seed": 7})
    assert again.client.get("/api/v1/batches/spring").json()["children"] == [child]


def test_a_filter_chooses_what_the_person_was_shown(again):
    """Where it is another number by now, nothing is queued."""
    asked = {"filter": {"state": ["queued"]}, "overrides": {"seed": 7}}
    other = again.post(**asked, expect=3)
    assert (other.status_code, other.json()["code"]) == (409, "count_differs")
    assert again.post(**asked, expect=2).json()["batch"]["total"] == 2


def test_a_mask_that_is_handed_in_is_stored_under_its_digest(again, board, store):
    """Once, however often it is used; it is checked as a picture first."""
    asked = {"numbers": [0], "mask_base64": base64.b64encode(MASK).decode()}
    masks = {board.item(again.post(**asked).json()["batch"]["batch"], 0).spec.mask for _ in "12"}
    (address,) = masks
    assert address.startswith(f"{again.root}out/_masks/")
    assert store.get(S3Address.parse(address)) == MASK


def test_a_rerender_that_comes_again_is_the_same_child(again):
    """And the key belongs to this batch and this wish."""
    asked = {"numbers": [0], "overrides": {"seed": 7}}
    first, second = again.post(key="one", **asked), again.post(key="one", **asked)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["batch"]["batch"] == second.json()["batch"]["batch"]
    assert again.post(key="one", numbers=[1]).json()["code"] == "key_reused"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 422, "request_invalid"),
        ({"numbers": [0], "filter": {}}, 422, "request_invalid"),
        ({"numbers": [7]}, 404, "item_unknown"),
        ({"numbers": [0], "overrides": {"sharpness": 3}}, 422, "style_invalid"),
        ({"numbers": [0], "overrides": {"painter": "/etc"}}, 403, "model_not_allowed"),
        ({"numbers": [0], "mask": "/etc/passwd"}, 422, "address_invalid"),
        ({"numbers": [0], "mask": "https://shop.example/m.png"}, 422, "address_invalid"),
        ({"numbers": [0], "mask": "s3://a/m.png", "mask_base64": "AA"}, 422, "request_invalid"),
        ({"numbers": [0], "mask_base64": "no base64!"}, 422, "not_base64"),
        ({"numbers": [0], "mask_base64": "PHN2Zz4="}, 422, "image_markup"),
        ({"numbers": [0], "batch": "none"}, 404, "batch_unknown"),
    ],
)
def test_what_cannot_be_asked_for_again_is_refused(again, body, status, code):
    """Before anything is queued or stored."""
    answer = again.post(**body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert again.client.get("/api/v1/batches/spring").json()["children"] == []
