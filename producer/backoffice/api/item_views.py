"""ItemView: an item as the API answers it, and the addresses of its files."""

from collections.abc import Callable
from typing import Any, Self

from producer.backoffice.links import Links
from producer.item_files import ItemFiles, mark_of
from shared.errors import PlaceNotAllowed
from shared.jobs import Item
from shared.record import Record


class ItemView(Item):
    """An item as it stands.

    Of a batch that has left the board, S3 tells states, addresses and failures: what else there is
    to an item is empty then.
    """

    #: Its place in the manifest, from 0.
    number: int
    #: Tells its pictures from earlier ones: `files/NAME?v=MARK` may be kept for ever.
    mark: str

    @classmethod
    def of(cls, item: Item, **more: object) -> Self:
        """The item, and what else a view of it tells."""
        fields: dict[str, Any] = {name: getattr(item, name) for name in Item.model_fields}
        fields |= {"number": item.spec.number, "mark": mark_of(item), **more}
        return cls.model_validate(fields)


class Named(Record):
    """A URL for each of an item's files; null for what it has not, or what may not be read."""

    source: str | None
    mask: str | None
    #: The segmenter's probabilities: 8-bit grey PNG, 255 for certain.
    map: str | None
    #: The strip of small pictures, all tiles of one size: source, mask, variants.
    thumbnails: str | None
    sidecar: str | None
    #: Variant 1 first.
    variants: list[str]


def linked(files: ItemFiles, links: Links) -> Named:
    """Presigned URLs."""

    def link(address: str | None) -> str | None:
        try:
            return links.link(address) if address else None
        except PlaceNotAllowed:
            return None

    return _named(files, link, [link(one) for one in files.variants])


def served(files: ItemFiles, folder: str, mark: str) -> Named:
    """URLs below the item's own, which need no third party and may be kept."""
    urls = {name: f"{folder}/files/{name}?v={mark}" for name in files.pictures}
    variants = [url for name, url in urls.items() if name.startswith("v")]
    named = {name: urls.get(name) for name in ("source", "mask", "map", "thumbnails")}
    return Named(**named, sidecar=None, variants=variants)


def _named(
    files: ItemFiles, link: Callable[[str | None], str | None], variants: list[str | None]
) -> Named:
    return Named(
        source=link(files.source),
        mask=link(files.mask),
        map=link(files.map),
        thumbnails=link(files.thumbnails),
        sidecar=link(files.sidecar),
        variants=[one for one in variants if one],
    )
