"""Pictures rendered within a request: real app, Redis and S3, and a worker with tiny models."""

import base64
import io
import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from PIL import Image

from producer.backoffice.app import bare_app, furnish
from producer.backoffice.office import Office
from shared.dispatch import Dispatcher
from shared.settings import load_settings
from tests.office import client_of

OWNER = "test/cpu/0"
RENDERINGS, INVOCATIONS = "/api/v1/renderings", "/invocations"


class Queue:
    """Where messages go: straight to the worker in this process, a thread for each."""

    def __init__(self, process):
        self.process, self.threads = process, ThreadPoolExecutor(4)

    def publish(self, hints):
        """Let the worker take each."""
        for hint in hints:
            self.threads.submit(self.process.seat.take, hint.message, OWNER)

    def backlog(self):
        """Nothing lies in a queue."""
        return 0


@pytest.fixture(scope="module")
def app():
    """The app, whose office each test brings."""
    return bare_app()


@pytest.fixture
def client(app, process, board, store, bucket, tmp_path, monkeypatch, tiny_painter):
    """Asks the back office of a shop whose style `default` names the tiny model."""
    style = {"mask": "the dress", "paint": "a dress", "working_size": 64, "steps": 2}
    (tmp_path / "styles").mkdir()
    named = style | {"painter": str(tiny_painter), "segmenter": str(tiny_painter)}
    (tmp_path / "styles" / "default.yaml").write_text(json.dumps(named))
    monkeypatch.setenv("RESTYLE_OUTPUT", f"s3://{bucket.name}/out/")
    monkeypatch.setenv("RESTYLE_STYLES", str(tmp_path / "styles"))
    settings, queue = load_settings(), Queue(process)
    dispatcher = Dispatcher(board, queue, settings)
    furnish(app, Office(settings, board, store, store, dispatcher.step, tmp_path))
    yield client_of(app)
    queue.threads.shutdown()


def in_base64(bucket, name) -> str:
    """A file of the bucket."""
    return base64.b64encode((bucket / name).read_bytes()).decode()


def pixels(text) -> np.ndarray:
    """The picture that base64 stands for."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(text))))


def test_a_picture_is_painted_within_the_request(client, bucket, photo, board):
    """Every pixel outside the mask is the picture's own; the batches' list does not name it."""
    source, mask = photo
    body = {"image_base64": in_base64(bucket, "photo.png"), "prompt": "a red dress", "seed": 7}
    body |= {"mask_base64": in_base64(bucket, "mask.png"), "variants": 2}
    answer = client.post(RENDERINGS, json=body)
    told = answer.json()
    assert (answer.status_code, told["state"], told["poll"]) == (200, "done", None)
    assert len(told["images"]) == len(told["links"]) == 2
    for picture in map(pixels, told["images"]):
        assert np.array_equal(picture[mask == 0], source[mask == 0])
        assert not np.array_equal(picture[mask == 255], source[mask == 255])
    assert client.get("/api/v1/batches").json()["batches"] == []
    again = client.get(f"{RENDERINGS}/{told['id']}")
    assert (again.status_code, again.json()["images"]) == (200, told["images"])
    # The same picture under the same seed, now from S3.
    places = {"image": f"s3://{bucket.name}/photo.png", "mask": f"s3://{bucket.name}/mask.png"}
    style = board.status(told["id"]).batch.style
    assert (style.gate, style.review, style.steps) == ("off", "none", 2)
    seen = client.post(RENDERINGS, json={**places, "prompt": "a red dress", "seed": 7})
    assert np.array_equal(pixels(seen.json()["images"][0])[mask == 0], source[mask == 0])


def test_a_picture_that_cannot_be_painted_is_its_items_problem(client, bucket, photo):
    """The code, the words and the hint that the item failed with."""
    (bucket / "black.png").write_bytes((bucket / "mask.png").read_bytes())
    Image.new("L", (100, 150)).save(bucket / "black.png")
    body = {"image_base64": in_base64(bucket, "photo.png")}
    answer = client.post(RENDERINGS, json=body | {"mask_base64": in_base64(bucket, "black.png")})
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, told["code"]) == (422, "mask_empty")
    assert told["hint"]


def test_a_client_of_sagemaker_finds_its_pictures(client, bucket, photo):
    """So many as it asked for; scaled where it asked for a length, else at their own size."""
    source, mask = photo
    body = {"inputs": "a red dress", "num_images_per_prompt": 2, "num_inference_steps": 2}
    body |= {"guidance_scale": 7.5, "negative_prompt": "blurry", "unknown": True}
    body |= {
        f"{field}_img": in_base64(bucket, f"{name}.png")
        for field, name in (("input", "photo"), ("mask", "mask"))
    }
    whole = client.post(INVOCATIONS, json=body).json()["generated_images"]
    assert len(whole) == 2
    assert np.array_equal(pixels(whole[1])[mask == 0], source[mask == 0])
    small = client.post(f"/api/v1{INVOCATIONS}", json=body | {"image_length": 64}).json()
    assert [pixels(one).shape for one in small["generated_images"]] == [(64, 43, 3)] * 2
