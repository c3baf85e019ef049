"""Nested: dicts within dicts as one flat dict with dotted names, and back; torch-free."""

from collections.abc import Iterable, Mapping
from typing import Any

#: Between the names of a path; no optimizer has it in a name of its own.
DOT = "."


def flattened(nested: Mapping[str, Any]) -> dict[str, Any]:
    """Every value that is no dict, under the names that lead to it."""
    flat: dict[str, Any] = {}
    for name, value in nested.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}{DOT}{rest}": one for rest, one in flattened(value).items()}
        else:
            flat[name] = value
    return flat


def unflattened(flat: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """What `flattened` was given, less its empty dicts."""
    nested: dict[str, Any] = {}
    for path, value in flat:
        *way, last = path.split(DOT)
        inner = nested
        for name in way:
            inner = inner.setdefault(name, {})
        inner[last] = value
    return nested
