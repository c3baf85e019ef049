"""Redis loses everything under a busy worker; the batch is recovered, and the rest rendered."""

import json

import numpy as np
import pytest
import redis
from PIL import Image

from infra.demo import services
from infra.demo.catalogue import draw
from shared.states import FINAL
from tests.installation import DEMO_MODELS, wait_until

STYLE = f"""
mask: the dress
paint: a red dress
working_size: 128
steps: 6
painter: {DEMO_MODELS}/inpaint
segmenter: {DEMO_MODELS}/clipseg
"""
COUNT = 8


@pytest.fixture
def own_redis(installation, tmp_path):
    """A Redis of the test's own: all of it will be lost."""
    with services.redis_server(tmp_path) as server:
        installation.environment["RESTYLE_REDIS_URL"] = server.url
        yield server


def _rows(installation):
    """Pictures with a mask of their own and without; the first one is none."""
    shelf, prefix = installation.bucket / "photos", f"{installation.prefix}photos/"
    shelf.mkdir()
    mask = np.zeros((320, 240), np.uint8)
    mask[100:200, 80:160] = 255
    Image.fromarray(mask).save(shelf / "mask.png")
    (shelf / "0.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    rows = [{"external_id": "sku-0", "source": f"{prefix}0.png"}]
    for number in range(1, COUNT):
        drawing = draw(70_000 + number, (240, 320))
        drawing.image.save(shelf / f"{number}.png")
        words = {"mask_prompt": f"the {drawing.garments[0].kind}"}
        own = {"mask": f"{prefix}mask.png"} if number % 2 else words
        row = {"external_id": f"sku-{number}", "source": f"{prefix}{number}.png"}
        rows.append(row | own)
    return rows


def _items(installation, batch_id):
    """Every item; without what a recovery does not know, or not to the millisecond."""
    with installation.board() as board:
        items = board.items(batch_id)
    return [
        item.model_copy(
            update={
                "fence": 0,
                "result": item.result and item.result.model_copy(update={"render_seconds": 0.0}),
            }
        )
        for item in items
    ]


def _files(installation, items):
    """Bytes and time of every file of these items' results."""
    results = [item.result for item in items if item.result]
    addresses = [
        address for result in results for address in (*result.variants, result.mask, result.sidecar)
    ]
    paths = [
        installation.bucket / address.removeprefix(installation.prefix) for address in addresses
    ]
    return {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in paths}


def test_after_a_loss_no_finished_item_is_rendered_again(installation, own_redis):
    """Done and failed items come back as they were, untouched in S3; all others are rendered."""
    batch_id = installation.submit(_rows(installation), STYLE)
    installation.worker(RESTYLE_THREADS="1", RESTYLE_MAX_BATCH="1")
    wait_until(lambda: installation.counts(batch_id)["done"] >= 3)
    ended = [item for item in _items(installation, batch_id) if item.state in FINAL]
    assert len(ended) < COUNT
    files = _files(installation, ended)
    with redis.Redis.from_url(own_redis.url) as server:
        server.flushall()
    folder = f"{installation.prefix}out/_batches/{batch_id}/"
    (recovered,) = installation.json("recover", folder)
    assert recovered["counts"]["done"] + recovered["counts"]["failed"] >= len(ended), recovered
    assert sum(recovered["counts"].values()) == recovered["total"] == COUNT

    installation.start("producer", "steward", "--interval", "1")
    watched = installation.restyle("watch", batch_id, "--timeout", "90")
    assert f"{COUNT - 1} done  1 failed" in watched.stdout, watched.stdout + installation.logs()
    now = _items(installation, batch_id)
    assert [now[item.spec.number] for item in ended] == ended
    assert _files(installation, ended) == files
    results = installation.bucket / "out" / "_batches" / batch_id / "results.jsonl"
    wait_until(results.is_file, seconds=30)
    states = [json.loads(line)["state"] for line in results.read_text().splitlines()]
    assert states == ["failed", *["done"] * (COUNT - 1)]
    (again,) = installation.json("recover", folder)
    assert (again["repeated"], again["counts"]["done"]) == (True, COUNT - 1)
