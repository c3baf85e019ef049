"""A shop's export, submitted and written back by the command line, on a real board and S3."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from producer.cli import app
from producer.record import read_batch
from shared.board import StatusBoard
from shared.jobs import Result
from shared.s3 import ObjectStore
from shared.settings import load_settings

EXPORT = Path(__file__).parents[1] / "catalogues/google.tsv"


def restyle(*arguments: object):
    """Run the command line in this process."""
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


@pytest.fixture
def style(tmp_path, bucket, restyle_environment) -> Path:
    """A style whose models are on this disk."""
    model = tmp_path / "model"
    model.mkdir()
    (model / "config.json").write_text("{}")
    (model / "weights.safetensors").write_bytes(b"\0" * 16)
    models = {"segmenter": str(model), "painter": str(model)}
    path = tmp_path / "style.yaml"
    path.write_text(json.dumps({"mask": "the dress", "paint": "a red dress"} | models))
    return path


def finish(batch_id: str, number: int, variant: str) -> None:
    """Claim an item and report it, as a worker does."""
    board = StatusBoard.connect(load_settings())
    result = Result(
        fingerprint="0" * 64, variants=(variant,), mask="m", sidecar="s", render_seconds=1
    )
    board.finish(board.claim(batch_id, number, "tester", 30.0), result)
    board.close()


def test_an_export_comes_back_with_its_results(style, bucket, tmp_path):
    """Its bytes are in the batch's record; the columns it was read by are told on stderr."""
    output = f"s3://{bucket.name}/out/"
    rewrite = f"https://cdn.example/=s3://{bucket.name}/"
    wishes = ["--map", "sku=id", "image=image_link", "--rewrite", rewrite, "--exclude", "*/2.jpg"]
    where = ["--manifest", EXPORT, "--style", style, "--output", output]
    done = restyle("submit", *where, *wishes, "--batch-id", "feed", "--json")
    assert done.exit_code == 0, done.output
    said = json.loads(done.stdout)
    assert (said["total"], said["catalogue"]["image"]) == (1, ["image_link"])
    assert "read as Google product feed: sku=id; image=image_link (--map" in done.stderr
    kept = read_batch(output, "feed", ObjectStore.connect()).catalogue
    assert (bucket / kept.address.split("/", 3)[3]).read_bytes() == EXPORT.read_bytes()

    path = tmp_path / "back.tsv"
    assert restyle("results", "feed", "--as-source", "--output", path).exit_code == 0
    assert path.read_bytes() == EXPORT.read_bytes()
    finish("feed", 0, f"{output}1 b.jpg")
    done = restyle("results", "feed", "--as-source", "--output", path, "--json")
    assert json.loads(done.stdout) == {"output": str(path), "items": 1, "without_result": 0}
    new = b"https://cdn.example/out/1%20b.jpg"
    assert path.read_bytes() == EXPORT.read_bytes().replace(b"https://cdn.example/img/1.jpg", new)
    assert restyle("results", "feed", "--as-source").stdout.encode() == path.read_bytes()
    assert restyle("results", "feed", "--variant", "2").exit_code == 2


def test_a_check_tells_the_columns_and_the_rewrite_that_is_missing(style, bucket):
    """Before anything is queued, in text and in JSON."""
    where = ["--manifest", EXPORT, "--style", style, "--output", f"s3://{bucket.name}/out/"]
    done = restyle("check", *where, "--json")
    assert done.exit_code == 2
    *findings, counts = map(json.loads, done.stdout.splitlines())
    assert counts["catalogue"]["format"] == "google"
    assert "--rewrite https://cdn.example/=s3://BUCKET/" in findings[0]["finding"]["message"]
    assert "read as Google product feed" in done.stderr
    done = restyle("submit", *where)
    assert done.exit_code == 2
    assert "read as Google product feed" in done.stderr
    assert restyle("submit", *where, "--map", "price=x").exit_code == 2


def test_a_repeated_submission_keeps_the_first_file(style, bucket, tmp_path):
    """Equal rows in other bytes are the same batch; its record does not change."""
    source = f"s3://{bucket.name}/a.jpg"
    path = tmp_path / "m.csv"
    where = ["--manifest", path, "--style", style, "--output", f"s3://{bucket.name}/out/"]
    for title in ("first", "second"):
        path.write_text(f"id,image_link,title\n1,{source},{title}\n")
        assert restyle("submit", *where, "--batch-id", "same").exit_code == 0
    (kept,) = (bucket / "out/_batches/same").glob("catalogue.*.csv")
    assert kept.read_text().endswith("first\n")
