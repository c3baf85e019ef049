"""A style of one's own, from its pictures to tonight's batch, by real programs on demo models."""

import json
from pathlib import Path

import pytest

from infra.demo.finetune import write_pictures
from tests.installation import DEMO_MODELS, Installation, wait_until

BASE = DEMO_MODELS / "inpaint"
STYLE = f"""
mask: the dress
paint: a sks dress
steps: 2
working_size: 128
segmenter: {DEMO_MODELS}/clipseg
painter: registry:brand@stable
"""


@pytest.fixture
def shop(installation) -> Installation:
    """An installation with a registry, a worker, and the pictures of a line in S3."""
    installation.environment["RESTYLE_REGISTRY"] = installation.prefix + "registry/"
    installation.worker()
    write_pictures(installation.bucket / "line", 3)
    return installation


def finetuned(shop: Installation) -> Path:
    """Fine-tune the model that `brand@stable` names; too short to learn, and to the end."""
    out = shop.folder / "tuned"
    flags = {
        "pretrained_model_name_or_path": "registry:brand@stable",
        "instance_data_dir": shop.prefix + "line/",
        "instance_prompt": "a sks dress",
        "class_prompt": "a dress",
        "output_dir": str(out),
        "resolution": "128",
        "max_train_steps": "2",
        "num_validation_images": "1",
        "device": "cpu",
    }
    training = shop.start("worker", "finetune", *(f"--{name}={flags[name]}" for name in flags))
    assert training.wait(timeout=100) == 0, shop.logs()
    return out / "model"


def pushed(shop: Installation, model: Path, alias: str) -> str:
    """Push a version under an alias; its digest."""
    (told,) = shop.json("models", "push", str(model), "--name", "brand", "--alias", alias)
    return str(told["digest"])


def promoted(shop: Installation, row: dict[str, str]) -> None:
    """Try the candidate on a golden set of one row, and let `stable` point to it."""
    golden, style = shop.folder / "golden.jsonl", shop.folder / "brand.yaml"
    golden.write_text(json.dumps(row))
    style.write_text(STYLE)
    files = ("--golden", str(golden), "--style", str(style), "--output", shop.prefix + "golden/")
    moving = ("models", "promote", "brand@candidate", "--to", "stable", "--timeout", "90")
    done = shop.restyle(*moving, *files)
    assert done.returncode == 0, done.stdout + done.stderr


def on_disk(shop: Installation, address: str) -> Path:
    """Where the object of an address lies."""
    return shop.bucket / address.removeprefix(shop.prefix)


def test_a_model_goes_from_pictures_to_the_batches_of_its_alias(shop):
    """Trained, pushed, tried beside the other on a golden set, promoted, painted with.

    A batch under way keeps the version that it was submitted with.
    """
    row = shop.shelve("in")
    first = pushed(shop, BASE, "stable")
    before = shop.submit([row], STYLE)
    second = pushed(shop, finetuned(shop), "candidate")
    promoted(shop, row)
    after = shop.submit([row], STYLE)
    (model,) = shop.json("models", "show", "brand")
    lineage = {version["digest"]: version["parent"] for version in model["versions"]}
    assert lineage == {first: None, second: first}
    move = model["aliases"]["stable"]["moves"][0]
    assert (move["digest"], move["note"]) == (second, "1 golden items passed")
    sheet = on_disk(shop, move["golden"])
    page = sheet.read_text()
    assert "Now" in page
    assert "Candidate" in page
    assert page.count("data:image/jpeg") >= 4
    assert (sheet.parent / "sheet-1.png").read_bytes().startswith(b"\x89PNG")
    for batch, digest in ((before, first), (after, second)):
        wait_until(lambda batch=batch: shop.counts(batch)["done"] == 1)
        (item,) = shop.items(batch).values()
        sidecar = json.loads(on_disk(shop, item["result"]["sidecar"]).read_text())
        assert sidecar["models"]["painter"]["digest"] == digest
