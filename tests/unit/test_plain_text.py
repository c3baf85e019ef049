"""Strangers' bytes become one short line that neither a terminal nor a reader is harmed by."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.plain_text import plain_text, printable


@given(raw=st.binary(max_size=300), limit=st.integers(1, 100))
def test_any_bytes_become_a_printable_line_within_the_limit(raw, limit):
    """Whatever comes in."""
    text = plain_text(raw, limit)
    assert len(text) <= limit
    assert text.isprintable()


@given(text=st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=40))
def test_harmless_text_stays_as_it_is(text):
    """Unless it looks like a secret."""
    if not set(text) & set(":=@_") and "AIA" not in text:
        assert plain_text(text.encode(), 100) == text


@pytest.mark.parametrize(
    "text",
    [
        "redis://user:geheim@host/0",
        "redis://:geheim@host",
        '{"password": "geheim"}',
        '{"RESTYLE_SECRET": "geheim, and more geheim"}',
        "aws_secret_access_key=geheim",
        "AWS_SESSION_TOKEN: geheim",
        "Authorization: geheim",
        "api_key='geheim'",
        "token=geheim&x=1",
        '"hf_token": "geheim',
    ],
)
def test_what_looks_like_a_secret_is_left_out(text):
    """By the name before it, or by its place in a URL."""
    shown = plain_text(text.encode(), 200)
    assert "geheim" not in shown
    assert "***" in shown


def test_keys_that_tell_what_they_are_are_left_out():
    """Tokens of the hub and access keys have a form of their own."""
    assert plain_text(b"see hf_abcdefghijklmnop", 100) == "see ***"
    assert plain_text(b"AKIAIOSFODNN7EXAMPLE", 100) == "***"


def test_a_secret_across_the_cut_is_left_out():
    """Masked first, cut then."""
    assert "geheim" not in plain_text(b"x" * 20 + b" password=geheimgeheim", 36)


def test_control_characters_are_shown_as_escapes():
    """No title, no cleared screen, no text written backwards."""
    assert plain_text("a\x1b[2J\u202eb\x00\nc".encode(), 100) == "a\\x1b[2J\\u202eb\\x00 c"


def test_printable_text_steers_no_terminal():
    """Escapes are shown as such; lines stay lines where they may."""
    assert printable("\x1b[31mred\x9b\n") == "\\x1b[31mred\\x9b\n"
    assert printable("a\nb", breaks="") == "a b"
