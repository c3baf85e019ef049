"""Keys: every address is taken apart safely, and no two results share a key."""

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from shared.errors import AddressInvalid
from shared.fingerprint import PixelInputs
from shared.keys import (
    MAX_KEY_BYTES,
    MAX_NAME_BYTES,
    MAX_REPLAY_BYTES,
    ResultKeys,
    S3Address,
    batch_file,
    is_apart,
    is_rendering,
    item_mark,
    probe_key,
    rendering_prefix,
    replay_prefix,
    staging_prefix,
    supplied_mask,
)

hexes = st.text("0123456789abcdef", min_size=64, max_size=64)
parts = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/"), min_size=1, max_size=40
).filter(lambda part: part not in {".", ".."})
sources = st.lists(parts, min_size=1, max_size=4).map(lambda names: "s3://shop/" + "/".join(names))

#: The longest prefix that results go under.
DEEP = f"s3://shop/{'x' * (MAX_KEY_BYTES - MAX_NAME_BYTES - MAX_REPLAY_BYTES - 1)}/"


def names(keys: ResultKeys) -> list[str]:
    """Every name that one item's outputs may have."""
    pictures = [keys.variant(number, ending) for number in (1, 16) for ending in ("jpg", "webp")]
    masks = [keys.mask, keys.map, keys.frozen, keys.thumbnails]
    return [str(one) for one in (*pictures, *masks, keys.sidecar, keys.failure)]


@pytest.mark.parametrize(
    "text",
    [
        "", "shop/a.jpg", "http://shop/a.jpg", "S3://shop/a.jpg", "s3://", "s3:///a.jpg",
        "s3://shop/../other/a.jpg", "s3://shop/a/./b.jpg", "s3://shop//a.jpg", "s3://shop/a//b.jpg",
        "s3://shop/..", "s3://shop/a\nb.jpg", "s3://shop/a\x7f.jpg", "s3://shop/a\x85.jpg",
        "s3://shop/a\0.jpg", "s3://shop/\ud800.jpg", "s3://shop/" + "a" * (MAX_KEY_BYTES + 1),
        "s3://shop/" + "ä" * (MAX_KEY_BYTES // 2) + "a",
    ],
)  # fmt: skip
def test_an_address_that_could_lead_elsewhere_is_refused(text):
    """Other schemes, climbing, empty parts, control characters, too long keys never reach S3."""
    with pytest.raises(AddressInvalid):
        S3Address.parse(text)


@pytest.mark.parametrize(
    ("bucket", "told"),
    [
        ("arn:aws:s3:eu-central-1:123456789012:accesspoint", "ARN"),
        ("127.0.0.1:9000", "host:port"),
        ("user@host", "small letters"),
        ("Shop", "small letters"),
        ("shöp", "small letters"),
        ("sh op", "small letters"),
        ("sh%6fp", "small letters"),
        ("shop\n", "small letters"),
        ("-shop", "small letters"),
        ("shop.", "small letters"),
        ("sh..op", "small letters"),
        ("..", "small letters"),
        ("s" * 64, "up to 63"),
        ("169.254.169.254", "another endpoint"),
        ("shop-metadata-abc-s3alias", "access point"),
        ("shop--ol-s3", "access point"),
        ("shop--euc1-az1--x-s3", "another endpoint"),
        ("shop--table-s3", "another endpoint"),
        ("abc123.mrap", "another endpoint"),
        ("shop-123456789012.s3-accesspoint.eu-central-1.amazonaws.com", "access point"),
    ],
)
def test_what_is_no_buckets_name_is_told_in_one_sentence(bucket, told):
    """boto3 takes some of these for other hosts than the configured one."""
    with pytest.raises(AddressInvalid, match=told) as error:
        S3Address.parse(f"s3://{bucket}/a.jpg")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("bucket", ["shop", "b", "my.shop-2026", "old_shop", "1shop", "s" * 63])
def test_a_buckets_name_is_a_buckets_name(bucket):
    """What S3 allows, and the underscores of old, pass."""
    assert S3Address.parse(f"s3://{bucket}/a.jpg").bucket == bucket


@given(st.text(st.characters(), max_size=200))
def test_no_text_raises_anything_but_our_own_error(text):
    """Whatever a manifest holds, an address parses or is refused by name."""
    for candidate in (text, "s3://" + text, "s3://shop/" + text):
        try:
            address = S3Address.parse(candidate)
            S3Address.parse_output(candidate)
        except AddressInvalid:
            continue
        assert str(address) == candidate or candidate == "s3://" + address.bucket


@given(sources, hexes)
@example("s3://shop/.jpg", "0" * 64)
@example("s3://shop/...jpg", "0" * 64)
@example("s3://shop/" + "ä" * 512, "0" * 64)
def test_every_source_gives_keys_that_are_addresses(source, mark):
    """Under the deepest output they parse, are told apart, and are no hidden files."""
    assume(len(source.encode()) <= MAX_KEY_BYTES)
    found = names(ResultKeys.of(DEEP, source, mark))
    assert [str(S3Address.parse(name)) for name in found] == found
    assert len(set(found)) == len(found)
    assert not any(name.removeprefix(DEEP).startswith(".") for name in found)
    assert all("/" not in name.removeprefix(DEEP) for name in found)


@given(sources, hexes)
@example("s3://shop/a.0123456789ab.failed.jpg", "0" * 64)
@example("s3://shop/a.0123456789ab.v1.jpg.jpg", "0" * 64)
def test_a_results_name_tells_whose_it_is(source, mark):
    """Whoever lists an output knows each file's source by its stem, and its fingerprint's begin."""
    keys = ResultKeys.of("s3://shop/out/", source, mark)
    assert all(ResultKeys.named(S3Address.parse(name)) == keys for name in names(keys))


@pytest.mark.parametrize(
    "name",
    ["a.jpg", "a.0123456789ab.txt", "a.0123456789.json", ".0123456789ab.json", "results.jsonl"],
)
def test_other_names_are_no_results(name):
    """Sources, and whatever else lies under an output."""
    assert ResultKeys.named(S3Address.parse(f"s3://shop/out/{name}")) is None


@given(sources, sources, hexes, hexes)
def test_results_of_different_pixels_never_share_a_key(first, second, one, other):
    """Two sources with one stem, or one source under two styles: the fingerprint tells them."""
    assume(one[:12] != other[:12])
    keys = [
        names(ResultKeys.of("s3://shop/out", *item)) for item in ((first, one), (second, other))
    ]
    assert not set(keys[0]) & set(keys[1])


def test_two_sources_with_one_stem_never_collide():
    """Across folders, endings, case and buckets; failures without a fingerprint too."""
    sources = [
        f"s3://{place}" for place in (
            "shop/a/dress.jpg", "shop/b/dress.jpg", "shop/a/dress.png", "shop/a/dress",
            "shop/a/Dress.jpg", "other/a/dress.jpg", "shop/a/.dress.jpg",
        )
    ]  # fmt: skip
    marks = [fingerprint(source) for source in sources]
    failures = [item_mark("spring", number) for number, _ in enumerate(sources)]
    found = [
        name
        for source, *both in zip(sources, marks, failures, strict=True)
        for mark in both
        for name in names(ResultKeys.of("s3://shop/out/", source, mark))
    ]
    assert len(set(found)) == len(found)


def fingerprint(source: str) -> str:
    """The fingerprint of a source that differs from its namesakes in its address only."""
    inputs = PixelInputs(
        source=source, source_etag="e", source_size=1, mask_etag=None, style="s", segmenter=None,
        painter="p", external_id="dress",
    )  # fmt: skip
    return inputs.fingerprint


def test_an_output_without_room_for_names_is_refused_at_once():
    """No key is too long at upload: the longest name fits under the longest output."""
    batch_id = "b" * 128
    longest = [batch_file(DEEP, batch_id, f"manifest.{'0' * 12}.jsonl"), probe_key(DEEP, "0" * 16)]
    keys = ResultKeys.of(DEEP, "s3://shop/" + "x" * MAX_KEY_BYTES, "0" * 64)
    for address in (*longest, *(S3Address.parse(name) for name in names(keys))):
        assert len(address.key.encode()) <= MAX_KEY_BYTES
    own = f"20261124-120000-{'r' * 40}-0000"
    apart = (str(replay_prefix(DEEP, own)), str(rendering_prefix(DEEP, own)))
    for below in (*apart, str(staging_prefix(DEEP))):
        again = ResultKeys.of(below, "s3://shop/" + "x" * MAX_KEY_BYTES, "0" * 64)
        rows = batch_file(below, "b" * 61, f"manifest.{'0' * 12}.jsonl")
        assert all(
            len(name.partition("shop/")[2].encode()) <= MAX_KEY_BYTES
            for name in (*names(again), str(rows))
        )
    for output in (DEEP.replace("x/", "xx/"), DEEP.replace("x/", "xx")):
        with pytest.raises(AddressInvalid, match="no room for the results' names"):
            S3Address.parse_output(output)


def test_a_long_stem_is_cut_where_a_letter_ends():
    """The key stays within S3's limit whatever the source is called."""
    keys = ResultKeys.of("s3://shop/out/", f"s3://shop/{'ä' * 400}.jpg", "0" * 64)
    assert keys.variant(16, "webp").key.startswith("out/ä")
    assert len(keys.variant(16, "webp").key.encode()) < MAX_KEY_BYTES


def test_a_prefix_gets_its_closing_slash():
    """So that names are joined below it and not to its last letter."""
    assert S3Address.parse_prefix("s3://shop/out").join("a.json").key == "out/a.json"
    assert S3Address.parse_prefix("s3://shop").join("a.json").key == "a.json"
    with pytest.raises(AddressInvalid):  # the slash is the byte too many
        S3Address.parse_prefix("s3://shop/" + "x" * MAX_KEY_BYTES)


def test_a_rendering_is_apart_under_its_own_id_only():
    """A folder of a user's that is called like it makes no rendering of a batch."""
    own = str(rendering_prefix("s3://shop/out/", "one"))
    assert own == "s3://shop/out/_renderings/one/"
    assert is_rendering(own, "one")
    assert is_apart(own, "one")
    assert is_apart(str(replay_prefix("s3://shop/out/", "one")), "one")
    assert not is_apart(own, "two")
    assert not is_apart("s3://shop/_renderings/", "one")


def test_a_handed_in_mask_lies_under_its_digest():
    """The same mask is stored once, and another one never takes its place."""
    place = supplied_mask("s3://shop/out", "ab" * 32, "png")
    assert str(place) == f"s3://shop/out/_masks/{'ab' * 32}.png"
