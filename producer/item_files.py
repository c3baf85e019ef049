"""ItemFiles: the objects in S3 that an item names; whoever asks gets these and no others."""

import hashlib
from dataclasses import dataclass
from typing import Self

from shared.jobs import Item, Result
from shared.keys import ResultKeys, S3Address

#: Bytes of a mark.
MARK_BYTES = 8


@dataclass(frozen=True, slots=True)
class ItemFiles:
    """The s3:// address of each; None for what the item has not, or not yet."""

    source: str
    #: What is, or would be, repainted: found, approved or supplied.
    mask: str | None
    #: The segmenter's probabilities.
    map: str | None
    #: The strip of small pictures.
    thumbnails: str | None
    #: Tells of its result, or of its failure.
    sidecar: str | None
    #: Variant 1 first.
    variants: tuple[str, ...]

    @classmethod
    def of(cls, item: Item) -> Self:
        """The files of an item as it stands."""
        held, result = item.held, shown_result(item)
        failed = item.failure.sidecar if item.failure else None
        return cls(
            source=item.spec.source,
            mask=result.mask if result else _mask(item),
            map=(held.map if held else None) or (_map(result) if result else None),
            thumbnails=_thumbnails(item, result),
            sidecar=result.sidecar if result else failed,
            variants=result.variants if result else (),
        )

    @property
    def pictures(self) -> dict[str, str]:
        """The addresses of all that are pictures, by the names under which they are served."""
        variants = {f"v{number}": one for number, one in enumerate(self.variants, start=1)}
        named = {"mask": self.mask, "map": self.map, "thumbnails": self.thumbnails}
        found = {name: address for name, address in named.items() if address}
        return {"source": self.source} | found | variants


def mark_of(item: Item) -> str:
    """What tells an item's files from earlier ones of the same names.

    A mask that waits and the result after it may have a strip each under one address; a claim lies
    between them.
    """
    result, held = shown_result(item), item.held
    content = result.fingerprint if result else held.mask.sha256 if held and held.mask else ""
    told = f"{item.state} {item.fence} {content}"
    return hashlib.blake2b(told.encode(), digest_size=MARK_BYTES).hexdigest()


def shown_result(item: Item) -> Result | None:
    """The item's result, or the one that waits for a person or was rejected."""
    return item.result or (item.held.result if item.held else None)


def _mask(item: Item) -> str | None:
    waiting = item.held.mask if item.held else None
    frozen = waiting or item.frozen or item.spec.frozen
    return frozen.address if frozen else item.spec.mask


def _map(result: Result) -> str | None:
    """Beside a result lies the map of a mask that was found, which has a gate."""
    keys = ResultKeys.named(S3Address.parse(result.sidecar)) if result.gate else None
    return str(keys.map) if keys else None


def _thumbnails(item: Item, result: Result | None) -> str | None:
    held = item.held.thumbnails if item.held else None
    return (result.thumbnails if result else None) or held
