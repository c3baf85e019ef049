"""Models and versions, tried by a real worker on the demo's models."""

import json
import shutil
from pathlib import Path

import pytest

from tests.installation import DEMO_MODELS, Installation


@pytest.fixture(scope="module")
def brand(installation) -> Installation:
    """An installation with a registry that has two versions of a model, and a worker."""
    installation.environment["RESTYLE_REGISTRY"] = installation.prefix + "registry/"
    for version in ("one", "two"):
        copy = shutil.copytree(DEMO_MODELS / "inpaint", installation.folder / version)
        card = {"base": {"reference": "org/base", "digest": "abc"}, "metrics": {"loss": 0.25}}
        (copy / "card.json").write_text(json.dumps(card | {"seed": version}))
    installation.worker()
    return installation


def pushed(brand: Installation, version: str, alias: str) -> str:
    """Push a version under an alias; returns its digest."""
    directory = str(brand.folder / version)
    (told,) = brand.json("models", "push", directory, "--name", "brand", "--alias", alias)
    return str(told["digest"])


def golden(brand: Installation) -> tuple[Path, Path]:
    """A manifest of one small picture, and a style under the alias."""
    manifest, style = brand.folder / "golden.jsonl", brand.folder / "brand.yaml"
    manifest.write_text(json.dumps(brand.shelve("in")))
    style.write_text(
        "mask: the dress\npaint: a red dress\nsteps: 2\nworking_size: 128\n"
        f"segmenter: {DEMO_MODELS}/clipseg\npainter: registry:brand@stable\n"
    )
    return manifest, style


def test_a_version_is_promoted_once_its_golden_set_has_passed(brand):
    """Both are rendered, one sheet shows both, the alias moves, and a batch under way does not."""
    first, second = pushed(brand, "one", "stable"), pushed(brand, "two", "candidate")
    manifest, style = golden(brand)
    before = brand.submit([json.loads(manifest.read_text())], style.read_text())
    files = ("--golden", str(manifest), "--style", str(style))
    places = ("--to", "stable", "--output", brand.prefix + "golden/", "--timeout", "90")
    done = brand.restyle("models", "promote", "brand@candidate", *places, *files)
    assert done.returncode == 0, done.stdout + done.stderr
    (model,) = brand.json("models", "show", "brand")
    move = model["aliases"]["stable"]["moves"][0]
    assert (move["digest"], move["note"]) == (second, "1 golden items passed")
    sheet = Path(str(brand.bucket) + move["golden"].removeprefix(f"s3://{brand.bucket.name}"))
    page = sheet.read_text()
    assert "Now" in page
    assert "Candidate" in page
    assert page.count("data:image/jpeg") >= 4
    assert (sheet.parent / "sheet-1.png").read_bytes().startswith(b"\x89PNG")
    (then,) = brand.json("status", before)
    assert then["models"]["registry:brand@stable"] == first
