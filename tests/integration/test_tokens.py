"""Tokens: our reading of a prompt is transformers' own, and what is cut is told in its words."""

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transformers import CLIPTokenizer

from infra.bench import published_models
from shared.styles import Style
from shared.tokens import prompt_notes, prompt_reader
from tests import tiny_models

DEMO = Path(published_models.__file__).parents[1] / "demo" / "models"
LONG = "a red plaid dress " * 55


@pytest.fixture(scope="module")
def layouts(tmp_path_factory) -> dict[str, Path]:
    """Model directories of each layout, by name; of the weights nothing is needed."""
    folder = tmp_path_factory.mktemp("layouts")
    tiny_models.build_tokenizer(folder / "tiny" / "tokenizer")
    (folder / "tiny" / "text_encoder").mkdir()
    shutil.copy(DEMO / "inpaint" / "text_encoder" / "config.json", folder / "tiny" / "text_encoder")
    # As published: four files, and a padding word that is punctuation.
    published_models._write_tokenizer(folder / "published", pad="!")
    (folder / "published" / "config.json").write_text("{}")
    return {
        "clipseg": DEMO / "clipseg",
        "inpaint": DEMO / "inpaint",
        "tiny": folder / "tiny",
        "published": folder / "published",
    }


@pytest.fixture(scope="module")
def theirs(layouts) -> dict[str, CLIPTokenizer]:
    """What transformers makes of the same directories."""
    folders = {name: path / "tokenizer" for name, path in layouts.items()}
    return {
        name: CLIPTokenizer.from_pretrained(
            folder if folder.is_dir() else layouts[name], local_files_only=True
        )
        for name, folder in folders.items()
    }


NAMES = ["clipseg", "inpaint", "tiny", "published"]
texts = st.text(max_size=40) | st.text("ab 1.,!'é👗İ\u0301\n<|endoftext>", max_size=400)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=150, deadline=None)
@given(text=texts | st.sampled_from([LONG, "It's 1,000%!!! <|endoftext|> ", "x" * 999]))
def test_our_tokens_are_transformers_tokens(layouts, theirs, name, text):
    """The same ids, and the same ones beyond the same limit, for any text."""
    reader, tokenizer = prompt_reader(layouts[name]), theirs[name]
    assert reader.limit == tokenizer.model_max_length == 77
    whole = tokenizer(text).input_ids
    assert reader.ids(text) == whole
    read = tokenizer(text, truncation=True, max_length=reader.limit).input_ids
    assert bool(reader.cut(text)) <= (whole != read)


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=60, deadline=None)
@given(
    words=st.lists(st.sampled_from(["a", "plaid", "dress,", "It's", "100%", "ü-👗"]), max_size=90)
)
def test_what_is_cut_is_the_unread_end_of_the_prompt(layouts, theirs, name, words):
    """Without it the model reads the very same tokens, and it begins where they end."""
    prompt, reader = " ".join(words), prompt_reader(layouts[name])
    cut = reader.cut(prompt)
    assert prompt.endswith(cut)
    read = theirs[name](prompt, truncation=True, max_length=reader.limit).input_ids
    kept = theirs[name](prompt.removesuffix(cut)).input_ids
    # Within a word the last token read is not the one that ends a word.
    assert kept[:-2] == read[: len(kept) - 2]
    assert len(read) - len(kept) in ({0, 1, 2, 3} if cut else {0})


def style(**fields) -> Style:
    """A style with changes."""
    return Style(**{"mask_prompt": ("the dress",), "prompt": "a red dress"} | fields)


def test_a_note_says_which_model_cuts_what(layouts):
    """One clause per prompt that is too long, in the prompt's own words."""
    long = "the " * 25 + "last seven words are never read, alas"
    asked = style(prompt=long, negative_prompt=long, protect_prompts=("face", long))
    notes = prompt_notes(asked, layouts["published"], layouts["published"])
    assert [note.partition(";")[0] for note in notes] == [
        "the segmenter reads 77 tokens of the protect prompt",
        "the painter reads 77 tokens of the prompt",
        "the painter reads 77 tokens of the negative prompt",
    ]
    assert all(note.endswith('last seven words are never read, alas"') for note in notes)


def test_without_guidance_nothing_is_said_of_what_is_not_read_at_all(layouts):
    """A negative prompt counts under guidance only, and a model that is away says nothing."""
    asked = style(negative_prompt=LONG, guidance_scale=1)
    assert prompt_notes(asked, layouts["clipseg"], layouts["inpaint"]) == ()
    assert prompt_notes(style(prompt=LONG), layouts["clipseg"], None) == ()


def test_short_prompts_have_no_notes(layouts):
    """Nothing is cut, nothing is said."""
    assert prompt_notes(style(), layouts["clipseg"], layouts["inpaint"]) == ()


EMPTY = {"tokenizer_config.json": "{}", "config.json": "{}"}
MERGES = "#version: 0.2\n"
BROKEN = {
    "nothing": {},
    "no vocabulary": EMPTY,
    "no merges": EMPTY | {"vocab.json": "{}"},
    "no JSON": EMPTY | {"tokenizer.json": "{"},
    "lists": {"tokenizer.json": "[]", "tokenizer_config.json": "[]", "config.json": "[]"},
    "another tokenizer": EMPTY | {"tokenizer.json": '{"model": {"type": "?"}}'},
    "merges of nothing": EMPTY | {"vocab.json": "{}", "merges.txt": "a b\n"},
    "merges that are none": EMPTY | {"vocab.json": '{"a": 0}', "merges.txt": MERGES + "x\n"},
    "no special words": EMPTY | {"vocab.json": '{"a</w>": 0}', "merges.txt": MERGES},
    "an odd limit": EMPTY | {"tokenizer_config.json": json.dumps({"model_max_length": "many"})},
    "an odd word": EMPTY | {"tokenizer_config.json": json.dumps({"bos_token": [1]})},
}


@pytest.mark.parametrize("files", BROKEN.values(), ids=BROKEN)
def test_a_broken_tokenizer_costs_the_note_only(tmp_path, files):
    """The model's loader will say what is wrong with the model; we say nothing."""
    for name, content in files.items():
        (tmp_path / name).write_text(content)
    assert prompt_notes(style(prompt=LONG), tmp_path, tmp_path) == ()


def test_a_smaller_text_tower_reads_less(tmp_path, layouts):
    """The tower's places count where the tokenizer claims more, as those saved without a limit."""
    shutil.copytree(layouts["published"], tmp_path / "m")
    tokens = json.loads((tmp_path / "m" / "tokenizer_config.json").read_text())
    tokens["model_max_length"] = 10**30
    (tmp_path / "m" / "tokenizer_config.json").write_text(json.dumps(tokens))
    (tmp_path / "m" / "config.json").write_text('{"text_config": {"max_position_embeddings": 5}}')
    (note,) = prompt_notes(style(mask_prompt=("a b c d e",)), tmp_path / "m", None)
    assert note == 'the segmenter reads 5 tokens of the mask prompt; cut: "d e"'
