"""URLs in sentences are shown without what only their owner may read."""

import pytest

from shared.urls import mask_urls


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('no way to "http://u:geheim@proxy:3128"', 'no way to "http://u:***@proxy:3128"'),
        ("redis://:geheim@a and https://geheim@b/c", "redis://:***@a and https://***@b/c"),
        ("http://u:g%2Fe%40@h:1/x?y=1", "http://u:***@h:1/x?y=1"),
        ("s3://shop/a@b.jpg is gone", "s3://shop/a@b.jpg is gone"),
        ("write to shop@example.com", "write to shop@example.com"),
    ],
)
def test_passwords_in_a_text_are_masked(text, shown):
    """Each URL's own, wherever it stands; all else stays as it is."""
    assert mask_urls(text) == shown
