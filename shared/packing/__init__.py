"""Model archives: a model's directory as one file, packed and unpacked by the same rules."""

from shared.packing.reading import unpack
from shared.packing.writing import pack

__all__ = ["pack", "unpack"]
