"""The program in a model's archive, called as a SageMaker Hugging Face endpoint calls it."""

import base64
import json
import shutil
import subprocess
import sys
import tarfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from shared.packing import pack
from worker import endpoint

ROOT = Path(__file__).parents[2]
SIZE = (150, 200)


def picture(size=SIZE, mode="RGB"):
    """Noise, so that each pixel tells whether it stayed."""
    shape = (size[1], size[0], len(mode))
    return Image.fromarray(np.random.default_rng(7).integers(0, 256, shape, np.uint8), mode)


def mask(size=SIZE):
    """A soft-edged ellipse in the middle."""
    grey = Image.new("L", size)
    box = (size[0] // 3, size[1] // 3, 2 * size[0] // 3, 2 * size[1] // 3)
    ImageDraw.Draw(grey).ellipse(box, fill=255, outline=100, width=3)
    return grey


def coded(image, kind="PNG", **options):
    """Base64 of a picture's file."""
    sink = BytesIO()
    image.save(sink, kind, **options)
    return base64.b64encode(sink.getvalue()).decode()


def body(**fields):
    """A request's JSON that paints quickly."""
    usual = {"inputs": "a red dress", "input_img": coded(picture()), "mask_img": coded(mask())}
    usual |= {"num_inference_steps": 2, "seed": 3}
    return json.dumps({name: value for name, value in (usual | fields).items() if value != ""})


@pytest.fixture(scope="module")
def container(tmp_path_factory):
    """The demo's painter, packed with the program and unpacked as SageMaker does; it answers."""
    model, home = tmp_path_factory.mktemp("model") / "m", tmp_path_factory.mktemp("opt")
    shutil.copytree(ROOT / "infra" / "demo" / "models" / "inpaint", model)
    for name, text in endpoint.texts().items():
        (model / name).parent.mkdir(exist_ok=True)
        (model / name).write_text(text)
    pack(model, home / "model.tar.gz")
    with tarfile.open(home / "model.tar.gz") as tar:
        tar.extractall(home, filter="data")
    program = [sys.executable, "-I", str(ROOT / "tests" / "endpoint_container.py"), str(home)]
    with subprocess.Popen(
        program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=home, text=True
    ) as process:
        yield process
        process.stdin.close()


@pytest.fixture
def ask(container):
    """Sends requests side by side; what each is told."""

    def asked(*requests):
        container.stdin.write(json.dumps(requests) + "\n")
        container.stdin.flush()
        told = json.loads(container.stdout.readline())
        assert told["ours"] == []
        return told["told"]

    return asked


@pytest.fixture
def painted(ask):
    """The pictures that a request brings."""

    def pictures(**fields):
        [told] = ask({"body": body(**fields)})
        raw = json.loads(told["answer"])["generated_images"]
        return [Image.open(BytesIO(base64.b64decode(one))) for one in raw]

    return pictures


def pixels(image):
    """Its values as numbers that may be subtracted."""
    return np.asarray(image).astype(int)


def test_only_what_is_masked_changes_at_the_pictures_own_size(painted):
    """Outside the mask every pixel is the source's; inside most are others."""
    [result] = painted()
    stays = np.asarray(mask()) == 0
    assert (result.format, result.size) == ("PNG", SIZE)
    assert np.array_equal(pixels(result)[stays], pixels(picture())[stays])
    whole = np.asarray(mask()) == 255
    assert np.abs(pixels(result)[whole] - pixels(picture())[whole]).mean() > 20


def test_a_length_is_the_longer_side_of_what_comes_back(painted):
    """Never stretched; what is kept is the source at that size."""
    [result] = painted(image_length=96)
    small = picture().resize((72, 96), Image.Resampling.LANCZOS)
    stays = np.asarray(mask().resize((72, 96), Image.Resampling.BILINEAR)) == 0
    assert result.size == (72, 96)
    assert np.array_equal(pixels(result)[stays], pixels(small)[stays])


@pytest.mark.parametrize(
    ("kind", "answer"), [("JPEG", "JPEG"), ("WEBP", "WEBP"), ("TIFF", "PNG"), ("GIF", "PNG")]
)
def test_a_picture_comes_back_in_its_own_container(painted, kind, answer):
    """A TIFF or a GIF as the PNG that holds all of it."""
    [result] = painted(input_img=coded(picture(), kind))
    assert (result.format, result.size) == (answer, SIZE)


def test_a_seed_paints_the_same_again_and_variants_differ(painted):
    """Also beyond the pictures of one call; the first of five is the only one of one."""
    five = [pixels(one) for one in painted(num_images_per_prompt=5, image_length=64)]
    assert len({one.tobytes() for one in five}) == 5
    alone, again, unseeded, other = (
        pixels(painted(seed=seed, image_length=64)[0]) for seed in (3, 3, None, None)
    )
    assert np.array_equal(alone, again)
    assert np.abs(five[0] - alone).max() <= 1
    assert not np.array_equal(unseeded, other)


def test_requests_side_by_side_are_those_one_after_the_other(ask):
    """The toolkit may call from several threads; the pipeline takes one call at a time."""
    wishes = [{"body": body(seed=seed, image_length=64 + 8 * seed)} for seed in (0, 1, 2)]
    assert ask(*wishes) == [ask(wish)[0] for wish in wishes]


def test_a_picture_is_turned_as_its_exif_says(painted):
    """The mask is that of the upright picture, which comes back upright."""
    exif = Image.Exif()
    exif[0x0112] = 6
    lying = picture().transpose(Image.Transpose.ROTATE_90)
    [result] = painted(input_img=coded(lying, exif=exif))
    stays = np.asarray(mask()) == 0
    assert result.getexif().get(0x0112, 1) == 1
    assert np.array_equal(pixels(result)[stays], pixels(picture())[stays])


def test_transparency_stays(painted):
    """The model sees clear pixels white; alpha comes back as it was."""
    [result] = painted(input_img=coded(picture(mode="RGBA")))
    assert np.array_equal(pixels(result)[..., 3], pixels(picture(mode="RGBA"))[..., 3])


def test_unknown_fields_are_passed_over_and_bytes_are_read(ask):
    """As the API's own alias does; `prompt` is another name of `inputs`."""
    text = body(inputs="", prompt="a red dress", style="summer", parameters={"x": 1})
    plain, other = ask(
        {"body": body()}, {"body": text, "content_type": "application/json; charset=utf-8"}
    )
    assert plain == other


GIF = {"save_all": True, "append_images": [picture().transpose(Image.Transpose.ROTATE_180)]}
REFUSALS = [
    ({"inputs": ""}, "inputs (or prompt) says what to paint, and is missing."),
    ({"inputs": "x" * 1_001}, "inputs has 1,001 characters; the limit is 1,000."),
    ({"mask_img": ""}, "mask_img is missing"),
    ({"mask_img": "", "mask_prompt": "the dress"}, "the archive holds no segmenter: send mask_img"),
    ({"num_inference_steps": 201}, "it should be a whole number from 1 to 200"),
    ({"num_inference_steps": "many"}, "num_inference_steps should be a number"),
    ({"num_inference_steps": 2.5}, "num_inference_steps is 2.5; it should be a whole number"),
    ({"num_images_per_prompt": 0}, "it should be a whole number from 1 to 16"),
    ({"guidance_scale": float("nan")}, "guidance_scale should be a number"),
    ({"guidance_scale": 51}, "it should be from 0 to 50"),
    ({"image_length": 100}, "image_length is 100; it should be a multiple of 8"),
    ({"image_length": 2_048}, "it should be a whole number from 64 to 1536"),
    ({"seed": -1}, "seed is -1"),
    ({"input_img": ""}, "input_img is missing"),
    ({"input_img": "***"}, "input_img is no base64"),
    ({"input_img": "aGVsbG8="}, "input_img is no picture that is read here"),
    ({"input_img": coded(picture())[:60_000]}, "input_img is cut short or damaged"),
    ({"input_img": coded(picture(), "GIF", **GIF)}, "input_img is an animation"),
    ({"input_img": coded(picture((60, 90)))}, "input_img is 60 x 90 px; the least is 64 px"),
    ({"input_img": coded(Image.new("1", (16_392, 70)))}, "input_img is too large: 16392 x 70 px"),
    ({"input_img": coded(Image.new("1", (8_100, 8_100)))}, "input_img is too large"),
    ({"mask_img": coded(mask((150, 199)))}, "mask_img is 150 x 199 px but input_img is 150 x 200"),
    ({"mask_img": coded(Image.new("L", SIZE))}, "mask_img is black"),
]


def test_a_bad_request_is_refused_in_one_sentence(ask):
    """What the toolkit answers with HTTP 400 says what is wrong, and nothing was painted."""
    told = ask(*({"body": body(**fields)} for fields, _ in REFUSALS))
    wrong = [
        (one, sentence)
        for one, (_, sentence) in zip(told, REFUSALS, strict=True)
        if sentence not in one.get("error", "") or one["kind"] != "Refused"
    ]
    assert wrong == []


def test_what_is_no_json_is_refused(ask):
    """In and out: the endpoint speaks nothing else."""
    told = ask(
        {"body": "{"},
        {"body": "[]"},
        {"body": "a,b", "content_type": "text/csv"},
        {"body": body(), "accept": "image/png"},
    )
    sentences = ["no JSON", "no JSON object", "The body is text/csv", "image/png is asked for"]
    found = [sentence in one["error"] for one, sentence in zip(told, sentences, strict=True)]
    assert all(found), told


def test_memory_that_is_too_small_is_one_sentence(ask, painted):
    """It says what to change, and the next request is painted as ever."""
    [told] = ask({"body": body(image_length=1_536, num_inference_steps=1), "room": 20_000_000})
    assert "There was no memory for 1 picture(s) at 1536 px: lower image_length" in told["error"]
    assert painted()[0].size == SIZE


def test_libraries_older_than_the_model_are_refused(ask, tmp_path):
    """Transformers 4 would fill what transformers 5 saved with noise, and paint with it."""
    (tmp_path / "text_encoder").mkdir()
    (tmp_path / "text_encoder" / "config.json").write_text('{"transformers_version": "99.1.0"}')
    [told] = ask({"model_dir": str(tmp_path)})
    assert "was saved by transformers 99.1.0 and the container has" in told["error"]
