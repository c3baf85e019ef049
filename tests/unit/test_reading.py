"""Readings: columns and patterns as people write them, public addresses and what they stand for."""

import re

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from producer.cli.options import spread
from producer.manifest import open_manifest, read_manifest
from shared.errors import AddressInvalid, ManifestEmpty
from shared.reading import Reading, Rewrite
from shared.s3 import ObjectStore
from shared.styles import Style

STYLE = Style(name="spring", mask_prompt=("the dress",), prompt="a red dress")


def located(text: str, *rewrites: str) -> str:
    """What an address stands for under some rewrites."""
    return Reading.of(rewrites=rewrites).locate(text)


def test_a_reading_is_json_and_by_default_changes_nothing():
    """It lies in the records of batches and of schedules."""
    reading = Reading.of(
        columns=["sku=A B image=C,D"],
        rewrites=["https://x.example/=s3://b/"],
        include=["*.png"],
        exclude=["old/*"],
    )
    assert Reading.model_validate_json(reading.model_dump_json()) == reading
    assert reading.columns == {"sku": ("A B",), "image": ("C", "D")}
    assert Reading() == Reading.of()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://cdn.example/a.jpg", "s3://b/a.jpg"),
        ("https://cdn.example/a.jpg?v=12&w=100#top", "s3://b/a.jpg"),
        ("https://CDN.Example/a%20b%2B%25.jpg", "s3://b/a b+%.jpg"),
        ("https://cdn.example/a+b.jpg", "s3://b/a+b.jpg"),
        ("https://cdn.example/caf%C3%A9/é.jpg", "s3://b/café/é.jpg"),
        ("https://cdn.example/100%/a.jpg", "s3://b/100%/a.jpg"),
        ("https://cdn.example/shop/a.jpg", "s3://shop/x/a.jpg"),
        ("https://cdn.example/my%20shop/a.jpg", "s3://mine/a.jpg"),
        ("https://cdn.example/shopping/a.jpg", "s3://b/shopping/a.jpg"),
        ("s3://other/a b.jpg?v=1", "s3://other/a b.jpg?v=1"),
        ("files/a%20b.jpg", "s3://paths/files/a%20b.jpg"),
        ("/m/a.jpg", "s3://media/m/a.jpg"),
        ("ftp://cdn.example/a.jpg", "ftp://cdn.example/a.jpg"),
    ],
)
def test_an_address_stands_for_what_the_longest_prefix_says(address, expected):
    """Queries are dropped, escapes of URLs decoded once, folders never cut in two."""
    rewrites = (
        "https://cdn.example=s3://b",
        "https://cdn.example/shop=s3://shop/x/",
        "https://cdn.example/my shop/=s3://mine/",
        "=s3://paths/",
        "/=s3://media/",
    )
    assert located(address, *rewrites) == expected


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://u:secret@x.example/a.jpg", "--rewrite https://x.example/=s3://BUCKET/"),
        ("http://cdn.example/a.jpg", "--rewrite http://cdn.example/=s3://BUCKET/"),
        ("a.jpg", "--rewrite =s3://BUCKET/"),
        ("https://cdn\u2028.example/a.jpg", "--rewrite https://cdn\\u2028.example/=s3://BUCKET/"),
        ("https://" + "x" * 1_000, f"https://{'x' * 51}…"),
        ("data:image/png;base64,xyz", "holds the picture itself"),
    ],
)
def test_an_address_that_nothing_covers_names_the_option(address, told):
    """And shows nobody a password."""
    with pytest.raises(ValueError, match=re.escape(told)) as error:
        located(address, "https://cdn.example/=s3://b/")
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("https://cdn.example/", "it should read"),
        ("https://cdn.example/=bucket", "it should read"),
        ("https://cdn.example/?id=s3://b/", "a query is dropped"),
        ("ftp://cdn.example/=s3://b/", "https:// or http://"),
        ("https://cdn.example/=s3://B/", "a bucket's name"),
    ],
)
def test_a_rewrite_of_another_form_is_refused(text, told):
    """In one sentence that says how it should read."""
    with pytest.raises(AddressInvalid, match=told):
        Rewrite.parse(text)


names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)


@given(names)
def test_a_published_address_stands_for_what_was_published(name):
    """Inverse rewrites: every key of S3 has a URL, and a path, that leads back to it."""
    assume(not name.startswith("/"))
    reading = Reading.of(rewrites=["https://x.example/a b/=s3://b/deep/", "files/=s3://b/"])
    address = f"s3://b/deep/{name}"
    for like in ("https://old.example/x", "some/path"):
        published = reading.publish(address, like)
        assert published is not None
        assert reading.locate(published) == address
    assert reading.publish(address, "s3://c/d") == address
    assert reading.publish("s3://c/d", "https://x/") is None


def test_patterns_choose_pictures_by_their_keys(tmp_path):
    """What is left out is counted by reason; the digest is over what remains."""
    store, path = ObjectStore.connect(), tmp_path / "m.csv"
    keys = ["a/1.png", "a/2.jpg", "b/3.png", "b/old/4.png"]
    path.write_text("\n".join(["source", *(f"s3://shop/{key}" for key in keys), "s3://B/x.png"]))
    reading = Reading.of(include=["*.png"], exclude=["b/old/*", "nothing"])
    with read_manifest(str(path), STYLE, store, reading=reading) as chosen:
        assert [spec.external_id for spec in chosen.specs()] == ["a/1.png", "b/3.png"]
        assert chosen.left_out.reasons == {"not included": 1, "excluded": 1}
        assert [problem.row for problem in chosen.problems] == [6]
    path.write_text("source\ns3://shop/a/1.png\ns3://shop/b/3.png\n")
    with open_manifest(str(path), STYLE, store) as same:
        assert same.digest == chosen.digest


def test_a_pattern_that_matches_nothing_is_told(tmp_path):
    """An empty batch says why it is empty."""
    path = tmp_path / "m.csv"
    path.write_text("source\ns3://shop/a.png\n")
    reading = Reading.of(include=["*.PNG"])
    with (
        pytest.raises(ManifestEmpty, match="1 picture was left out, as no --include matches it"),
        open_manifest(str(path), STYLE, ObjectStore.connect(), reading=reading),
    ):
        pass


@pytest.mark.parametrize(
    ("args", "meant"),
    [
        ("--map sku=A image=B --json", "--map sku=A --map image=B --json"),
        ("--rewrite a=b c=d e=f", "--rewrite a=b --rewrite c=d --rewrite e=f"),
        ("--map sku=A x", "--map sku=A x"),
        ("--output a=b c=d", "--output a=b c=d"),
    ],
)
def test_several_assignments_may_follow_one_option(args, meant):
    """`--map sku=A image=B` as people write it."""
    assert list(spread(args.split())) == meant.split()
