"""Allowed places: a prefix is a folder, writing is the narrower right, and nobody goes around."""

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from producer.manifest import open_manifest
from shared.allowed import EVERYWHERE, AllowedPlaces
from shared.errors import AddressInvalid, ManifestInvalid, PlaceNotAllowed, SettingsInvalid
from shared.keys import S3Address
from shared.s3 import ObjectStore
from shared.settings import load_settings
from shared.styles import Style

ROOT = Path(__file__).parents[2]
SHOP = AllowedPlaces.parse("s3://shop/photos, s3://models", "s3://shop/out/,s3://archive/2026/")


def address(text: str) -> S3Address:
    """An address as a manifest holds it."""
    return S3Address.parse(text)


@pytest.mark.parametrize(
    "text",
    [
        "s3://shop/photos/a.jpg",
        "s3://shop/photos/",
        "s3://models/sd.tar.gz",
        "s3://shop/out/a.json",
    ],
)
def test_sources_and_outputs_may_be_read(text):
    """Results are read back; a bucket without a key is open as a whole."""
    SHOP.check_read(address(text))


@pytest.mark.parametrize(
    "text",
    [
        "s3://shop/photos-secret/a.jpg", "s3://shop/photos", "s3://shop/a.jpg", "s3://shop/",
        "s3://shop/Photos/a.jpg", "s3://shop2/photos/a.jpg", "s3://models2/a", "s3://sho/photos/a",
        "s3://shop/in/photos/a.jpg", "s3://archive/2025/a.jpg", "s3://shop/%70hotos/a.jpg",
    ],
)  # fmt: skip
def test_what_only_looks_like_an_allowed_place_is_closed(text):
    """A prefix is a folder: neither a longer name nor another spelling is inside of it."""
    with pytest.raises(PlaceNotAllowed, match="RESTYLE_ALLOWED_SOURCES"):
        SHOP.check_read(address(text))
    with pytest.raises(PlaceNotAllowed, match="RESTYLE_ALLOWED_OUTPUTS"):
        SHOP.check_write(address(text))


def test_a_source_is_not_to_be_written():
    """Nothing overwrites the pictures that results are made from."""
    SHOP.check_write(address("s3://shop/out/a.jpg"))
    with pytest.raises(PlaceNotAllowed, match="writing"):
        SHOP.check_write(address("s3://shop/photos/a.jpg"))


def test_without_settings_everything_is_allowed():
    """Who sets nothing is hindered by nothing."""
    assert AllowedPlaces.parse("", " , ") == EVERYWHERE
    for text in ("s3://any/where.jpg", "s3://any"):
        EVERYWHERE.check_read(address(text))
        EVERYWHERE.check_write(address(text))


folders = st.lists(st.sampled_from(["a", "b", "ab", "a b", "ä"]), max_size=4)


@given(folders, folders)
def test_a_place_is_open_exactly_below_itself(place, other):
    """Whatever the folders: a key is inside when its parts begin with the place's parts."""
    allowed = AllowedPlaces.parse("", "s3://shop/" + "/".join(place))
    key = S3Address("shop", "/".join([*other, "x.jpg"]))
    if other[: len(place)] == place:
        allowed.check_write(key)
    else:
        with pytest.raises(PlaceNotAllowed):
            allowed.check_write(key)


def test_settings_name_the_places(monkeypatch):
    """Both lists come from the environment, and their mistakes are named."""
    monkeypatch.setenv("RESTYLE_ALLOWED_SOURCES", "s3://shop/photos")
    with pytest.raises(SettingsInvalid) as error:
        load_settings()
    assert str(error.value) == (
        "The settings cannot be used: RESTYLE_ALLOWED_SOURCES is set and RESTYLE_ALLOWED_OUTPUTS "
        "is not: results are read back, so their place must be named too."
    )
    monkeypatch.setenv("RESTYLE_ALLOWED_OUTPUTS", "s3://shop/out")
    assert load_settings().allowed == AllowedPlaces.parse("s3://shop/photos/", "s3://shop/out/")
    monkeypatch.setenv("RESTYLE_ALLOWED_SOURCES", "s3://shop/photos, /tmp")
    with pytest.raises(SettingsInvalid, match="'/tmp' is not a usable allowed place"):
        load_settings()
    with pytest.raises(AddressInvalid):
        AllowedPlaces.parse("", "s3://shop/../x")


def test_rows_outside_of_the_allowed_places_are_told_together(tmp_path):
    """Each forbidden source and mask is a problem of its row, beside all others."""
    rows = [
        "s3://shop/photos/a.jpg,,",
        "s3://other/b.jpg,,",
        "s3://shop/photos/c.jpg,s3://x/m.png,",
    ]
    path = tmp_path / "m.csv"
    path.write_text("\n".join(["source,mask,steps", *rows, "s3://shop/photos/d.jpg,,0"]))
    style = Style(mask_prompt=("the dress",), prompt="a red dress")
    store = ObjectStore.connect(allowed=SHOP)
    with pytest.raises(ManifestInvalid) as error, open_manifest(str(path), style, store):
        pass
    problems = error.value.facts["problems"]
    assert [(one["row"], one["column"]) for one in problems] == [
        (3, "source"),
        (4, "mask"),
        (5, "steps"),
    ]


def test_every_store_of_a_program_keeps_to_the_allowed_places():
    """No command and no worker connects without handing the places over."""
    paths = [path for room in ("producer", "worker") for path in (ROOT / room).rglob("*.py")]
    calls = [
        (path.name, {keyword.arg for keyword in node.keywords})
        for path in paths
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "ObjectStore.connect"
    ]
    bare = [path.name for path in paths if "=ObjectStore.connect)" in path.read_text()]
    assert len(calls) >= 5
    assert [name for name, given in calls if "allowed" not in given] + bare == []
