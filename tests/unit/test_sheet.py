"""The contact sheet: thumbnails of anything, a page that can do no harm, a poster that fits."""

import base64
import hashlib
import io
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms

from producer.sheet import poster
from producer.sheet.brush import cut, font, wrapped
from producer.sheet.cards import WIDEST, Card, Frame, Sheet, thumbnail_side, usual_aspect
from producer.sheet.files import stem_of, write_sheet
from producer.sheet.page import render_page
from producer.sheet.thumbnails import (
    CHECKER_DARK,
    CHECKER_LIGHT,
    as_jpeg,
    mask_thumbnail,
    thumbnail,
    tinted,
)
from producer.sheet.wording import plain
from shared.errors import FileUnwritable, ImageBomb, ImageError
from shared.jobs import Batch, Failure
from shared.states import ItemState
from shared.styles import Style

ADDRESS = "s3://shop/dress.jpg"
HOSTILE = "</script><script>alert(1)</script>\"'><img src=x onerror=alert(2)>&\u202e{{ 7 * 7 }}"


def encoded(picture: Image.Image, container: str, **options: object) -> bytes:
    """A picture as a file's bytes."""
    sink = io.BytesIO()
    picture.save(sink, container, **options)
    return sink.getvalue()


def small(raw: bytes, side: int = 100) -> Image.Image:
    """The thumbnail of a file's bytes."""
    return thumbnail(raw, side, address=ADDRESS, max_pixels=10**6)


def height_of(path: Path) -> int:
    """The height of a picture file in pixels."""
    with Image.open(path) as picture:
        return picture.height


def card_of(name: str = "DRESS-1", variants: int = 1, size: tuple[int, int] = (30, 40)) -> Card:
    """A done card with plain pictures."""
    jpeg = as_jpeg(Image.new("RGB", size, "navy"))
    labels = ["source", "mask", *(f"variant {n}" for n in range(1, variants + 1))]
    frames = tuple(Frame(label, jpeg, size) for label in labels)
    return Card(name, ADDRESS, ItemState.DONE, frames, None, ("seed 1", "3f2a", "4.2 s"), None)


def failed_card(text: str) -> Card:
    """A card without any picture, all its words the same."""
    failure = Failure(code="mask_empty", message=text, hint=text)
    frame = Frame("source", None, problem=text)
    return Card(text, text, ItemState.FAILED, (frame,), text, (), failure)


def sheet_of(*cards: Card, name: str = "Autumn reds", left_out: int = 0) -> Sheet:
    """A sheet of these cards."""
    batch = Batch(
        batch_id="autumn",
        submitted_at=datetime(2026, 10, 3, tzinfo=UTC),
        output="s3://shop/out/",
        style=Style(name=name, mask=name, paint=name),
        models={},
        total=max(1, len(cards)),
        manifest_digest="a" * 64,
    )
    return Sheet(batch, {ItemState.DONE: len(cards)}, cards, left_out)


class Tags(HTMLParser):
    """Every element of a page with its attributes, and the text of scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inline: dict[str, list[str]] = {"script": [], "style": []}
        self._open = ""
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        """Note an element."""
        self.elements.append((tag, dict(attrs)))
        self._open = tag

    def handle_endtag(self, tag):
        """Text that follows belongs to no element of ours."""
        self._open = ""

    def handle_data(self, data):
        """Note what stands in a script or a style."""
        if self._open in self.inline:
            self.inline[self._open].append(data)


# --- thumbnails ------------------------------------------------------------------------------


def test_a_phone_picture_stands_upright():
    """EXIF orientation 6: the left half of the file is the upper half of the picture."""
    picture = Image.new("RGB", (200, 100), "white")
    picture.paste("red", (0, 0, 100, 100))
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = small(encoded(picture, "JPEG", exif=exif, quality=95))
    assert upright.size == (50, 100)
    assert upright.getpixel((25, 20))[1] < 60
    assert upright.getpixel((25, 80))[1] > 200


def test_transparent_pixels_show_the_checker():
    """Where alpha is 0 only the two soft colours of the pattern stand."""
    picture = Image.new("RGBA", (60, 60), (255, 0, 0, 0))
    colours = {colour for _, colour in small(encoded(picture, "PNG")).getcolors(9)}
    assert colours == {CHECKER_LIGHT, CHECKER_DARK}


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "I", "F"])
def test_every_mode_of_a_catalogue_becomes_a_grey_that_is_still_grey(mode):
    """Mid grey in, mid grey out (bilevel apart), whatever the file's mode."""
    grey = Image.new("L", (40, 30), 128)
    if mode in {"I;16", "I", "F"}:
        picture = Image.fromarray(np.full((30, 40), 128 * 257, np.uint16)).convert(mode)
    else:
        picture = grey.convert("RGB").convert(mode) if mode == "CMYK" else grey.convert(mode)
    found = np.asarray(small(encoded(picture, "TIFF")), np.int16)
    assert found.shape == (30, 40, 3)
    if mode != "1":
        assert np.abs(found - 128).max() <= 3


def test_a_colour_profile_is_applied():
    """The same numbers under another profile are another colour; a broken profile is ignored."""
    picture = Image.new("RGB", (20, 20), (200, 60, 60))
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert small(encoded(picture, "PNG", icc_profile=lab)).getpixel((9, 9)) == (200, 60, 60)
    assert small(encoded(picture, "PNG", icc_profile=b"junk")).getpixel((9, 9)) == (200, 60, 60)


@given(width=st.integers(1, 300), height=st.integers(1, 300), side=st.integers(16, 200))
@settings(max_examples=25, deadline=None)
def test_a_thumbnail_is_never_larger_than_asked_nor_than_its_picture(width, height, side):
    """Sides are bounded by both, and the aspect is kept to the pixel."""
    made = small(encoded(Image.new("RGB", (width, height)), "PNG"), side)
    assert max(made.size) <= min(side, max(width, height))
    if max(width, height) > side:
        assert abs(made.width / max(made.size) - width / max(width, height)) <= 1 / side


def test_a_huge_picture_is_refused_before_it_is_decoded():
    """The header alone decides."""
    raw = encoded(Image.new("1", (2_000, 2_000)), "PNG")
    with pytest.raises(ImageBomb, match="2000 x 2000"):
        small(raw)


@given(raw=st.binary(max_size=300))
def test_bytes_that_are_no_picture_cost_one_frame_only(raw):
    """Anything goes in, an ImageError comes out."""
    with pytest.raises(ImageError):
        small(raw)


NOISE = Image.fromarray(np.random.default_rng(7).integers(0, 256, (40, 40, 3), np.uint8))
FILES = [encoded(NOISE, container) for container in ("JPEG", "PNG", "WEBP", "TIFF", "AVIF")]


@given(
    raw=st.sampled_from(FILES),
    flips=st.lists(st.floats(0, 1, exclude_max=True), max_size=8),
    kept=st.floats(0.01, 1),
)
@settings(deadline=None)
def test_a_damaged_picture_costs_one_frame_only(raw, flips, kept):
    """Cut and flipped files either still decode or raise an ImageError, never anything else."""
    damaged = bytearray(raw)
    for place in flips:
        damaged[int(place * len(raw))] ^= 0xFF
    try:
        made = small(bytes(damaged[: int(kept * len(raw))]))
    except ImageError:
        return
    assert made.mode == "RGB"


def test_the_mask_tints_the_garment_and_greys_the_rest():
    """Outside the mask no colour is left; inside the mask colour dominates."""
    picture = Image.new("RGB", (60, 60), (20, 160, 60))
    mask = Image.new("L", (120, 120))
    mask.paste(255, (40, 40, 80, 80))
    shown = mask_thumbnail(encoded(mask, "PNG"), (60, 60), address=ADDRESS, max_pixels=10**6)
    made = np.asarray(tinted(picture, shown), np.int16)
    outside, inside = made[5, 5], made[30, 30]
    assert np.ptp(outside) <= 1
    assert inside[0] > inside[1] + 60


def test_thumbnails_get_smaller_as_sheets_get_larger():
    """A page stays loadable: the side never grows with the number of pictures."""
    sides = [thumbnail_side(count) for count in (1, 100, 300, 1_000, 10_000)]
    assert sides == sorted(sides, reverse=True)
    assert sides[0] >= 2 * sides[-1]


# --- the page --------------------------------------------------------------------------------


def test_hostile_names_stay_text():
    """Ids, prompts and messages come from strangers: no element, attribute or script of theirs."""
    card = card_of(HOSTILE)
    tags = Tags(render_page(sheet_of(card, failed_card(HOSTILE), name=HOSTILE[:100])))
    assert [name for name, _ in tags.elements].count("script") == 1
    names = {attribute for _, attributes in tags.elements for attribute in attributes}
    assert not {name for name in names if name.startswith("on") or name == "style"}
    assert "49" not in render_page(sheet_of(card_of("{{ 7 * 7 }}"))).split("<main>")[1][:400]


def test_the_page_fetches_nothing():
    """Each picture is inside the file; no attribute and no style points elsewhere."""
    page = render_page(sheet_of(card_of(variants=3), failed_card("no picture")))
    tags = Tags(page)
    links = [
        value
        for _, attributes in tags.elements
        for name, value in attributes.items()
        if name in {"src", "href", "srcset", "action", "data", "poster"}
    ]
    assert len(links) == 5
    assert all(link.startswith("data:image/jpeg;base64,") for link in links)
    assert "url(" not in "".join(tags.inline["style"])
    assert "@import" not in page
    assert not re.search(r"https?://", page)


def test_the_policy_names_the_very_style_and_script_of_the_page():
    """Browsers run nothing else, and do run these."""
    tags = Tags(render_page(sheet_of(card_of())))
    policy = next(
        attributes["content"]
        for name, attributes in tags.elements
        if attributes.get("http-equiv") == "Content-Security-Policy"
    )
    assert "default-src 'none'" in policy
    for kind in ("script", "style"):
        digest = hashlib.sha256("".join(tags.inline[kind]).encode()).digest()
        assert f"{kind}-src 'sha256-{base64.b64encode(digest).decode()}'" in policy


def test_the_page_says_what_a_person_wants_to_know():
    """Counts, style, failure with code and hint, and what is not shown."""
    page = render_page(sheet_of(card_of(), failed_card("Nothing was found."), left_out=12))
    for words in ("Autumn reds", "2 restyled", "mask_empty", "Nothing was found.", "12 more"):
        assert words in page


@given(text=st.text(max_size=200))
def test_foreign_text_is_one_printable_line(text):
    """No control characters, no line breaks, no direction overrides, no surrounding space."""
    shown = plain(text)
    assert shown.isprintable()
    assert shown == shown.strip()


# --- the poster ------------------------------------------------------------------------------


@given(text=st.text(st.characters(codec="ascii"), max_size=120), width=st.integers(20, 400))
@settings(deadline=None)
def test_text_never_leaves_its_room(text, width):
    """A cut line fits, and so does each line of a paragraph, of which there are at most three."""
    assert font(16).getlength(cut(plain(text), 16, width)) <= width
    lines = wrapped(text, 16, width, 3)
    assert len(lines) <= 3
    assert all(font(16).getlength(line) <= width for line in lines)


def test_wrapping_loses_no_word_where_there_is_room():
    """Joined again, the lines are the text."""
    text = "Check that the picture shows the garment, lower mask_threshold, or supply a mask."
    assert " ".join(wrapped(text, 16, 240, 9)) == text


@pytest.mark.parametrize(("variants", "columns"), [(1, None), (1, 5), (3, None), (16, None)])
def test_a_poster_keeps_within_its_size(variants, columns):
    """Whatever the number of variants and columns, the page opens in a viewer."""
    sheet = sheet_of(card_of(variants=variants), failed_card("x " * 200))
    for page in poster.posters(sheet, columns):
        assert page.width <= poster.MAX_WIDTH + 200
        assert page.height <= poster.MAX_HEIGHT


def test_a_long_sheet_goes_on_on_the_next_page(tmp_path):
    """Every card is on some page; the files are numbered."""
    sheet = sheet_of(*(card_of(f"D-{number}") for number in range(60)))
    paths = write_sheet(sheet, tmp_path / "autumn", columns=1)
    assert [path.name for path in paths[:2]] == ["autumn.png", "autumn-2.png"]
    assert paths[-1].name == "autumn.html"
    heights = [height_of(path) for path in paths[:-1]]
    assert max(heights) <= poster.MAX_HEIGHT
    assert sum(heights) > 60 * poster.SLOT_HEIGHT


def test_a_sheet_of_failures_only_still_says_why():
    """No result at all is a sheet too: the first batch of many goes wrong whole."""
    sheet = sheet_of(failed_card("Nothing was found."))
    assert "Nothing was found." in render_page(sheet)
    assert next(iter(poster.posters(sheet))).height > 300


def test_slots_have_the_shape_of_the_usual_picture():
    """The median decides, within bounds: one panorama does not squeeze all others."""
    portrait, panorama = card_of(size=(30, 40)), card_of(size=(400, 40))
    assert usual_aspect([portrait, portrait, panorama]) == pytest.approx(0.75)
    assert usual_aspect([panorama]) == WIDEST
    assert usual_aspect([failed_card("x")]) == pytest.approx(0.75)


# --- files -----------------------------------------------------------------------------------


def test_output_may_be_a_folder_a_stem_or_a_file(tmp_path):
    """All three ways of naming the files lead where one expects."""
    assert stem_of("", "b1") == Path("b1-sheet")
    assert stem_of(str(tmp_path), "b1") == tmp_path / "b1-sheet"
    assert stem_of(f"{tmp_path}/new/", "b1") == tmp_path / "new" / "b1-sheet"
    assert stem_of(f"{tmp_path}/look", "b1") == tmp_path / "look"
    assert stem_of(f"{tmp_path}/look.html", "b1") == tmp_path / "look"
    assert stem_of(f"{tmp_path}/v1.2", "b1") == tmp_path / "v1.2"


@pytest.mark.parametrize(
    ("output", "told"),
    [
        ("s3://shop/sheets/", "s3://shop/sheets/ cannot be written: this command writes files on"),
        ("https://shop.example/sheet.png", "on this disk only"),
        ("{folder}/sheet.pdf", r"a sheet is a \.png and a \.html, not a \.pdf"),
        ("{folder}/taken/new/", "not a directory"),
    ],
)
def test_a_sheet_goes_to_no_place_that_is_none_of_its_own(tmp_path, output, told):
    """An address is no local folder, and a sheet is no PDF: said, and nothing is made."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(FileUnwritable, match=told):
        stem_of(output.format(folder=tmp_path), "b1")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]


def test_a_folder_that_is_not_there_is_made_on_request_only(tmp_path):
    """A closing slash asks for it; a mistyped path is told."""
    with pytest.raises(FileUnwritable, match=f"there is no folder {tmp_path}/gone"):
        write_sheet(sheet_of(card_of()), stem_of(f"{tmp_path}/gone/look", "b1"))
    assert not list(tmp_path.iterdir())
    paths = write_sheet(sheet_of(card_of()), stem_of(f"{tmp_path}/new/", "b1"))
    assert [path.name for path in paths] == ["b1-sheet.png", "b1-sheet.html"]


def test_a_place_that_takes_no_file_is_one_sentence(tmp_path):
    """A file where a folder must be: no traceback, and nothing half written is left."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(FileUnwritable, match="cannot be written"):
        write_sheet(sheet_of(card_of()), tmp_path / "taken" / "autumn")
    assert [path.name for path in tmp_path.iterdir()] == ["taken"]
