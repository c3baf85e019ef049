"""Semantic segmenters: a tiny SegFormer and a tiny BEiT of the production classes."""

import json
import shutil

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import AutoModelForSemanticSegmentation

from infra.demo.catalogue import draw, mask_of
from shared.errors import LabelUnknown, ModelInvalid, OutputNotFinite
from shared.styles import parse_style
from tests.installation import DEMO_MODELS
from tests.segmenting import assert_close, plain_pixels, request
from tests.tiny_models import LABELS, SIDE, build_beit, build_segformer
from worker.models.load import load_segmenter
from worker.pixels.letterbox import letterbox
from worker.pixels.masks import found_mask, probabilities
from worker.segment.geometry import segmenter_geometry
from worker.segment.protocol import SegmentRequest
from worker.segment.semantic import CERTAIN, log_odds

OWNER = "test/cpu/0"
BUILDERS = {"segformer": build_segformer, "beit": build_beit}


@pytest.fixture(scope="module", params=BUILDERS)
def directory(request, tmp_path_factory):
    """Directory of an untrained model of each class; read only."""
    return BUILDERS[request.param](tmp_path_factory.mktemp(request.param))


@pytest.fixture(scope="module")
def segmenter(directory):
    """It, on the CPU."""
    return load_segmenter(directory, "cpu")


def plain_scores(directory, asked):
    """What the model's own `forward` says of a request's picture: labels x height x width."""
    model = AutoModelForSemanticSegmentation.from_pretrained(directory, dtype=torch.float32).eval()
    pixels = plain_pixels(directory, asked)
    with torch.no_grad():
        return model(pixel_values=pixels).logits[0]


def test_the_answer_is_the_log_odds_of_the_models_own_forward(segmenter, directory):
    """One pass answers for all prompts, one label or several, as the model itself would."""
    asked = request(1, "the dress", "the shoes", "hair")
    [logits] = segmenter.segment([asked])
    scores = plain_scores(directory, asked)
    assert logits.shape == (3, SIDE, SIDE)
    assert logits.dtype == np.float32
    for ours, labels in zip(logits, ([3], [4, 5], [1]), strict=True):
        odds = log_odds(scores, labels)[None, None]
        whole = torch.nn.functional.interpolate(odds, (SIDE, SIDE), mode="bilinear")
        assert_close(ours, whole[0, 0].numpy())


def test_a_batch_equals_its_requests_one_by_one(segmenter):
    """Requests for different labels, and for more or fewer, share a call and change nothing."""
    asked = [request(seed, *("dress", "shoes", "hair")[: seed + 1]) for seed in range(3)]
    together = segmenter.segment(asked)
    for ours, alone in zip(together, asked, strict=True):
        assert_close(ours, segmenter.segment([alone])[0])


def test_an_unknown_label_is_an_error_before_anything_runs(segmenter):
    """The batch is refused as a whole; its good requests can be asked again without it."""
    with pytest.raises(LabelUnknown, match="did you mean Dress"):
        segmenter.segment([request(1, "hair"), request(2, "the red dress")])


def test_scores_that_are_no_numbers_are_an_error(directory):
    """A model that overflows fails the picture and does not mask nonsense."""
    segmenter = load_segmenter(directory, "cpu")
    with torch.no_grad():
        segmenter._model.decode_head.classifier.bias[1] = torch.inf
    with pytest.raises(OutputNotFinite):
        segmenter.segment([request(1, "dress")])


def test_the_sigmoid_of_the_log_odds_is_the_probability_of_the_labels():
    """For one label, several, and all; also where a score is far beyond the others."""
    scores = torch.randn(6, 5, 5, generator=torch.Generator().manual_seed(0)) * 20
    chances = torch.softmax(scores.double(), 0)
    for labels in ([0], [2, 5], [0, 1, 2, 3, 4]):
        found = probabilities(log_odds(scores, labels).numpy(), "sigmoid")
        np.testing.assert_allclose(found, chances[labels].sum(0), atol=1e-6)
    assert (log_odds(scores, range(6)) == CERTAIN).all()


# --- directories that are refused ------------------------------------------------------------


def rewritten(directory, target, name, **changes):
    """A copy of a model's directory whose config of that name says something else."""
    copy = shutil.copytree(directory, target)
    content = json.loads((copy / name).read_text())
    (copy / name).write_text(json.dumps(content | changes))
    return copy


def test_weights_that_lack_a_part_are_refused(directory, tmp_path):
    """A backbone alone would load with a head of noise, and a warning that nobody reads."""
    copy = shutil.copytree(directory, tmp_path / "model")
    weights = load_file(copy / "model.safetensors")
    kept = {name: value for name, value in weights.items() if "decode_head" not in name}
    save_file(kept, copy / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelInvalid, match=r"its weights lack decode_head\."):
        load_segmenter(copy, "cpu")


def test_labels_that_do_not_fit_the_weights_are_refused(directory, tmp_path):
    """A name too many would shift every score that follows."""
    labels = dict(enumerate((*LABELS, "Hat")))
    copy = rewritten(directory, tmp_path / "model", "config.json", id2label=labels)
    with pytest.raises(ModelInvalid):
        load_segmenter(copy, "cpu")


def test_damaged_weights_are_one_clear_error(directory, tmp_path):
    """A file that was cut short."""
    copy = shutil.copytree(directory, tmp_path / "model")
    weights = copy / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:5000])
    with pytest.raises(ModelInvalid):
        load_segmenter(copy, "cpu")


def test_a_beit_reads_pictures_of_its_own_size_only(tmp_path):
    """Its positions are counted; another size would fail each picture instead of the model."""
    directory = build_beit(tmp_path / "beit")
    size = {"height": 2 * SIDE, "width": 2 * SIDE}
    copy = rewritten(directory, tmp_path / "model", "preprocessor_config.json", size=size)
    with pytest.raises(ModelInvalid, match="it reads 64 px, its processor config says 128"):
        load_segmenter(copy, "cpu")


def test_no_code_of_the_directory_is_run(directory, tmp_path):
    """A config that asks for a class of its own gets transformers' own."""
    auto_map = {"AutoModelForSemanticSegmentation": "mine.Model", "AutoConfig": "mine.Config"}
    copy = rewritten(directory, tmp_path / "model", "config.json", auto_map=auto_map)
    (copy / "mine.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    assert load_segmenter(copy, "cpu").segment([request(1, "dress")])
    assert not (tmp_path / "ran").exists()


# --- a trained one ---------------------------------------------------------------------------

TRAINED = DEMO_MODELS / "segformer"


def test_a_trained_segformer_finds_the_garment_that_its_label_names():
    """Of held-out drawings, at their own size: each garment that is worn and named."""
    segmenter, geometry = load_segmenter(TRAINED, "cpu"), segmenter_geometry(TRAINED)
    overlaps = {"dress": [], "skirt": []}
    for seed in range(1_000_000, 1_000_024):
        drawing = draw(seed, (240, 320))
        worn = {garment.kind for garment in drawing.garments} & overlaps.keys()
        for name in worn:
            style = parse_style({"mask": f"the {name}", "paint": "x", "mask_growth": 0}, where="t")
            square, place = letterbox(np.asarray(drawing.image), geometry.side, geometry.fill)
            asked = SegmentRequest(model="demo", picture=square, prompts=style.mask_prompt)
            [logits] = segmenter.segment([asked])
            found = found_mask(logits, place, drawing.image.size, style).hard
            truth = mask_of(drawing, name)
            overlaps[name].append((found & truth).sum() / (found | truth).sum())
    assert all(len(each) > 2 for each in overlaps.values())
    assert all(np.mean(each) > 0.8 for each in overlaps.values()), overlaps


def put_drawing(bucket):
    """A held-out drawing as the item's source; returns the truth of its garments by kind."""
    drawing = draw(1_000_003, (96, 128))
    drawing.image.save(bucket / "photo.png")
    return {garment.kind: mask_of(drawing, garment.kind) for garment in drawing.garments}


def test_an_item_is_rendered_with_a_segmenter_of_the_styles_choice(process, board, bucket, place):
    """Mask, map and gate are as with CLIPSeg; the sidecar names the segmenter."""
    garment, truth = next(iter(put_drawing(bucket).items()))
    message = place(finder=TRAINED, mask=f"the {garment}", protect=["face", "hair"], gate="hold")
    process.seat.take(message, OWNER)
    item = board.item("b", 0)
    assert (item.state, item.held.gate.reasons) == ("held", ())
    assert item.held.gate.margin > 0.5
    found = np.asarray(Image.open(next((bucket / "out").rglob("*.mask.png")))) > 0
    assert (found & truth).sum() > 0.8 * truth.sum()


def test_an_item_whose_prompt_is_no_label_fails_by_itself(process, board, bucket, place):
    """What could not be told at submission is told with the item, in the same words."""
    put_drawing(bucket)
    process.seat.take(place(finder=TRAINED, mask="the gown"), OWNER)
    failure = board.item("b", 0).failure
    assert failure.code == "label_unknown"
    assert "dress" in failure.hint
    assert process.batcher.stats().batches == 0, "the device was asked for it"
