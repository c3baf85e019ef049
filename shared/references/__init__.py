"""Model references: what they look like, and what bytes they stand for (their digest).

Torch-free: producers resolve references when a batch is submitted, workers check them.
"""

from shared.references.digest import file_digest, loadable_files, tree_digest
from shared.references.hub import Hub
from shared.references.local import (
    archive_folder,
    archives_folder,
    config_directory,
    local_directory,
)
from shared.references.locate import Location, locate
from shared.references.reference import (
    REGISTRY_MARK,
    ArchiveReference,
    DirectoryReference,
    HubReference,
    ModelReference,
    RegistryReference,
    is_hub_id,
    parse,
)
from shared.references.resolve import resolve

__all__ = [
    "REGISTRY_MARK",
    "ArchiveReference",
    "DirectoryReference",
    "Hub",
    "HubReference",
    "Location",
    "ModelReference",
    "RegistryReference",
    "archive_folder",
    "archives_folder",
    "config_directory",
    "file_digest",
    "is_hub_id",
    "loadable_files",
    "local_directory",
    "locate",
    "parse",
    "resolve",
    "tree_digest",
]
