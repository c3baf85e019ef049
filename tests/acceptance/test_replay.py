"""`restyle replay` against a running worker that batches otherwise than the first one did."""

import json

import numpy as np
import pytest
from PIL import Image

from infra.demo import services
from infra.demo.catalogue import draw
from tests.installation import DEMO_MODELS

STYLE = f"""
name: replayed
mask: the dress
paint: a red dress
variants: 2
steps: 6
working_size: 128
segmenter: {DEMO_MODELS}/clipseg
painter: {DEMO_MODELS}/inpaint
"""
NAMES = ("kept.png", "tampered.png", "replaced.png", "broken.png", "lossy.jpg")


@pytest.fixture(scope="module")
def rendered(installation):
    """Items rendered in large batches; now a worker runs that paints one picture at a time."""
    shelf, rows = installation.bucket / "photos", []
    shelf.mkdir()
    for number, name in enumerate(NAMES):
        drawing = draw(80_000 + number, (240, 320))
        drawing.image.save(shelf / name)
        words = {"mask_prompt": f"the {drawing.garments[0].kind}"}
        source = f"{installation.prefix}photos/{name}"
        rows.append({"external_id": name.partition(".")[0], "source": source, **words})
    (shelf / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    batch_id = installation.submit(rows, STYLE)
    mates = {"RESTYLE_MAX_BATCH": "6", "RESTYLE_BATCH_WAIT_SECONDS": "3"}
    first = installation.worker(**mates)
    watched = installation.restyle("watch", batch_id, "--timeout", "90")
    assert "4 done  1 failed" in watched.stdout, watched.stdout + installation.logs()
    services.stop(first, seconds=20)
    installation.worker(RESTYLE_MAX_BATCH="1")
    return {name: _sidecar(item) for name, item in installation.items(batch_id).items()}


def _sidecar(item):
    return (item["result"] or item["failure"])["sidecar"]


def _path(installation, address):
    return installation.bucket / address.removeprefix(installation.prefix)


def _replay(installation, sidecar, *options):
    done = installation.restyle("replay", sidecar, "--timeout", "60", *options)
    return done.returncode, done.stdout, done.stderr


def test_a_result_replays_equal_under_another_batch_size(installation, rendered):
    """Exit status 0, within the tolerance, and the JSON says what differed: the batch mates."""
    status, stdout, stderr = _replay(installation, rendered["kept"], "--json")
    assert status == 0, stdout + stderr + installation.logs()
    told = json.loads(stdout)
    assert told["verdict"] in {"equal", "within_tolerance"}
    assert told["mask"]["verdict"] == "equal"
    assert len(told["variants"]) == 2
    for variant in told["variants"]:
        assert variant["intact"]
        assert variant["largest"] <= told["tolerance"]
        assert variant["batch_mates"]["then"] > variant["batch_mates"]["now"] == 0
    assert told["changes"] == {}
    assert not [path for path in installation.bucket.glob("out/_replays/**/*") if path.is_file()]


def test_a_jpeg_replays_equal_up_to_what_its_encoder_does(installation, rendered):
    """A level more or less before encoding may be several after it; the proof says how many."""
    status, stdout, stderr = _replay(installation, rendered["lossy"], "--json")
    assert status == 0, stdout + stderr + installation.logs()
    assert json.loads(stdout)["verdict"] in {"equal", "within_tolerance"}


def test_a_person_reads_a_table_and_a_sentence(installation, rendered, tmp_path):
    """A local copy of the sidecar, results kept under another prefix: all said in words."""
    local = tmp_path / "sidecar.json"
    local.write_bytes(_path(installation, rendered["kept"]).read_bytes())
    output = f"{installation.prefix}elsewhere/"
    status, stdout, stderr = _replay(installation, str(local), "--keep", "--output", output)
    assert status == 0, stdout + stderr
    lines = stdout.splitlines()
    assert lines[0].split() == [
        "Variant",
        "Verdict",
        "Largest",
        "Mean",
        "Over",
        "2",
        "PSNR",
        "Mates",
    ]
    assert [line.split()[0] for line in lines[1:3]] == ["1", "2"]
    assert lines[-2].startswith("The replay is equal")
    assert lines[-1].startswith(f"The replay's results stay under {output}_replays/")
    kept = installation.bucket / lines[-1].split(f"under {installation.prefix}")[1]
    endings = {path.name.split(".")[2] for path in kept.glob("kept.*.png")}
    assert endings == {"v1", "v2", "mask", "map"}


def test_a_tampered_result_is_found_out(installation, rendered):
    """Exit status 1: different, by how much, and that the file is not the sidecar's."""
    sidecar = json.loads(_path(installation, rendered["tampered"]).read_text())
    picture = _path(installation, sidecar["variants"][1]["address"])
    pixels = np.asarray(Image.open(picture)).copy()
    pixels[100:110, 100:110] ^= 0x40
    Image.fromarray(pixels).save(picture)
    status, stdout, _ = _replay(installation, rendered["tampered"])
    assert status == 1
    assert "The replay is different: by more than the tolerance of 2 levels." in stdout
    assert f"{sidecar['variants'][1]['address']} is not the file" in stdout
    assert f"{sidecar['variants'][0]['address']} is not the file" not in stdout


def test_a_replaced_source_is_said_to_be_so(installation, rendered):
    """Exit status 2 and `source_changed`: no picture of today proves one of yesterday."""
    draw(90_000, (240, 320)).image.save(installation.bucket / "photos" / "replaced.png")
    status, stdout, _ = _replay(installation, rendered["replaced"], "--json")
    assert status == 2
    assert json.loads(stdout)["error"]["code"] == "source_changed"


def test_a_failure_has_nothing_to_replay(installation, rendered):
    """Exit status 2, one sentence with the code of what failed."""
    status, _, stderr = _replay(installation, rendered["broken"])
    assert status == 2
    assert "There is nothing to replay" in stderr
    assert "image_truncated" in stderr
