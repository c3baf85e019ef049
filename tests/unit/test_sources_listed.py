"""Identities of many sources by listing: right for any keys, and never more requests than keys."""

import functools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.demo.services import s3_environment
from infra.s3.memory import MemoryStore
from producer.plan import sources
from producer.plan.book import Book
from producer.plan.sources import identify
from tests.inner_s3 import inner_store

#: Keys that are prefixes of each other, sort on either side of a slash, and leave ASCII.
KEYS = st.sets(st.text("ab-./~é\U0001f457", min_size=1, max_size=4), max_size=12)


@functools.cache
def memory_and_store():
    """One S3 in memory, since a client takes longer to be made than to be asked."""
    memory = MemoryStore()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in s3_environment("http://127.0.0.1:9", "K" * 20, "secret").items():
            patch.setenv(name, value)
        return memory, inner_store(memory)


def found(objects, wanted, page_keys=3):
    """The ETag and size of each wanted key that a listing tells, and the listings it took."""
    memory, store = memory_and_store()
    memory._objects.clear()
    memory._page_keys, memory.listings = page_keys, 0
    etags = {key: memory.put(f"shop/{key}", key.encode()) for key in objects}
    addresses = {f"s3://shop/{key}": key for key in wanted}
    with Book.opened() as book:
        book.ask_for(addresses)
        identify(book, store)
        told = {key: book.identity(address) for address, key in addresses.items()}
    expected = {key: (etags[key], len(key.encode())) if key in etags else None for key in wanted}
    return told, expected, memory.listings


def usable(key):
    """Whether it is a key that a manifest may name."""
    parts = key.split("/")
    return all(part not in {"", ".", ".."} for part in parts)


@settings(max_examples=40)
@given(objects=KEYS, others=KEYS, share=st.integers(1, 3))
def test_every_wanted_object_is_found_and_no_other(objects, others, share):
    """Whatever lies between them, before, after and below them."""
    objects = {key for key in objects if usable(key)}
    wanted = {key for key in sorted(objects | others)[::share] if usable(key)}
    told, expected, listings = found(objects, wanted)
    assert told == expected
    assert listings <= max(len(wanted), 1) + len(objects) // 3 + 1


def test_a_folder_that_is_wanted_whole_takes_an_answer_for_each_page():
    """A thousand keys in pages of a hundred: ten requests, and one more at most."""
    keys = {f"in/{number:04d}.jpg" for number in range(1_000)}
    told, expected, listings = found(keys, keys, page_keys=100)
    assert told == expected
    assert listings <= 11


def test_what_is_far_apart_is_jumped_to():
    """Three of ten thousand keys take three requests, not a hundred."""
    keys = {f"in/{number:05d}.jpg" for number in range(10_000)}
    wanted = {"in/00003.jpg", "in/05000.jpg", "in/09999.jpg"}
    told, expected, listings = found(keys, wanted, page_keys=100)
    assert told == expected
    assert listings == 3


def test_large_folders_are_walked_by_themselves(monkeypatch):
    """So that a server whose every answer reads the whole prefix reads one folder for it."""
    monkeypatch.setattr(sources, "MANY", 4)
    keys = {f"{folder}/{number}.jpg" for folder in "abc" for number in range(5)}
    told, expected, listings = found(keys, keys, page_keys=100)
    assert told == expected
    assert listings == 3
