"""Keys: every key in S3 and in Redis is built here."""

from shared.keys.board import BoardKeys
from shared.keys.registry import MAX_REGISTRY_BYTES, ModelKeys
from shared.keys.registry import Entry as RegistryEntry
from shared.keys.s3 import (
    MAX_KEY_BYTES,
    MAX_NAME_BYTES,
    MAX_REPLAY_BYTES,
    ResultKeys,
    S3Address,
    batch_file,
    catalogue_file,
    index_prefix,
    is_apart,
    is_rendering,
    is_replay,
    item_mark,
    probe_key,
    rendering_prefix,
    replay_prefix,
    staging_prefix,
    supplied_mask,
)

__all__ = [
    "MAX_KEY_BYTES",
    "MAX_NAME_BYTES",
    "MAX_REGISTRY_BYTES",
    "MAX_REPLAY_BYTES",
    "BoardKeys",
    "ModelKeys",
    "RegistryEntry",
    "ResultKeys",
    "S3Address",
    "batch_file",
    "catalogue_file",
    "index_prefix",
    "is_apart",
    "is_rendering",
    "is_replay",
    "item_mark",
    "probe_key",
    "rendering_prefix",
    "replay_prefix",
    "staging_prefix",
    "supplied_mask",
]
