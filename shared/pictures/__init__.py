"""Pictures before they are decoded: what a file is, and whether it may be used; torch-free.

Workers ask before they decode, `restyle check` asks of the first bytes alone: one set of rules.
"""

from shared.pictures.header import Container, Header, open_picture, read_header, reading
from shared.pictures.limits import Limits, check_shape
from shared.pictures.scans import check_scans

__all__ = [
    "Container",
    "Header",
    "Limits",
    "check_scans",
    "check_shape",
    "open_picture",
    "read_header",
    "reading",
]
