"""Document: a .json file that lists pictures: S3 Inventory's, or SageMaker's plain manifest."""

import json
from pathlib import Path
from typing import Any

from producer.catalogues.entry import Catalogue
from producer.catalogues.inventory import open_inventory
from producer.catalogues.keylist import KeyList
from shared.errors import ManifestUnreadable
from shared.s3 import ObjectStore

#: A document is read whole; a longer list of keys is one in JSON Lines.
MAX_DOCUMENT_BYTES = 64_000_000


def open_document(path: Path, name: str, store: ObjectStore) -> Catalogue:
    """The catalogue that a .json file is.

    Args:
        path: The file.
        name: As the user named it.
        store: Reads the files of an inventory.

    Raises:
        ManifestUnreadable: It is none that is known.
    """
    content = _content(path, name)
    if isinstance(content, dict) and "fileSchema" in content:
        return open_inventory(content, name, store)
    if isinstance(content, list) and content and isinstance(content[0], dict):
        return KeyList(content)
    reason = (
        "it is neither the manifest.json of an S3 Inventory nor a list that begins with a prefix"
    )
    raise ManifestUnreadable(manifest=name, reason=reason)


def _content(path: Path, name: str) -> Any:
    try:
        if path.stat().st_size > MAX_DOCUMENT_BYTES:
            reason = f"it has over {MAX_DOCUMENT_BYTES:,} bytes; such a list is one in JSON Lines"
            raise ManifestUnreadable(manifest=name, reason=reason)
        return json.loads(path.read_bytes())
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise ManifestUnreadable(manifest=name, reason=reason) from error
    except (ValueError, RecursionError) as error:
        raise ManifestUnreadable(manifest=name, reason="it is no JSON") from error
