"""A catalogue through the whole system: what was masked, what was painted, what was kept."""

import io
import json

import numpy as np
import pytest
from PIL import Image

from infra.demo.catalogue import draw, mask_of
from infra.demo.judges import dominant_colour
from tests.installation import DEMO_MODELS, wait_until

SIZE = (480, 640)
STYLE = f"""
name: end-to-end
mask: the dress
protect: [the face, the hair, the hands, the shoes]
paint: a red dress
working_size: 128
seed: 3
segmenter: {DEMO_MODELS}/clipseg
painter: {DEMO_MODELS}/inpaint
"""


def _drawings():
    """One drawing for each kind of garment."""
    found, seed = {}, 50_000
    while len(found) < 4:
        drawing = draw(seed, SIZE)
        for garment in drawing.garments:
            found.setdefault(garment.kind, drawing)
        seed += 1
    return found


@pytest.fixture(scope="module")
def restyled(installation):
    """Four drawings, one a kind of garment, painted in a colour that nobody wears."""
    drawings, rows = _drawings(), []
    shelf = installation.bucket / "photos"
    shelf.mkdir()
    for kind, drawing in drawings.items():
        drawing.image.save(shelf / f"{kind}.png")
        colour = "red" if all(worn.colour != "red" for worn in drawing.garments) else "blue"
        words = {"mask_prompt": f"the {kind}", "prompt": f"a {colour} {kind}"}
        source = f"{installation.prefix}photos/{kind}.png"
        rows.append({"external_id": kind, "source": source, **words})
    batch_id = installation.submit(rows, STYLE)
    installation.worker()
    installation.start("producer", "steward", "--interval", "1")
    watched = installation.restyle("watch", batch_id, "--timeout", "90")
    assert watched.returncode == 0, watched.stdout + watched.stderr + installation.logs()
    return installation, batch_id, drawings, {row["external_id"]: row for row in rows}


def _object(installation, address):
    return (installation.bucket / address.removeprefix(installation.prefix)).read_bytes()


def _pixels(body):
    return np.asarray(Image.open(io.BytesIO(body)))


@pytest.mark.parametrize("kind", ["dress", "skirt", "top", "trousers"])
def test_the_named_garment_is_masked(restyled, kind):
    """The mask covers the drawn truth: IoU of at least 0.7, growth taken into account."""
    installation, batch_id, drawings, _ = restyled
    result = installation.items(batch_id)[kind]["result"]
    mask = _pixels(_object(installation, result["mask"])) > 0
    truth = mask_of(drawings[kind], kind)
    assert (mask & truth).sum() / (mask | truth).sum() >= 0.7


@pytest.mark.parametrize("kind", ["dress", "skirt", "top", "trousers"])
def test_the_asked_colour_is_painted(restyled, kind):
    """The dominant colour of the painted garment is the one that the prompt names."""
    installation, batch_id, drawings, rows = restyled
    result = installation.items(batch_id)[kind]["result"]
    painted = _pixels(_object(installation, result["variants"][0]))[..., :3]
    asked = rows[kind]["prompt"].split()[1]
    assert dominant_colour(painted, mask_of(drawings[kind], kind)) == asked


@pytest.mark.parametrize("kind", ["dress", "skirt", "top", "trousers"])
def test_no_pixel_outside_the_mask_changes(restyled, kind):
    """Outside the uploaded mask the uploaded PNG is the source, and the sidecar proves it."""
    installation, batch_id, drawings, _ = restyled
    result = installation.items(batch_id)[kind]["result"]
    mask = _pixels(_object(installation, result["mask"])) > 0
    painted = _pixels(_object(installation, result["variants"][0]))
    source = np.asarray(drawings[kind].image)
    assert painted.shape == source.shape
    assert np.array_equal(painted[~mask], source[~mask])
    assert not np.array_equal(painted[mask], source[mask])
    (variant,) = json.loads(_object(installation, result["sidecar"]))["variants"]
    assert variant["written"]["digital_source_type"].endswith(
        "/compositeWithTrainedAlgorithmicMedia"
    )
    assert variant["written"]["container"] == "PNG"
    proof = variant["proof"]
    assert proof == {"outside_before_encoding": 0, "outside_after_decoding": 0}


def test_the_steward_writes_the_results(restyled):
    """When a batch ends, results.jsonl and results.csv lie beside the results."""
    installation, batch_id, _, rows = restyled
    folder = installation.bucket / "out" / "_batches" / batch_id
    jsonl, csv = folder / "results.jsonl", folder / "results.csv"
    wait_until(lambda: jsonl.is_file() and csv.is_file(), seconds=30)
    lines = [json.loads(line) for line in jsonl.read_text().splitlines()]
    assert {line["external_id"]: line["state"] for line in lines} == dict.fromkeys(rows, "done")
    assert len(csv.read_text().splitlines()) == 1 + len(rows)


def test_equal_submissions_are_one_batch(restyled):
    """Submitting the same under the same id changes nothing and says so."""
    installation, batch_id, _, _ = restyled
    files = ("--manifest", str(installation.folder / "manifest.jsonl"))
    files += ("--style", str(installation.folder / "style.yaml"))
    output = ("--output", installation.prefix + "out/", "--batch-id", batch_id)
    again = installation.restyle("submit", *files, *output)
    assert again.returncode == 0, again.stderr
    status = installation.json("status", batch_id)[0]
    assert status["counts"]["done"] == len(installation.items(batch_id))
