"""Listing: what lies under a prefix, page by page."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from shared.allowed import AllowedPlaces
from shared.keys import S3Address
from shared.s3.faults import named
from shared.s3.info import ObjectInfo, listed_info

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client


class Listing:
    """The part of a store that lists."""

    def __init__(self, client: "S3Client", allowed: AllowedPlaces) -> None:
        self._client = client
        #: Where this store reads and writes.
        self.allowed = allowed

    def page(self, prefix: S3Address, *, after: str = "") -> list[ObjectInfo]:
        """One answer of S3: the first objects (a thousand at most) under a prefix, by their keys.

        Args:
            prefix: What is listed.
            after: Only keys that come after this one in the order of their UTF-8 bytes.

        Raises:
            BucketMissing: There is no such bucket.
        """
        self.allowed.check_read(prefix)
        begin: dict[str, Any] = {"StartAfter": after} if after else {}
        with named(prefix, "ListObjectsV2"):
            answer = self._client.list_objects_v2(Bucket=prefix.bucket, Prefix=prefix.key, **begin)
        return [listed_info(prefix.bucket, entry) for entry in answer.get("Contents", [])]

    def list(self, prefix: S3Address, *, below: bool = True) -> Iterator[ObjectInfo]:
        """Every object whose key begins with the prefix's, fetched page by page.

        Folder markers (empty objects whose key ends in a slash) are left out.

        Args:
            prefix: What is listed.
            below: False for objects that lie directly there, in no folder below.

        Raises:
            BucketMissing: There is no such bucket.
        """
        self.allowed.check_read(prefix)
        pages = self._client.get_paginator("list_objects_v2")
        # The caller's own errors must not be taken for S3's: nothing is yielded inside `named`.
        flat: dict[str, Any] = {} if below else {"Delimiter": "/"}
        answers = iter(pages.paginate(Bucket=prefix.bucket, Prefix=prefix.key, **flat))
        while True:
            with named(prefix, "ListObjectsV2"):
                answer = next(answers, None)
            if answer is None:
                return
            for entry in answer.get("Contents", []):
                if not entry["Key"].endswith("/"):
                    yield listed_info(prefix.bucket, entry)
