"""Fingerprints: equal for equal pixels, different for anything that decides them."""

from dataclasses import asdict, fields

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fingerprint import PixelInputs, variant_seed
from shared.styles import parse_style

INPUTS = PixelInputs(
    source="s3://shop/a.jpg",
    source_etag="e1",
    source_size=10,
    mask_etag=None,
    style="s1",
    segmenter="m1",
    painter="p1",
    external_id="sku",
)
words = st.text(max_size=20)


@given(
    st.builds(
        PixelInputs,
        source=words,
        source_etag=words,
        source_size=st.integers(0),
        mask_etag=st.none() | words,
        style=words,
        segmenter=st.none() | words,
        painter=words,
        external_id=words,
    )
)
def test_equal_inputs_have_equal_fingerprints(inputs):
    """Across processes too: nothing but the values goes in."""
    again = PixelInputs(**asdict(inputs))
    assert inputs.fingerprint == again.fingerprint
    assert len(inputs.fingerprint) == 64


@pytest.mark.parametrize("name", [field.name for field in fields(PixelInputs)])
def test_every_input_decides(name):
    """Change any one of them, and it is another result under another key."""
    changed = asdict(INPUTS) | {name: 11 if name == "source_size" else "other"}
    assert PixelInputs(**changed).fingerprint != INPUTS.fingerprint


@given(st.lists(st.tuples(words, words), min_size=2, max_size=2, unique=True))
def test_fields_do_not_run_into_each_other(pairs):
    """`ab` + `c` is not `a` + `bc`."""
    prints = {
        PixelInputs(**(asdict(INPUTS) | {"source": source, "source_etag": etag})).fingerprint
        for source, etag in pairs
    }
    assert len(prints) == 2


@given(st.integers(0, 2**63 - 1), words, st.integers(1, 16))
def test_a_seed_is_the_same_everywhere_and_fits_63_bits(seed, external_id, variant):
    """It depends on the style's seed, the item and the variant, and on nothing else."""
    made = variant_seed(seed, external_id, variant)
    assert made == variant_seed(seed, external_id, variant)
    assert 0 <= made < 2**63
    assert made != variant_seed(seed, external_id, variant + 1)


def test_a_styles_name_decides_no_pixel_and_its_prompt_does():
    """The digest of a style is over what it paints."""
    style = {"mask": "the dress", "paint": "a red dress"}
    plain, named, other = (
        parse_style(style | more, where="test")
        for more in ({}, {"name": "spring"}, {"paint": "a blue dress"})
    )
    assert plain.digest == named.digest != other.digest


@given(st.integers(0, 2**63 - 1), words, st.integers(1, 16), st.integers(2, 4))
def test_every_crop_has_a_seed_of_its_own_and_the_first_has_the_variants(seed, item, variant, crop):
    """One garment's noise is the same whether others are painted beside it or not."""
    first = variant_seed(seed, item, variant)
    assert variant_seed(seed, item, variant, 1) == first
    further = variant_seed(seed, item, variant, crop)
    assert 0 <= further < 2**63
    assert len({first, further, variant_seed(seed, item, variant + 1, crop)}) == 3
