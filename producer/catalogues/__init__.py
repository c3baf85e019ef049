"""Catalogues: files of rows as teams have them, ours and other programs', read and written back."""

from producer.catalogues.document import open_document
from producer.catalogues.entry import (
    Answerable,
    Catalogue,
    Entry,
    Outcomes,
    Picture,
    Recognised,
    rows_of,
)
from producer.catalogues.inventory import Inventory
from producer.catalogues.lists import LISTS
from producer.catalogues.opening import OPENERS, opener_of, refuse_columns
from producer.catalogues.publisher import Publisher

__all__ = [
    "LISTS",
    "OPENERS",
    "Answerable",
    "Catalogue",
    "Entry",
    "Inventory",
    "Outcomes",
    "Picture",
    "Publisher",
    "Recognised",
    "open_document",
    "opener_of",
    "refuse_columns",
    "rows_of",
]
