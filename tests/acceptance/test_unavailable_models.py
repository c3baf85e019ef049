"""A worker that lacks a model beside one that has it, as processes."""

import json
import signal

import numpy as np
import pytest
from PIL import Image

from infra.demo.catalogue import draw, mask_of
from tests.archives import packed, put_archive
from tests.installation import DEMO_MODELS, wait_until

COUNT = 12


@pytest.fixture(scope="module")
def style(installation):
    """A style whose painter is an archive in the bucket."""
    model = put_archive(installation.bucket, packed(DEMO_MODELS / "inpaint"))
    fields = {"mask": "the dress", "paint": "a red dress", "working_size": 64, "steps": 2}
    fields |= {"segmenter": str(DEMO_MODELS / "clipseg"), "painter": model.reference}
    return json.dumps(fields)


@pytest.fixture(scope="module")
def rows(installation):
    """Rows of one picture with its own mask."""
    drawing, address = draw(7, (160, 200)), f"{installation.prefix}photos/"
    photos = installation.bucket / "photos"
    photos.mkdir()
    drawing.image.save(photos / "one.png")
    mask = mask_of(drawing, "clothes").astype(np.uint8) * 255
    Image.fromarray(mask).save(photos / "one-mask.png")
    row = {"source": address + "one.png", "mask": address + "one-mask.png"}
    return [row | {"external_id": f"sku-{number}"} for number in range(COUNT)]


def _lines(installation, event):
    lines = (json.loads(line) for line in installation.logs().splitlines() if event in line)
    return [line for line in lines if line["event"] == event]


def _stop(installation, *workers):
    for worker in workers:
        worker.send_signal(signal.SIGTERM)
        assert worker.wait(30) == 0, installation.logs()


@pytest.fixture
def no_room(installation):
    """The environment of a worker whose cache's folder cannot be made."""
    folder = installation.folder / "full"
    folder.mkdir(exist_ok=True)
    (folder / "restyle").write_text("in the way")
    return {"XDG_CACHE_HOME": str(folder)}


def test_a_worker_without_the_model_leaves_the_batch_to_the_other(
    installation, rows, style, no_room
):
    """The lame one is there first; all items are done, none of them a try the poorer."""
    lame = installation.worker(**no_room)
    other = installation.worker()
    wait_until(lambda: len(installation.workers()) == 2)
    batch_id = installation.submit(rows, style)
    watched = installation.restyle("watch", batch_id, "--timeout", "90")
    assert watched.returncode == 0, watched.stderr + installation.logs()
    items = installation.items(batch_id).values()
    assert {(item["state"], item["deliveries"], item["retries"]) for item in items} == {
        ("done", 1, 0)
    }
    _stop(installation, lame, other)


@pytest.mark.slow  # the seat alone is tried in the integration tier
def test_where_no_worker_has_the_model_its_items_fail_by_name(installation, rows, style, no_room):
    """After their retries, and not for ever; the log tells of the model and not of every item."""
    before = len(_lines(installation, "model rests on this worker"))
    workers = [installation.worker(**no_room, RESTYLE_MAX_RETRIES="1") for _ in range(2)]
    batch_id = installation.submit(rows, style)
    assert installation.restyle("watch", batch_id, "--timeout", "90").returncode == 1
    items = installation.items(batch_id).values()
    assert {item["failure"]["code"] for item in items} == {"model_unavailable"}
    assert {item["retries"] for item in items} == {1}
    assert len(_lines(installation, "model rests on this worker")) - before < COUNT
    _stop(installation, *workers)
