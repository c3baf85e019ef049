"""Buckets: the few sizes that calls have where a graph is compiled for each; pure, torch-free."""

from collections.abc import Sequence
from itertools import count, repeat, takewhile
from typing import TypeVar

RowT = TypeVar("RowT")


def bucket_sizes(largest: int) -> tuple[int, ...]:
    """1, 2, 4, 8, … and `largest` itself, ascending."""
    powers = takewhile(lambda size: size < largest, (2**power for power in count()))
    return (*powers, largest)


def bucket_of(rows: int, sizes: Sequence[int]) -> int:
    """The smallest of the ascending sizes that holds so many rows; their number if none does."""
    return next((size for size in sizes if size >= rows), rows)


def padded(rows: Sequence[RowT], sizes: Sequence[int]) -> list[RowT]:
    """One row or more, the last one repeated until a bucket is full; without sizes as they are."""
    missing = bucket_of(len(rows), sizes) - len(rows)
    return [*rows, *repeat(rows[-1], missing)]
