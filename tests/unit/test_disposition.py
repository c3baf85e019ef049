"""Content-Disposition: any key gives a header that is one header, and a name that is safe."""

import unicodedata
from email.message import Message
from email.utils import collapse_rfc2231_value
from urllib.parse import quote

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.s3.disposition import content_disposition


def parsed(header: str) -> tuple[str, list[str]]:
    """Disposition and file names, plain before starred, as a standard parser reads them."""
    message = Message()
    message["Content-Disposition"] = header
    parameters = message.get_params(header="content-disposition")
    names = [collapse_rfc2231_value(value) for key, value in parameters if key == "filename"]
    assert len(parameters) == 1 + len(names)
    return parameters[0][0], names


@pytest.mark.parametrize(
    ("key", "header"),
    [
        ("out/1001.4be01fb0a9c2.v1.jpg", 'inline; filename="1001.4be01fb0a9c2.v1.jpg"'),
        ("a b.jpg", 'inline; filename="a b.jpg"'),
        ("été.jpg", "inline; filename=\"_t_.jpg\"; filename*=UTF-8''%C3%A9t%C3%A9.jpg"),
        ("हिन्दी", "inline; filename=\"______\"; filename*=UTF-8''" + quote("हिन्दी")),
        ('a";x=%41\\.jpg', 'inline; filename="a__x=_41_.jpg"'),
        ("a\r\nSet-Cookie: b.jpg", 'inline; filename="a__Set-Cookie_ b.jpg"'),
        ("gpj.\u202eexe.jpg", 'inline; filename="gpj._exe.jpg"'),
        ("in/.htaccess", 'inline; filename="htaccess"'),
        ("in/...", 'inline; filename="_"'),
        ("CON.v1.jpg", 'inline; filename="_CON.v1.jpg"'),
        ("console.jpg", 'inline; filename="console.jpg"'),
    ],
)
def test_a_name_is_what_a_person_expects(key, header):
    """Plain names stay; what is dangerous somewhere becomes an underscore."""
    assert content_disposition(key, "image/jpeg") == header


@pytest.mark.parametrize(
    ("content_type", "kind"),
    [
        ("image/png", "inline"),
        ("image/webp", "inline"),
        ("image/svg+xml", "attachment"),
        ("text/html", "attachment"),
        ("application/json", "attachment"),
        ("text/csv", "attachment"),
    ],
)
def test_only_our_own_pictures_are_shown_in_the_browser(content_type, kind):
    """What might hold a script, and what is data, is saved."""
    assert parsed(content_disposition("a", content_type)) == (kind, ["a"])


@given(st.text(st.characters(codec="utf-8"), max_size=400))
@example("é" * 300 + ".4be01fb0a9c2.failed.json")
@example("%00%0d%0a")
def test_any_key_gives_one_ascii_header_and_a_safe_name(key):
    """Printable ASCII; a parser reads one safe name from it, short enough for every disk."""
    header = content_disposition(key, "image/jpeg")
    assert header.isascii()
    assert header.isprintable()
    kind, names = parsed(header)
    assert kind == "inline"
    assert 1 <= len(names) <= 2
    for name in names:
        assert name
        assert len(name.encode()) <= 201
        assert not set('/\\:*?"<>|%;\0') & set(name)
        assert name.strip(" .") == name
        assert not [char for char in name if unicodedata.category(char)[0] in "CZ" and char != " "]


@given(st.text("aé李", min_size=100, max_size=300))
def test_a_long_name_keeps_its_end(stem):
    """Fingerprint, variant and extension tell results apart, and programs open by extension."""
    end = ".4be01fb0a9c2.v1.jpg"
    _, names = parsed(content_disposition(f"out/{stem}{end}", "image/jpeg"))
    assert all(name.endswith(end) for name in names)
    assert names[-1][0] == stem[0]
