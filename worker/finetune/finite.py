"""Finite: whether weights are numbers still; torch."""

from collections.abc import Iterable, Mapping
from typing import Any

from torch import Tensor

from shared.errors import HalfTooSmall


def spoiled(weights: Iterable[tuple[str, Tensor]]) -> list[str]:
    """Names of weights of which some are NaN or infinite."""
    return [name for name, weight in weights if not bool(weight.isfinite().all())]


def refuse_spoiled(parts: Mapping[str, Any]) -> None:
    """Refuse parts that half precision cannot hold.

    Args:
        parts: Of the pipeline, by their names, in half precision.

    Raises:
        HalfTooSmall: Some of their weights are no numbers.
    """
    for part, module in parts.items():
        if wrong := spoiled(module.named_parameters()):
            raise HalfTooSmall(part=part, count=len(wrong), name=wrong[0])
