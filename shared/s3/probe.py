"""Probe: whether S3 answers at all, asked once and without much patience."""

from typing import TYPE_CHECKING, Self

from shared import errors
from shared.keys import S3Address
from shared.s3.client import make_client
from shared.s3.faults import named

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Longest wait for the answer.
PROBE_SECONDS = 5.0


class Probe:
    """Asks S3 for anything at all; one thread at a time uses it."""

    def __init__(self, client: "S3Client") -> None:
        self._client = client

    @classmethod
    def connect(cls) -> Self:
        """A probe on boto3's own configuration; raises as `ObjectStore.connect`."""
        return cls(make_client(pool=1, read_seconds=PROBE_SECONDS, attempts=1))

    def answers(self, near: S3Address) -> bool:
        """Whether S3 answers where an address lies, be it with a refusal."""
        try:
            # A listing, not a HEAD: without a body a wrong clock looks like a missing permission.
            with named(near, "ListObjectsV2"):
                self._client.list_objects_v2(Bucket=near.bucket, Prefix=near.key, MaxKeys=1)
        except errors.StorageUnavailable:
            return False
        except errors.StorageError:
            return True
        return True
