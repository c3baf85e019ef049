"""Fuzzing in small form; `python -m tests.fuzz --runs 20000` is the long one."""

import time
from collections import Counter
from random import Random

import pytest

from shared.errors import StyleInvalid
from tests.fuzz import property as harness
from tests.fuzz.mutations import MUTATIONS, mended, mutated
from tests.fuzz.property import broken_by, fuzz, kinds

KINDS = ["csv", "tsv", "jsonl", "export", "requests", "style"]
KINDS += ["picture", "header", "result", "mask", "sidecar"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_mangled_file_raises_anything_but_our_own_error(kind):
    """However mangled, a file is read, or refused by a RestyleError, in time and memory."""
    told = Counter()
    assert fuzz(kind, runs=100, seed=0, told=told) == []
    assert told.total() == 100
    assert len(told) > 1  # some are refused, so the inputs are mangled


def test_every_kind_is_fuzzed(tmp_path):
    """And every seed is read unharmed."""
    chosen = kinds(tmp_path)
    assert list(chosen) == KINDS
    for kind in chosen.values():
        told = Counter()
        assert [what for seed in kind.seeds if (what := broken_by(seed, kind.read, told))] == []
        assert told == {"read": len(kind.seeds)}


def test_equal_seeds_make_equal_inputs(tmp_path):
    """A finding can be made again from the kind and the seed."""
    seeds = kinds(tmp_path)["picture"].seeds
    runs = [[mutated(seeds, Random(seed)) for _ in range(20)] for seed in (1, 1, 2)]
    assert runs[0] == runs[1] != runs[2]
    assert len({*seeds, *(change(seeds[0], Random(0), seeds) for change in MUTATIONS)}) > len(seeds)


def test_a_mended_png_is_read_past_its_checksums(tmp_path):
    """A valid file stays as it is, and a changed chunk gets its checksum back."""
    png = next(seed for seed in kinds(tmp_path)["picture"].seeds if seed.startswith(b"\x89PNG"))
    assert mended(png) == png
    broken = png[:40] + bytes([png[40] ^ 255]) + png[41:]
    assert len(mended(broken)) == len(png)


def refuse(_content: bytes) -> object:
    """A reader that does as all must."""
    raise StyleInvalid(style="s", reason="it is wrong")


def stumble(_content: bytes) -> object:
    """A reader with a hole."""
    raise IndexError("list index out of range")


def babble(_content: bytes) -> object:
    """A reader whose sentence is no line."""
    raise StyleInvalid(style="s", reason="two\nlines")


def dawdle(_content: bytes) -> object:
    """A reader that catches all and never ends."""
    while True:
        try:
            time.sleep(0.01)
        except Exception:  # noqa: BLE001 - as a decoder's broad net does
            continue


@pytest.mark.parametrize(
    ("reader", "what"),
    [(refuse, ""), (stumble, "IndexError"), (babble, "ValueError"), (dawdle, "no end after")],
)
def test_the_harness_sees_what_it_looks_for(monkeypatch, reader, what):
    """A foreign error, a sentence of two lines and a hang are findings; a refusal is none."""
    monkeypatch.setattr(harness, "PATIENCE_SECONDS", 0.2)
    told = Counter()
    found = broken_by(b"", reader, told)
    assert found.startswith(what)
    assert bool(found) == bool(what)
