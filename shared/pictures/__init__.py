"""Pictures before they are decoded: what a file is, and whether it may be used; torch-free.

Workers ask before they decode, `restyle check` asks of the first bytes alone: one set of rules.
"""

from shared.pictures.header import Container, Header, open_picture, read_header, reading
from shared.pictures.jpeg import check_jpeg
from shared.pictures.limits import Limits, check_shape

__all__ = [
    "Container",
    "Header",
    "Limits",
    "check_jpeg",
    "check_shape",
    "open_picture",
    "read_header",
    "reading",
]
