"""Labels: which of a segmenter's a prompt means."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.errors import LabelUnknown, ModelInvalid
from shared.labels import Labels, labels_of, read_labels

#: Of mattmdjaga/segformer_b2_clothes, and of models whose labels hold synonyms.
CLOTHES = Labels("org/clothes", ("Background", "Hat", "Hair", "Upper-clothes", "Skirt", "Pants"))
SHOES = Labels(
    "org/shoes",
    ("Left-shoe", "Right-shoe", "left_pants", "shoe rack, stand", "wine glass", "glass"),
)
WORN = Labels("org/worn", ("Dress", "Watch", "scarves", "gloves", "hoodie", "tie"))

CHOSEN = [
    (CLOTHES, "the skirt", ["Skirt"]),
    (CLOTHES, "  A SKIRT ", ["Skirt"]),
    (CLOTHES, "hats", ["Hat"]),
    (CLOTHES, "the upper clothes", ["Upper-clothes"]),
    (CLOTHES, "upper_clothes", ["Upper-clothes"]),
    (CLOTHES, "the clothes", ["Upper-clothes"]),
    (SHOES, "the shoes", ["Left-shoe", "Right-shoe", "shoe rack, stand"]),
    (SHOES, "left", ["Left-shoe", "left_pants"]),
    (SHOES, "stand", ["shoe rack, stand"]),
    (SHOES, "right shoe", ["Right-shoe"]),
    (SHOES, "glass", ["glass"]),
    (SHOES, "the glasses", ["glass"]),
    (WORN, "the dresses", ["Dress"]),
    (WORN, "watches", ["Watch"]),
    (WORN, "a scarf", ["scarves"]),
    (WORN, "glove", ["gloves"]),
    (WORN, "hoodies", ["hoodie"]),
    (WORN, "ties", ["tie"]),
]


@pytest.mark.parametrize(("labels", "prompt", "chosen"), CHOSEN)
def test_a_prompt_means_its_label_or_those_that_hold_its_words(labels, prompt, chosen):
    """Case, article, plural and dashes do not count; of several labels, all are meant."""
    assert [labels.names[place] for place in labels.select(prompt)] == chosen


UNKNOWN = [
    ("the red skirt", "did you mean Skirt?"),
    ("clothing", ""),
    ("the skrit", "did you mean Skirt?"),
    ("the backgruond", "did you mean Background?"),
    ("zebra", 'no label "zebra".'),
    ("the", ""),
    ("!?", ""),
    ("kir", ""),
]


@pytest.mark.parametrize(("prompt", "words"), UNKNOWN)
def test_an_unknown_label_is_an_error_that_names_the_nearest(prompt, words):
    """Parts of words are no labels, nor is a text without any; the hint lists what there is."""
    with pytest.raises(LabelUnknown) as caught:
        CLOTHES.select(prompt)
    assert words in str(caught.value)
    assert "Background, Hat, Hair, Upper-clothes, Skirt, Pants" in caught.value.report()["hint"]


def test_what_a_prompt_was_taken_for_is_told_where_it_is_no_name():
    """A person sees which labels a group is, and nothing where there is nothing to see."""
    assert SHOES.read_as("the left") == "Left-shoe and left_pants"
    assert SHOES.read_as("a Left Shoe") == ""


@example(["a,a"], "a")
@given(
    st.lists(st.text("ab -_,", max_size=8), min_size=1, max_size=6), st.text("ab -_", max_size=8)
)
def test_every_choice_is_of_labels_that_hold_the_prompts_words(names, prompt):
    """Whatever the names are, a choice is in order, without doubles, and never empty."""
    labels = Labels("org/any", tuple(names))
    try:
        chosen = labels.select(prompt)
    except LabelUnknown:
        return
    assert chosen
    assert list(chosen) == sorted({*chosen})
    assert {*chosen} <= {*range(len(names))}


def test_every_label_is_found_by_its_own_name():
    """The name of a label always names it."""
    for labels in (CLOTHES, SHOES):
        for place, name in enumerate(labels.names):
            assert place in labels.select(name.split(",")[0])


def test_a_clipseg_has_no_labels_and_reads_any_words(tmp_path):
    """Its config has the two default names of every config, which mean nothing."""
    config = {"model_type": "clipseg", "id2label": {"0": "LABEL_0", "1": "LABEL_1"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    assert read_labels(tmp_path, "org/clipseg") is None


def test_labels_stand_in_the_order_of_their_numbers():
    """JSON keeps keys as texts, in any order."""
    named = {str(number): f"label {number}" for number in reversed(range(12))}
    found = labels_of({"model_type": "segformer", "id2label": named}, "org/name")
    assert found.names == tuple(f"label {number}" for number in range(12))


BROKEN = [
    [],
    {"model_type": "beit"},
    {"model_type": "beit", "id2label": {}},
    {"model_type": "beit", "id2label": ["dress"]},
    {"model_type": "beit", "id2label": {"1": "dress"}},
]


@pytest.mark.parametrize("config", BROKEN)
def test_a_config_that_names_no_labels_is_one_clear_error(config):
    """Whatever is wrong in it, it is ModelInvalid."""
    with pytest.raises(ModelInvalid, match="id2label"):
        labels_of(config, "org/name")


@pytest.mark.parametrize("content", [None, b"{", b"\xff"])
def test_a_config_that_cannot_be_read_is_one_clear_error(tmp_path, content):
    """No file, bad JSON and bad UTF-8 alike."""
    if content is not None:
        (tmp_path / "config.json").write_bytes(content)
    with pytest.raises(ModelInvalid, match="no readable config"):
        read_labels(tmp_path, "org/name")
