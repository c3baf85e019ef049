"""Keys: every address is taken apart safely, and no two results share a key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import AddressInvalid
from shared.keys import MAX_KEY_BYTES, ResultKeys, S3Address

hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
parts = st.text(st.characters(codec="utf-8", exclude_characters="/"), min_size=1, max_size=40)


@pytest.mark.parametrize(
    "text",
    [
        "", "shop/a.jpg", "http://shop/a.jpg", "s3://", "s3:///a.jpg", "s3://shop/../other/a.jpg",
        "s3://shop/a/./b.jpg", "s3://shop//a.jpg", "s3://arn:aws:s3:eu:1:accesspoint/x/a.jpg",
        "s3://shop/a\nb.jpg", "s3://shop/" + "a" * (MAX_KEY_BYTES + 1),
    ],
)  # fmt: skip
def test_an_address_that_could_lead_elsewhere_is_refused(text):
    """Other schemes, ARNs, climbing and control characters never reach S3."""
    with pytest.raises(AddressInvalid):
        S3Address.parse(text)


@given(st.text(max_size=200))
def test_no_text_raises_anything_but_our_own_error(text):
    """Whatever a manifest holds, an address parses or is refused by name."""
    for candidate in (text, "s3://" + text, "s3://shop/" + text):
        try:
            address = S3Address.parse(candidate)
        except AddressInvalid:
            continue
        assert str(address) == candidate or candidate == "s3://" + address.bucket


@given(parts, parts, hexes, hexes)
def test_results_of_different_pixels_never_share_a_key(first, second, one, other):
    """Two sources with one stem, or one source under two styles: the fingerprint tells them."""
    keys = []
    for name, mark in ((first, one), (second, other)):
        try:
            keys.append(ResultKeys.of("s3://shop/out", f"s3://shop/{name}.jpg", mark))
        except AddressInvalid:
            return
    if one[:12] != other[:12]:
        assert keys[0].sidecar != keys[1].sidecar
        assert keys[0].variant(1, "jpg") != keys[1].variant(1, "jpg")


def test_a_long_stem_is_cut_where_a_letter_ends():
    """The key stays within S3's limit whatever the source is called."""
    keys = ResultKeys.of("s3://shop/out/", f"s3://shop/{'ä' * 400}.jpg", "0" * 64)
    assert keys.variant(16, "webp").key.startswith("out/ä")
    assert len(keys.variant(16, "webp").key.encode()) < MAX_KEY_BYTES


def test_a_prefix_gets_its_closing_slash():
    """So that names are joined below it and not to its last letter."""
    assert S3Address.parse_prefix("s3://shop/out").join("a.json").key == "out/a.json"
    assert S3Address.parse_prefix("s3://shop").join("a.json").key == "a.json"
