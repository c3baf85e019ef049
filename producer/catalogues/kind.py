"""Kind: the CSV exports that are known by their header, as data."""

import re
from dataclasses import dataclass

from producer.catalogues.cells import ADDRESSES, COMMAS, SIZES

#: What parts the addresses of a column's cells; None where a cell holds one.
Parting = re.Pattern[str] | None


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of CSV export; names of columns as `plain_name` has them."""

    #: In `--json`.
    name: str
    #: As people call it.
    title: str
    #: A header that has all of these is of this kind.
    marks: tuple[str, ...]
    #: Columns that name a row; the first that is filled does.
    sku: tuple[str, ...]
    #: Columns of addresses, and what parts them there.
    images: dict[str, Parting]
    #: Columns that tell one product from the next; the first that is filled does.
    product: tuple[str, ...] = ()
    #: Whether rows that leave these empty go on with the product above.
    carried: bool = False
    #: Columns of addresses that are not known by name, and what parts them.
    guess: re.Pattern[str] | None = None


#: An attribute of Akeneo that holds pictures, by its code, which a shop chooses itself.
_AKENEO_IMAGE = re.compile(
    r"(?!.*(alt|label|caption|title|credit|text|legend|description))"
    r".*(image|picture|photo|packshot|visual|thumbnail).*"
)

#: What `--map` alone describes.
MAPPED = Kind("mapped", "CSV by --map", (), (), {})

#: In the order in which they are tried.
KINDS: tuple[Kind, ...] = (
    Kind(
        "shopify",
        "Shopify",
        ("url handle", "product image url"),
        ("sku",),
        {"product image url": None, "variant image url": None},
        ("url handle",),
    ),
    Kind(
        "shopify-older",
        "Shopify (older export)",
        ("handle", "image src"),
        ("variant sku",),
        {"image src": None, "variant image": None},
        ("handle",),
    ),
    Kind(
        "magento",
        "Magento / Adobe Commerce",
        ("sku", "base image"),
        ("sku",),
        {
            "base image": None,
            "small image": None,
            "thumbnail image": None,
            "swatch image": None,
            "additional images": COMMAS,
        },
        ("sku",),
    ),
    Kind(
        "commercetools",
        "commercetools",
        ("variant.sku", "variant.images"),
        ("variant.sku",),
        {"variant.images": SIZES},
        ("id", "key"),
        carried=True,
    ),
    Kind(
        "woocommerce",
        "WooCommerce",
        ("type", "sku", "images"),
        ("sku",),
        {"images": COMMAS},
        ("parent", "sku", "id"),
    ),
    Kind(
        "google",
        "Google product feed",
        ("id", "image link"),
        ("id",),
        {"image link": None, "additional image link": COMMAS},
    ),
    Kind(
        "akeneo",
        "Akeneo",
        ("categories", "enabled", "family"),
        ("sku", "identifier", "uuid"),
        {},
        guess=_AKENEO_IMAGE,
    ),
)

#: Every name that a known column has.
KNOWN_NAMES = frozenset(
    name for kind in KINDS for name in (*kind.marks, *kind.sku, *kind.images, *kind.product)
)


def parting_of(kind: Kind, name: str) -> Parting:
    """What parts the addresses of a column, also of one that `--map` names."""
    if name in kind.images:
        return kind.images[name]
    return COMMAS if kind.guess else ADDRESSES
