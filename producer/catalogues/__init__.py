"""Catalogues: files of rows as teams have them, ours and other programs', read and written back."""

from producer.catalogues.document import open_document
from producer.catalogues.entry import Catalogue, Entry, Picture, Recognised, rows_of
from producer.catalogues.opening import OPENERS, opener_of, refuse_columns

__all__ = [
    "OPENERS",
    "Catalogue",
    "Entry",
    "Picture",
    "Recognised",
    "open_document",
    "opener_of",
    "refuse_columns",
    "rows_of",
]
