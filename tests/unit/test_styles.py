"""Styles: what a file may say, what it means, and how a mistake is told."""

import re

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from producer.recording import style_text
from shared.errors import RestyleError, StyleInvalid, StyleUnreadable
from shared.styles import (
    ALIASES,
    OVERRIDABLE,
    WAITING_FIELDS,
    Style,
    load_style,
    parse_style,
)

GOOD = {"mask_prompt": ["the dress"], "prompt": "a red dress"}


@pytest.fixture
def load(tmp_path):
    """The style of a file with this text."""

    def style(text: str | bytes) -> Style:
        path = tmp_path / "style.yaml"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return load_style(path)

    return style


def test_three_lines_are_a_style(load):
    """What to mask and what to paint is enough; the rest has defaults."""
    style = load("\ufeffmask: the dress\npaint: a red dress\nprotect: [face, hair]\n")
    assert style.mask_prompt == ("the dress",)
    assert style.protect_prompts == ("face", "hair")
    assert (style.steps, style.guidance_scale, style.scheduler) == (25, 6.5, "euler")


def test_a_style_is_known_by_what_decides_pixels():
    """Name, notation and who is to approve do not matter; every other field does."""
    style = parse_style(GOOD, where="s")
    assert parse_style({"name": "x", "mask": "the dress ", "paint": "a red dress"}, where="s")
    assert style.digest == parse_style(GOOD | {"name": "other", "steps": "25"}, where="s").digest
    changed = {
        "mask_prompt": "top", "protect_prompts": "face", "prompt": "x", "negative_prompt": "x",
        "steps": 24, "guidance_scale": 7, "scheduler": "ddim", "variants": 2, "strength": 0.9,
        "speed": "fewer_steps",
        "seed": 1, "working_size": 768, "segmenter": "a/b", "painter": "a/b",
        "output_format": "png", "background": "#000000", "mask_threshold": 0.4,
        "mask_activation": "ndtr", "mask_growth": 0.1, "mask_feather": 0.1, "mask_max_area": 0.5,
        "jpeg_quality": 90, "jpeg_chroma": "4:2:0", "jpeg_progressive": True, "webp_quality": 80,
        "avif_quality": 80,
        "keep_gps": True, "digital_source_type": "generated", "embed_prompt": True,
    }  # fmt: skip
    assert changed.keys() == OVERRIDABLE - WAITING_FIELDS
    digests = {style.with_overrides({name: value}).digest for name, value in changed.items()}
    assert len(digests | {style.digest}) == len(changed) + 1
    waiting = {
        "gate": "hold", "review": "required", "mask_min_area": 0.1, "gate_margin": 0.5,
        "gate_pieces": 2, "gate_border": 0.1,
    }  # fmt: skip
    assert waiting.keys() == WAITING_FIELDS
    assert style.with_overrides(waiting).digest == style.digest


@pytest.mark.parametrize("written", ["off", "hold", "auto", '"off"'])
def test_a_gate_needs_no_quotes(load, written):
    """YAML would make a boolean of `off`."""
    style = load(f"mask: a\npaint: b\ngate: {written}\n")
    assert style.gate == written.strip('"')


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"colour": "red"}, "colour: unknown field"),
        ({"guidence_scale": 7}, "did you mean guidance_scale?"),
        ({"steps": 0}, "steps: should be greater than or equal to 1, not 0"),
        ({"steps": 2.5}, "steps: should be a whole number, not 2.5"),
        ({"steps": "twenty"}, "steps: should be a whole number, not 'twenty'"),
        ({"guidance_scale": "high"}, "guidance_scale: should be a number, not 'high'"),
        ({"steps": []}, "steps: should be a whole number, not []"),
        ({"steps": True}, "steps: should be a number, not True"),
        ({"guidance_scale": float("nan")}, "guidance_scale: should be a finite number, not nan"),
        ({"guidance_scale": float("inf")}, "guidance_scale"),
        ({"strength": 0}, "strength"),
        ({"steps": 1, "strength": 0.5}, "one step must run"),
        ({"working_size": 500}, "multiple of 8"),
        ({"scheduler": "eular"}, "'euler'"),
        ({"background": "white"}, "background: should look like #rrggbb, not 'white'"),
        ({"background": "#ffffff\n"}, "background: should look like #rrggbb"),
        ({"background": None}, "background: is empty (null)."),
        ({"prompt": ""}, "prompt: is empty."),
        ({"prompt": " \n"}, "prompt: is empty."),
        ({"prompt": 12}, "prompt: should be a text, not 12"),
        ({"prompt": "x" * 1_001}, "prompt: should have at most 1,000 characters"),
        ({"prompt": "\ud800"}, "prompt: is no Unicode."),
        ({"mask_prompt": ""}, "mask_prompt: is empty."),
        ({"mask_prompt": []}, "mask_prompt: is empty."),
        ({"mask_prompt": ["a", ""]}, "mask_prompt.1: is empty."),
        ({"mask_prompt": ["a"] * 17}, "mask_prompt: should have at most 16 members, not 17."),
        ({"mask": "a"}, "mask_prompt is given twice"),
        ({"name": "a\nb"}, "name: should be one line without control characters"),
        ({"painter": " "}, "painter: is empty."),
        ({"jpeg_quality": 0}, "jpeg_quality: should be greater than or equal to 1, not 0"),
        ({"jpeg_quality": 101}, "jpeg_quality"),
        ({"jpeg_quality": True}, "jpeg_quality: should be a number, not True"),
        ({"jpeg_chroma": "4:1:1"}, "'4:2:0'"),
        ({"jpeg_progressive": "maybe"}, "jpeg_progressive: should be yes or no, not 'maybe'"),
        ({"keep_gps": 2.5}, "keep_gps: should be yes or no, not 2.5"),
        (
            {"webp_quality": 0},
            "webp_quality: should be 'lossless' or a number from 1 to 100, not 0",
        ),
        ({"webp_quality": "best"}, "webp_quality"),
        ({"webp_quality": True}, "webp_quality"),
        ({"digital_source_type": "photo"}, "'composite'"),
        ({"gate": True}, "gate"),
        ({"review": "maybe"}, "'required'"),
        ({3: 4}, "3"),
    ],
)
def test_a_wrong_field_is_named(wrong, told):
    """One sentence that names the field, what it should be and what it is."""
    with pytest.raises(StyleInvalid) as error:
        parse_style(GOOD | wrong, where="spring.yaml")
    assert told in str(error.value)
    assert "spring.yaml" in str(error.value)


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ({"mask": "a", "paint": ""}, "paint: is empty."),
        ({"mask": ["a", 1], "paint": "b"}, "mask.1: should be a text, not 1"),
        ({"mask_prompt": "a", "paint": "b", "protect": None}, "protect: is empty (null)."),
        ({"mask": "a"}, "prompt: is missing."),
    ],
)
def test_a_field_is_named_as_the_style_names_it(written, told):
    """Who wrote `paint` finds `paint` in the sentence, and nobody a name that is not there."""
    with pytest.raises(StyleInvalid) as error:
        parse_style(written, where="spring.yaml")
    assert told in str(error.value)
    assert "prompt" not in str(error.value) or "missing" in told


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "mapping"),
        ("- a\n- b", "mapping"),
        ("just words", "mapping"),
        ("mask: [", "no valid YAML"),
        ("mask: &a x\npaint: *a", "aliases"),
        ("mask: a\npaint: b\nsteps: 3\nsteps: 4", "given twice"),
        ("mask: a\nmask_prompt: b\npaint: b", "given twice"),
        ("mask: !!python/object/apply:os.system [ls]", "no valid YAML"),
        ("a: &a [x, x]\nb: &b [*a, *a]\nc: [*b, *b]", "aliases"),
        ("x: &x {steps: 3}\n<<: *x\nmask: a\npaint: b", "aliases"),
        ("mask: a\npaint: b\n<<: [{steps: 3}, {steps: 4}]", "given twice"),
        ("mask: a\npaint: {b: 1, b: 2}", "given twice, line 2"),
        ("mask: a\npaint: b\n---\nmask: c", "line 3: but found another document"),
        ("mask: !mine a\npaint: b", "tags (!mine) are not"),
        ("mask: !!binary aGVsbG8=\npaint: b", "tags (tag:yaml.org,2002:binary) are not"),
        ("mask: !!set {a, b}\npaint: b", "tags (tag:yaml.org,2002:set) are not"),
        ("mask: !!omap [a: 1]\npaint: b", "tags (tag:yaml.org,2002:omap) are not"),
        ("mask: !!timestamp a\npaint: b", "tags"),
        ("mask: !!bool maybe\npaint: b", "tags"),
        ("mask: !!int ''\npaint: b", "tags"),
        ("mask: ! a\npaint: b", "tags"),
        ("mask: a\npaint: b\n" + "k" * 20_000 + "\u2028: 1", "no valid YAML"),
        ('mask: a\npaint: b\n"a\\nb": 1', "'a\\nb': unknown field"),
        ("%YAML 9.9\n---\nmask: a", "incompatible YAML"),
        ("[" * 5_000, "nested too deeply"),
        ("- " * 5_000, "nested too deeply"),
        ("".join(" " * depth + "a:\n" for depth in range(340)), "nested too deeply"),
        ("mask: {a: {b: c}}\npaint: b", "mask: should be a text or a list of texts"),
        ("mask: yes\npaint: b", "mask: should be a text or a list of texts, not True"),
        ("mask: ~\npaint: b", "mask: is empty (null)"),
        ("mask: a\npaint: b\n1: 2", "1: Keys should be strings"),
        ("mask: a\npaint: b\n~: 2", "Keys should be strings"),
        ("mask: a\npaint: b\n? [a]\n: c", "no valid YAML"),
        ("mask: a\n\tpaint: b", "line 2: found character '\\t'"),
        ("mask: a\npaint: b\nstrength: .nan", "strength: should be a finite number"),
        ("mask: a\npaint: b\nguidance_scale: -.inf", "guidance_scale"),
        ("mask: a\npaint: b\nguidance_scale: 1.0e+999", "guidance_scale"),
        ("mask: a\npaint: b\nseed: 0x" + "f" * 5_000, "number has over 100 characters, line 3"),
        ("mask: a\npaint: b\nseed: 0b" + "1" * 20_000, "number has over 100 characters"),
        ("mask: a\npaint: b\nseed: " + "1:" * 5_000 + "1", "number has over 100 characters"),
        ("mask: a\npaint: b\nstrength: " + "1:" * 9_000 + "1.5", "number has over 100"),
        (b"mask: \xff", "no UTF-8 text; save it as UTF-8"),
        ("mask: a\npaint: b".encode("utf-16"), "no UTF-8 text"),
        ("mask: a\npaint: b".encode("utf-16-le"), "no valid YAML"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "no UTF-8 text"),
        ("mask: a\x00", "no valid YAML"),
        ("#" * 70_000, "over 64 kB"),
        ("seed: " + "9" * 5_000, "style"),
        ("? [a]\n: b", "style"),
    ],
)
def test_a_wrong_file_is_told_in_one_sentence(load, text, told):
    """Whatever stands in the file, the answer is a StyleInvalid."""
    with pytest.raises(StyleInvalid) as error:
        load(text)
    assert told in str(error.value)
    assert len(str(error.value).splitlines()) == 1


def test_a_date_is_the_text_it_is(load):
    """YAML would make a date of it, and a number of 12:30; a name may be either."""
    style = load("name: 2026-11-24\nmask: 2026-99-99\npaint: =\nsegmenter: a/b\n")
    assert (style.name, style.mask_prompt, style.prompt) == ("2026-11-24", ("2026-99-99",), "=")


def test_a_file_that_is_not_there_is_told(tmp_path):
    """A missing file, a folder."""
    for path in (tmp_path / "none.yaml", tmp_path):
        with pytest.raises(
            StyleUnreadable, match=r"cannot be read: (no such file|is a dir)"
        ) as error:
            load_style(path)
        assert "Check the path" in error.value.report()["hint"]


@pytest.mark.parametrize("chroma", ["4:4:4", "4:2:2", "4:2:0"])
def test_chroma_needs_no_quotes(load, chroma):
    """YAML would count it in base 60; other numbers stay numbers."""
    style = load(f"mask: a\npaint: b\njpeg_chroma: {chroma}\nsteps: 1_0\nseed: 0x10\n")
    assert (style.jpeg_chroma, style.steps, style.seed) == (chroma, 10, 16)


def test_outputs_can_be_chosen_in_a_csv():
    """Cells are text; they mean the same as in a style file."""
    row = {"jpeg_quality": "80", "webp_quality": "75", "keep_gps": "yes", "embed_prompt": "true"}
    style = parse_style(GOOD, where="s").with_overrides(row)
    assert (style.jpeg_quality, style.webp_quality) == (80, 75)
    assert (style.keep_gps, style.embed_prompt) == (True, True)
    assert style.with_overrides({"webp_quality": "lossless"}).webp_quality == "lossless"


def test_overrides_replace_fields_under_any_name():
    """A row's override counts like the field in the file."""
    style = parse_style(GOOD, where="s")
    assert style.with_overrides({}) is style
    assert style.with_overrides({"paint": "blue"}).prompt == "blue"
    assert style.with_overrides({"prompt": "blue"}) == style.with_overrides({"paint": "blue"})
    for wrong in ({"steps": 0}, {"colour": 1}, {"paint": "a", "prompt": "b"}):
        with pytest.raises(StyleInvalid):
            style.with_overrides(wrong)
    with pytest.raises(StyleInvalid) as error:
        style.with_overrides({"steps": 0, "seed": -1})
    assert error.value.facts["fields"] == {
        "steps": "should be greater than or equal to 1, not 0",
        "seed": "should be greater than or equal to 0, not -1",
    }


def test_short_names_are_no_fields():
    """A short name never hides a field."""
    assert not ALIASES.keys() & Style.model_fields.keys()
    assert set(ALIASES.values()) <= Style.model_fields.keys()


texts = st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), min_size=1, max_size=30)
words = texts.filter(str.strip)
styles = st.builds(
    Style,
    name=texts,
    mask_prompt=st.lists(words, min_size=1, max_size=3),
    prompt=words,
    negative_prompt=texts,
    steps=st.integers(1, 200),
    guidance_scale=st.floats(1, 50),
    seed=st.integers(0, 2**63 - 1),
    jpeg_chroma=st.sampled_from(["4:4:4", "4:2:2", "4:2:0"]),
    webp_quality=st.just("lossless") | st.integers(1, 100),
)


@settings(max_examples=50, deadline=None)
@given(styles)
def test_a_recorded_style_reads_as_itself(style):
    """Style round trip through YAML."""
    assert parse_style(yaml.safe_load(style_text(style)), where="s") == style


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60) | st.from_regex(r"(mask|paint|steps): .{0,20}\n", fullmatch=True))
def test_no_file_makes_anything_but_a_style_or_a_sentence(tmp_path_factory, content):
    """Arbitrary bytes: a style, or a RestyleError of one line."""
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    try:
        load_style(path)
    except RestyleError as error:
        assert not re.search("[\n\r]", str(error))  # noqa: PT017 - a style is as good
