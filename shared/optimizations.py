"""Optimizations: what a GPU does for speed alone, and what it is warmed up for, as settings say."""

from dataclasses import dataclass
from typing import Annotated, Final, Self

from pydantic import AfterValidator

from shared.wording import did_you_mean

#: Each one's name in the setting, and what it is. None changes a picture but by rounding.
OPTIMIZATIONS: Final[dict[str, str]] = {
    "compile": "UNet and VAE decoder compiled, one graph a batch size",
    "channels_last": "convolutions' weights with their channels last",
    "sdpa": "the quickest attention kernel that the GPU has",
    "pinned": "pictures copied from pinned memory without waiting",
}


def parse_optimizations(text: str) -> frozenset[str]:
    """The chosen ones.

    Args:
        text: `all`, `none`, or names with commas between.

    Raises:
        ValueError: A name is unknown; the message says which.
    """
    if text.strip() in {"all", "none"}:
        return frozenset(OPTIMIZATIONS if text.strip() == "all" else ())
    names = _parts(text)
    for name in names:
        if name not in OPTIMIZATIONS:
            raise ValueError(f"there is no {name}{did_you_mean(name, OPTIMIZATIONS)}")
    return frozenset(names)


@dataclass(frozen=True, slots=True)
class WarmUp:
    """A model that a worker loads, and paints with once, before it takes work."""

    #: Model reference, as a style names it.
    reference: str
    #: Side of the squares, as a style's `working_size`.
    side: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From `reference@size`; a reference may hold an @ itself.

        Raises:
            ValueError: No size, or one that no style may have.
        """
        reference, _, size = text.rpartition("@")
        if not (reference and size.isdecimal() and 64 <= int(size) <= 1536 and int(size) % 8 == 0):
            raise ValueError(f"{text!r} is no model@size, such as {text.partition('@')[0]}@512")
        return cls(reference, int(size))


def parse_warm_up(text: str) -> tuple[WarmUp, ...]:
    """All of `reference@size,…`.

    Raises:
        ValueError: A part is of another form.
    """
    return tuple(WarmUp.parse(part) for part in _parts(text))


def _parts(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _optimizations(text: str) -> str:
    parse_optimizations(text)
    return text


def _warm_up(text: str) -> str:
    parse_warm_up(text)
    return text


#: The types of the two settings.
OptimizationNames = Annotated[str, AfterValidator(_optimizations)]
WarmUps = Annotated[str, AfterValidator(_warm_up)]
