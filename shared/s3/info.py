"""ObjectInfo: what S3 says of an object, from each of its answers."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.errors import StorageRefused
from shared.keys import S3Address


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What S3 says of an object without its bytes."""

    address: S3Address
    #: Without quotes.
    etag: str
    #: In bytes.
    size: int
    modified: datetime


def answered_info(address: S3Address, answer: Mapping[str, Any]) -> ObjectInfo:
    """What the headers of an answer say of the whole object, also where a part was asked for.

    Raises:
        StorageRefused: They lack what nothing can be done without.
    """
    stated = re.search(r"/(\d+)$", answer.get("ContentRange", ""))
    whole = {"Size": int(stated[1])} if stated else {}
    return _info(address, {"Size": answer.get("ContentLength"), **answer, **whole})


def listed_info(bucket: str, entry: Mapping[str, Any]) -> ObjectInfo:
    """What a listing's entry says.

    Raises:
        StorageRefused: It lacks what nothing can be done without.
    """
    return _info(S3Address(bucket, entry["Key"]), entry)


def _info(address: S3Address, facts: Mapping[str, Any]) -> ObjectInfo:
    missing = [name for name in ("ETag", "Size", "LastModified") if facts.get(name) is None]
    if missing:
        reason = f"its answer lacks {missing[0]}"
        raise StorageRefused(address=address, operation="GetObject", reason=reason)
    return ObjectInfo(address, plain_etag(facts["ETag"]), facts["Size"], facts["LastModified"])


def plain_etag(etag: str) -> str:
    """An ETag without quotes, and without the mark of a weak one."""
    return etag.removeprefix("W/").strip('"')
