"""The registry: versions of models by their digest, and the aliases that point to them, in S3.

Reading is here; `producer.models` writes.
"""

from shared.registry.records import NAME, Alias, Move, Version, check_name
from shared.registry.registry import DIGEST_MARK, PinnedAlias, Registry

__all__ = [
    "DIGEST_MARK",
    "NAME",
    "Alias",
    "Move",
    "PinnedAlias",
    "Registry",
    "Version",
    "check_name",
]
