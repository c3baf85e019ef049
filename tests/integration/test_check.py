"""The check: what would go wrong, told beforehand from headers on a real S3."""

import json
from pathlib import Path

import pytest
from PIL import Image

from producer.check import Draft, check
from producer.manifest import read_manifest
from shared.allowed import EVERYWHERE, AllowedPlaces
from shared.errors import ManifestEmpty, StorageUnavailable
from shared.pictures.limits import Limits
from shared.s3 import ObjectStore
from shared.styles import parse_style
from tests.labelled import write_labelled
from tests.pictures import file_of, photo, turned

NO_CACHE = Path("/nonexistent")
LIMITS = Limits(max_bytes=2_000_000, max_side=4_000, max_pixels=4_000_000)


@pytest.fixture
def style(tiny_segmenter, tiny_painter):
    """A style whose models are there."""
    models = {"segmenter": str(tiny_segmenter), "painter": str(tiny_painter)}
    return parse_style({"mask": "the dress", "paint": "a red dress", **models}, where="test")


@pytest.fixture
def manifest(tmp_path, bucket):
    """Write rows as JSONL; their sources and masks are keys of this test's bucket."""

    def full(name, value):
        return f"s3://{bucket.name}/{value}" if name in {"source", "mask"} and value else value

    def _manifest(*rows):
        path = tmp_path / "manifest.jsonl"
        lines = ({name: full(name, value) for name, value in row.items()} for row in rows)
        path.write_text("\n".join(map(json.dumps, lines)))
        return str(path)

    return _manifest


def test_every_kind_of_trouble_is_told_at_once(bucket, manifest, style):
    """Wrong rows, missing models, unusable pictures and masks: one report."""
    image = Image.fromarray(photo())
    files = {
        "good.jpg": file_of(image, "JPEG"),
        "good.webp": file_of(image, "WEBP"),
        "good.avif": file_of(image, "AVIF"),
        "empty.jpg": b"",
        "page.jpg": b"<!doctype html><p>gone",
        "dot.png": file_of(Image.new("RGB", (1, 1)), "PNG"),
        "strip.png": file_of(Image.new("RGB", (900, 70)), "PNG"),
        "film.gif": file_of(
            image, "GIF", save_all=True, append_images=[Image.new("RGB", (96, 80))]
        ),
        "mask.png": file_of(image.convert("L"), "PNG"),
        "small.png": file_of(image.convert("L").resize((48, 40)), "PNG"),
    }
    for name, body in files.items():
        (bucket / name).write_bytes(body)
    rows = [{"source": name} for name in files if name not in {"mask.png", "small.png"}]
    rows += [
        {"source": "good.jpg", "external_id": "masked", "mask": "mask.png"},
        {"source": "good.jpg", "external_id": "mismatched", "mask": "small.png"},
        {"source": "nowhere.jpg"},
        {"source": "good.jpg", "external_id": "typo", "stepz": 9},
        {"source": "good.jpg", "external_id": "model", "painter": "/no/such/model"},
    ]
    report = check(Draft(manifest(*rows), style), ObjectStore.connect(), LIMITS, NO_CACHE)
    due = {
        "empty.jpg": "image_empty",
        "page.jpg": "image_markup",
        "dot.png": "image_placeholder",
        "strip.png": "image_too_narrow",
        "film.gif": "image_animated",
        "mismatched": "mask_mismatch",
        "nowhere.jpg": "object_missing",
    }
    told = {found.where: found.code for found in report.findings if found.kind == "item"}
    assert told == due
    assert report.usable == 6
    assert report.containers == {"JPEG": 4, "WEBP": 1, "AVIF": 1}
    rows_told = [found.message for found in report.findings if found.kind == "row"]
    assert any("did you mean steps" in message for message in rows_told)
    assert [found.code for found in report.findings if found.kind == "model"] == ["model_missing"]
    assert report.refused
    assert (report.rows, report.wrong_rows) == (14, 1)
    rows_of = {found.where: found.row for found in report.findings if found.kind == "item"}
    assert (rows_of["empty.jpg"], rows_of["nowhere.jpg"]) == (4, 11)


def test_prompts_that_are_no_labels_are_told(bucket, manifest, style, tmp_path):
    """The style's and the rows' own, as a submission would refuse them."""
    (bucket / "a.jpg").write_bytes(file_of(Image.fromarray(photo()), "JPEG"))
    labelled = {"segmenter": str(write_labelled(tmp_path / "clothes")), "mask_prompt": "the gown"}
    rows = [{"source": "a.jpg", "mask_prompt": prompt} for prompt in ("Dress", "drss")]
    rows = [row | {"external_id": row["mask_prompt"]} for row in rows]
    draft = Draft(manifest(*rows), style.with_overrides(labelled))
    report = check(draft, ObjectStore.connect(), LIMITS, NO_CACHE)
    of_style, of_row = report.findings
    assert (of_style.kind, of_style.code) == ("model", "label_unknown")
    assert "Upper-clothes" in of_style.hint
    assert (of_row.kind, of_row.where) == ("row", "row 2")
    assert 'no label "drss" (did you mean Dress?)' in of_row.message
    assert (report.refused, report.wrong_rows) == (True, 1)


def test_what_a_prefix_holds_beside_its_pictures_is_told(bucket, style):
    """Other files and names without an ending are left out, and counted."""
    for name in ("a.jpg", "b.jpeg"):
        (bucket / name).write_bytes(file_of(Image.fromarray(photo()), "JPEG"))
    for name in ("list.txt", "photo", "scan.bmp", "z.pdf"):
        (bucket / name).write_bytes(b"x")
    draft = Draft(f"s3://{bucket.name}/", style)
    report = check(draft, ObjectStore.connect(), LIMITS, NO_CACHE)
    (note,) = report.findings
    assert (note.kind, note.row) == ("note", None)
    assert note.message.endswith(": list.txt, photo, scan.bmp, …")
    assert (report.left_out, report.as_json()["left_out"], report.usable) == (4, 4, 2)


def test_a_clean_manifest_has_nothing_told(bucket, manifest, style):
    """A mask may be stored turned, as long as it fits once it is upright."""
    (bucket / "a.jpg").write_bytes(file_of(Image.fromarray(photo()), "JPEG", exif=turned(6)))
    (bucket / "m.png").write_bytes(file_of(Image.new("L", (80, 96), 255), "PNG"))
    draft = Draft(manifest({"source": "a.jpg", "mask": "m.png"}), style)
    report = check(draft, ObjectStore.connect(), LIMITS, NO_CACHE)
    assert (report.items, report.usable, report.findings, report.refused) == (1, 1, [], False)
    assert report.pixels == 96 * 80


def test_a_check_says_what_rendering_would_say(process, board, bucket, photo, place, style):
    """The same code and the same sentence, before and after."""
    (bucket / "photo.png").write_bytes(b"%PDF-1.7")
    message = place()
    process.seat.take(message, "test/cpu/0")
    failure = board.item("b", 0).failure
    report = check(Draft(f"s3://{bucket.name}/", style), ObjectStore.connect(), LIMITS, NO_CACHE)
    (found,) = [found for found in report.findings if found.where == "photo.png"]
    assert (found.code, found.message) == (failure.code, failure.message)


def test_a_missing_bucket_is_told_as_its_first_row(tmp_path, style, bucket):
    """It would stop the submission, so it stands among the rows; each item says it too."""
    path = tmp_path / "manifest.csv"
    path.write_text("source\ns3://no-such-bucket-here/a.jpg\ns3://no-such-bucket-here/b.jpg\n")
    report = check(Draft(str(path), style), ObjectStore.connect(), LIMITS, NO_CACHE)
    (row,) = [found for found in report.findings if found.kind == "row"]
    assert "no-such-bucket-here" in row.message
    assert report.failing == {"bucket_missing": 2}
    assert report.refused


def test_an_empty_manifest_and_a_silent_s3_end_the_check(manifest, style, bucket, monkeypatch):
    """Neither is a finding about a picture."""
    with pytest.raises(ManifestEmpty):
        check(Draft(f"s3://{bucket.name}/", style), ObjectStore.connect(), LIMITS, NO_CACHE)
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    with pytest.raises(StorageUnavailable):
        check(Draft(manifest({"source": "a.jpg"}), style), ObjectStore.connect(), LIMITS, NO_CACHE)


def test_reading_a_manifest_keeps_the_good_rows_beside_the_wrong_ones(manifest, style, bucket):
    """A check goes on where a submission stops."""
    path = manifest({"source": "a.jpg"}, {"source": ""}, {"source": "b.jpg"})
    with read_manifest(path, style, ObjectStore.connect()) as rows:
        assert [spec.external_id for spec in rows.specs()] == ["a.jpg", "b.jpg"]
        assert (rows.problem_count, rows.wrong_rows) == (1, 1)


def test_prompts_that_are_cut_are_noted_for_the_style_and_for_the_row(bucket, manifest, style):
    """What a worker would write into the sidecar, said beforehand; no item fails for it."""
    (bucket / "a.jpg").write_bytes(file_of(Image.fromarray(photo()), "JPEG"))
    long = " ".join(["red"] * 90)
    rows = [{"source": "a.jpg"}, {"source": "a.jpg", "external_id": "b", "prompt": long}]
    wordy = style.with_overrides({"negative_prompt": long})
    report = check(Draft(manifest(*rows), wordy), ObjectStore.connect(), LIMITS, NO_CACHE)
    told = [(found.kind, found.where, "cut" in found.message) for found in report.findings]
    assert ("note", "unnamed", True) in told
    assert ("note", "b", True) in told
    assert ("note", "a.jpg", True) not in told
    assert (report.usable, report.refused) == (2, False)


@pytest.mark.parametrize(
    ("output", "code"),
    [
        ("s3://no-such-bucket-here/out/", "bucket_missing"),
        ("http://elsewhere/out/", "address_invalid"),
        ("s3://{bucket}/" + "x" * 700, "address_invalid"),
        ("s3://{bucket}/closed/", "place_not_allowed"),
    ],
)
def test_an_output_that_a_submission_would_refuse_is_told(bucket, manifest, style, output, code):
    """Beside all else: no address, no room for names, no bucket, no permission."""
    (bucket / "a.jpg").write_bytes(file_of(Image.fromarray(photo()), "JPEG"))
    places = f"s3://{bucket.name}/open/,s3://no-such-bucket-here/"
    allowed = (
        AllowedPlaces.parse(f"s3://{bucket.name}/", places) if "closed" in output else EVERYWHERE
    )
    draft = Draft(manifest({"source": "a.jpg"}), style, output.format(bucket=bucket.name))
    report = check(draft, ObjectStore.connect(allowed=allowed), LIMITS, NO_CACHE)
    assert [(found.kind, found.code) for found in report.findings] == [("output", code)]
    assert (report.usable, report.refused) == (1, True)
