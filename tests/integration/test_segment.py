"""The segmenter: a tiny CLIPSeg of the production class."""

import numpy as np
import pytest
import torch
from transformers import CLIPSegForImageSegmentation, CLIPTokenizer

from shared.errors import OutputNotFinite
from tests.segmenting import TOLERANCE, assert_close, plain_pixels, request
from tests.tiny_models import SIDE
from worker.models.load import load_segmenter


@pytest.fixture(scope="module")
def segmenter(tiny_segmenter):
    """The tiny segmenter on the CPU."""
    return load_segmenter(tiny_segmenter, "cpu")


def plain_logits(directory, asked):
    """What the model's own `forward` says of a request, prompt by prompt."""
    model = CLIPSegForImageSegmentation.from_pretrained(directory, dtype=torch.float32).eval()
    tokenizer = CLIPTokenizer.from_pretrained(directory)
    pixels = plain_pixels(directory, asked)
    with torch.no_grad():
        outputs = [
            model(pixel_values=pixels, **tokenizer([prompt], return_tensors="pt")).logits
            for prompt in asked.prompts
        ]
    return np.concatenate([output.numpy() for output in outputs])


def test_the_answer_is_that_of_the_models_own_forward(segmenter, tiny_segmenter):
    """One vision pass per picture and cached words change nothing."""
    asked = request(1, "a dress", "the skirt", "a dress")
    [logits] = segmenter.segment([asked])
    assert_close(logits, plain_logits(tiny_segmenter, asked))


def test_logits_are_float32_per_prompt_at_the_inputs_size(segmenter):
    """Shapes and types are those of the protocol; different prompts differ."""
    one, two = segmenter.segment([request(1, "a dress"), request(2, "a dress", "a skirt")])
    assert (one.shape, two.shape) == ((1, SIDE, SIDE), (2, SIDE, SIDE))
    assert one.dtype == two.dtype == np.float32
    assert np.abs(two[0] - two[1]).max() > 10 * TOLERANCE * two.std()


def test_a_batch_equals_its_requests_one_by_one(segmenter):
    """Batch mates, and how many prompts they have, change nothing."""
    asked = [request(seed, *("a dress", "hair", "top")[: seed + 1]) for seed in range(3)]
    together = segmenter.segment(asked)
    for ours, alone in zip(together, asked, strict=True):
        assert_close(ours, segmenter.segment([alone])[0])


def test_an_overlong_prompt_is_cut_to_the_models_length(segmenter):
    """What does not fit is left out; it is no error."""
    long, longer = segmenter.segment([request(1, "x" * 300), request(1, "x" * 900)])
    assert_close(long, longer)


def test_logits_that_are_no_numbers_are_an_error(tiny_segmenter):
    """A model that overflows fails the picture and does not mask nonsense."""
    segmenter = load_segmenter(tiny_segmenter, "cpu")
    with torch.no_grad():
        segmenter._model.decoder.film_add.bias.fill_(torch.nan)
    with pytest.raises(OutputNotFinite):
        segmenter.segment([request(1, "a dress")])
