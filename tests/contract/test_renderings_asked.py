"""Renderings that are asked for: what is refused, what waits, and who may wait."""

import base64
import io
import json
import zlib
from dataclasses import replace

import pytest
from PIL import Image

from producer.backoffice.api import invocations
from producer.backoffice.bodies import described
from producer.backoffice.desk import Desk
from producer.backoffice.wishes import MAX_BYTES, SUPPLIED, RenderingBody
from producer.fitting import fitted
from shared.errors import BodyTooLarge, NotBase64, RenderingsBusy, RenderingUnknown
from shared.jobs import Failure
from shared.keys import rendering_prefix
from shared.states import ItemState
from tests.pictures import chunk, file_of

RENDERINGS, INVOCATIONS = "/api/v1/renderings", "/api/v1/invocations"
PHOTO = file_of(Image.new("RGB", (96, 80), "white"), "PNG")


def text(content: bytes) -> str:
    """Its base64."""
    return base64.b64encode(content).decode()


class Studio:
    """Where somebody tries a style: a bucket with a picture and a model, and no worker."""

    def __init__(self, client, bucket, office):
        self.client, self.bucket = client, bucket
        (bucket / "a.png").write_bytes(PHOTO)
        (bucket / "model.tar").write_bytes(b"an archive")
        self.root = f"s3://{bucket.name}/"
        model = f"{self.root}model.tar#sha256={'0' * 64}"
        self.good = {"image_base64": text(PHOTO), "mask_prompt": "the dress", "prompt": "red"}
        self.good |= {"segmenter": model, "painter": model, "wait_seconds": 0}
        settings = office.settings.model_copy(
            update={"output": f"{self.root}out/", "max_image_bytes": 100_000}
        )
        client.app.state.office = replace(office, settings=settings)
        client.app.state.desk = Desk()

    def post(self, path=RENDERINGS, **changes):
        """Ask for a rendering; None leaves a field out."""
        body = {name: value for name, value in (self.good | changes).items() if value is not None}
        return self.client.post(path, json=body)

    def refused(self, **changes) -> tuple[int, str]:
        """How it is refused; nothing is stored."""
        answer = self.post(**changes)
        assert not (self.bucket / "out").exists()
        return answer.status_code, answer.json()["code"]


@pytest.fixture
def studio(client, bucket, office):
    """A studio over the test's own board and bucket."""
    return Studio(client, bucket, office)


# --- what is asked for ------------------------------------------------------------------------


def test_what_takes_longer_is_asked_for_later(studio, board):
    """202 and where to ask; the item waits first in line, and is no batch of the list."""
    answer = studio.post(variants=2)
    told = answer.json()
    assert (answer.status_code, told["state"], told["images"]) == (202, "queued", [])
    later = studio.client.get(told["poll"])
    assert (later.status_code, later.json()["state"]) == (200, "queued")
    status = board.status(told["id"])
    assert (status.batch.lane, status.batch.style.variants) == ("urgent", 2)
    assert (status.batch.style.gate, status.batch.style.review) == ("off", "none")
    assert status.batch.output == str(rendering_prefix(f"{studio.root}out/", told["id"]))
    assert studio.client.get("/api/v1/batches").json()["batches"] == []


def test_a_picture_may_lie_in_s3_and_a_mask_needs_no_words(studio, board):
    """Nothing is stored then but the record, and the picture is pinned as it lies there."""
    fields = {"image_base64": None, "image": f"{studio.root}a.png", "mask_prompt": None}
    told = studio.post(**fields, mask_base64=text(PHOTO)).json()
    item = board.item(told["id"], 0)
    assert (item.spec.source, item.spec.external_id) == (f"{studio.root}a.png", "a.png")
    assert item.spec.size == len(PHOTO)
    assert item.spec.mask.endswith("/supplied-mask.png")
    assert board.status(told["id"]).batch.style.mask_prompt == (SUPPLIED,)


def test_a_failed_rendering_is_its_items_own_problem(studio, board):
    """With the status of its code; one of another release is an inner fault."""
    for code, status in (("mask_empty", 422), ("object_missing", 404), ("of_tomorrow", 500)):
        told = studio.post().json()
        claim = board.claim(told["id"], 0, "w", 30)
        board.finish(claim, Failure(code=code, message="No.", hint="Try.", details={"area": 1}))
        answer = studio.client.get(told["poll"])
        assert (answer.status_code, answer.json()["code"], answer.json()["area"]) == (
            status,
            code,
            1,
        )


# --- what is refused --------------------------------------------------------------------------


BOMB = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"\0\0\x7f\xff\0\0\x7f\xff\x08\x02\0\0\0")
BOMB += chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"image_base64": None}, (422, "request_invalid")),
        ({"image": "s3://shop/a.png"}, (422, "request_invalid")),
        ({"image_base64": None, "image": "/etc/passwd"}, (422, "address_invalid")),
        ({"image_base64": None, "image": "https://shop.example/a.png"}, (422, "address_invalid")),
        ({"mask": "file:///etc/passwd"}, (422, "address_invalid")),
        ({"image_base64": "no base64!"}, (422, NotBase64.code)),
        ({"image_base64": text(PHOTO)[:-3]}, (422, NotBase64.code)),
        ({"image_base64": "ä"}, (422, NotBase64.code)),
        ({"image_base64": ""}, (422, "image_empty")),
        ({"image_base64": text(b"<svg xmlns='x'/>")}, (422, "image_markup")),
        ({"image_base64": text(BOMB)}, (422, "image_bomb")),
        ({"mask_base64": text(BOMB)}, (422, "image_bomb")),
        (
            {"image_base64": text(file_of(Image.new("RGB", (8, 8)), "PNG"))},
            (422, "image_too_small"),
        ),
        ({"image_base64": "A" * 140_000}, (422, "image_too_large")),
        ({"painter": "/etc"}, (403, "model_not_allowed")),
        ({"segmenter": "~root"}, (403, "model_not_allowed")),
        ({"prompt": None}, (422, "style_invalid")),
        ({"sharpness": 3}, (422, "style_invalid")),
        ({"style": "../spring"}, (422, "style_unreadable")),
        ({"wait_seconds": 121}, (422, "request_invalid")),
    ],
    ids=lambda value: str(sorted(value)) if isinstance(value, dict) else "",
)
def test_what_cannot_be_rendered_is_refused_before_anything_is_stored(studio, changes, refusal):
    """No path of this host and no URL is read, and no picture that a worker would refuse."""
    assert studio.refused(**changes) == refusal


def test_a_picture_that_is_not_there_is_told_at_once(studio):
    """404, in the words of S3."""
    changes = {"image_base64": None, "image": f"{studio.root}none.png"}
    assert studio.refused(**changes) == (404, "object_missing")


def test_a_place_that_is_closed_is_not_read(studio, board):
    """The settings' places hold for requests as for everybody."""
    office = studio.client.app.state.office
    settings = office.settings.model_copy(
        update={"allowed_sources": "s3://other/", "allowed_outputs": f"{studio.root}out/"}
    )
    store = type(office.store)(office.store._client, allowed=settings.allowed)
    studio.client.app.state.office = replace(office, settings=settings, store=store)
    changes = {"image_base64": None, "image": f"{studio.root}a.png"}
    assert studio.refused(**changes, painter="org/name@" + "0" * 40, segmenter=None) in (
        (403, "place_not_allowed"),
        (422, "model_missing"),
    )


def test_more_than_may_wait_are_sent_away(studio):
    """Before their bodies are read; a place is free again when its request is answered."""
    studio.client.app.state.desk = Desk(places=1)
    assert [studio.post().status_code for _ in range(3)] == [202, 202, 202]
    assert studio.post(image_base64="wrong").status_code == 422
    assert studio.post().status_code == 202
    studio.client.app.state.desk = Desk(places=0)
    busy = studio.client.post(RENDERINGS, content=b"no JSON at all")
    assert (busy.status_code, busy.json()["code"]) == (429, RenderingsBusy.code)
    assert int(busy.headers["retry-after"]) > 0


def test_a_body_over_the_limit_is_refused_by_its_told_length(studio):
    """Nothing of it is read."""
    told = {"Content-Length": str(MAX_BYTES + 1)}
    answer = studio.client.post(RENDERINGS, content=b"{", headers=told)
    assert (answer.status_code, answer.json()["code"]) == (413, BodyTooLarge.code)


@pytest.mark.parametrize("name", ["none", "spring"])
def test_another_batch_is_no_rendering(studio, submit, name):
    """So nobody reads a catalogue's pictures through it."""
    submit("spring")
    answer = studio.client.get(f"{RENDERINGS}/{name}")
    assert (answer.status_code, answer.json()["code"]) == (404, RenderingUnknown.code)


# --- the JSON of SageMaker's endpoints --------------------------------------------------------


def test_an_invocation_that_takes_too_long_is_given_up(studio, board, monkeypatch):
    """504, and its item is cancelled: whoever repeats the request gets another one."""
    monkeypatch.setattr(invocations, "PATIENCE_SECONDS", 0.0)
    style = {"mask": "the dress", "paint": "red"} | {
        name: studio.good[name] for name in ("segmenter", "painter")
    }
    folder = studio.bucket / "styles"
    folder.mkdir()
    (folder / "default.yaml").write_text(json.dumps(style))
    office = studio.client.app.state.office
    settings = office.settings.model_copy(update={"styles": folder})
    studio.client.app.state.office = replace(office, settings=settings)
    asked = {"prompt": "red", "input_img": text(PHOTO), "mask_img": text(PHOTO)}
    answer = studio.client.post(INVOCATIONS, json=asked)
    assert (answer.status_code, answer.json()["code"]) == (504, "rendering_unfinished")
    (one,) = board.batches()
    assert one.cancelled
    assert one.counts[ItemState.CANCELLED] == 1 or one.open == 1


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"mask_img": None}, "mask_prompt may say"),
        ({"inputs": None}, "what to paint"),
        ({"input_img": None}, "input_img"),
        ({"image_length": 500}, "image_length"),
        ({"num_images_per_prompt": 17}, "num_images_per_prompt"),
    ],
)
def test_an_invocation_that_says_too_little_is_told_what_is_missing(studio, changes, words):
    """In the names of its own JSON."""
    asked = {"inputs": "red", "input_img": text(PHOTO), "mask_img": text(PHOTO)} | changes
    body = {name: value for name, value in asked.items() if value is not None}
    answer = studio.client.post("/invocations", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert words in answer.json()["detail"]


def test_sagemaker_is_told_that_the_process_answers(client):
    """Where it asks."""
    assert client.get("/ping").status_code == 200


def test_a_picture_is_fitted_and_never_stretched():
    """Its longer side is as long as asked, in its own container; one that fits is not touched."""
    for container in ("PNG", "JPEG", "WEBP", "AVIF"):
        raw = file_of(Image.new("RGB", (80, 60), "red"), container)
        small = Image.open(io.BytesIO(fitted(raw, "a", 40, 10_000)))
        assert (small.size, small.format) == ((40, 30), container)
        assert fitted(raw, "a", 80, 10_000) == raw
    assert Image.open(io.BytesIO(fitted(raw, "a", 160, 10_000))).size == (160, 120)


@pytest.mark.parametrize("model", [RenderingBody, invocations.InvocationBody])
def test_a_bodys_schema_stands_alone(model):
    """A reference into another part would lead nowhere in the OpenAPI document."""
    assert "$ref" not in json.dumps(described(model))
