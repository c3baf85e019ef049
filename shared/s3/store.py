"""ObjectStore: get, put, copy and list objects."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from shared import errors
from shared.allowed import EVERYWHERE, AllowedPlaces
from shared.keys import S3Address
from shared.s3.client import make_client
from shared.s3.disposition import content_disposition
from shared.s3.download import Download, retried
from shared.s3.faults import named
from shared.s3.info import ObjectInfo, answered_info, plain_etag
from shared.s3.links import Links
from shared.s3.listing import Listing
from shared.s3.parts import ObjectFile, Part

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Longest wait for the next bytes of an answer, in seconds.
READ_SECONDS = 30.0
#: Tries of a request until its answer begins.
REQUEST_ATTEMPTS = 4
#: A download may take this long, all its tries together, and a second more per so many bytes.
PATIENCE_SECONDS = 60.0
SLOWEST_BYTES_PER_SECOND = 500_000


class ObjectStore(Listing, Links):
    """Get, put, copy and list objects; safe to share among threads, one per process.

    Every method raises the `StorageError` that names what happened, and nothing of botocore's:
    `BucketMissing`, `ObjectMissing`, `AccessDenied`, `CredentialsMissing`, `StorageRefused`, and
    the retryable `StorageUnavailable`, of which `DownloadBroken` is one. What lies outside of the
    allowed places is refused as `PlaceNotAllowed` before anything is sent.
    """

    def __init__(
        self,
        client: "S3Client",
        *,
        allowed: AllowedPlaces = EVERYWHERE,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> None:
        super().__init__(client, allowed)
        self._patience_seconds = patience_seconds

    @classmethod
    def connect(
        cls,
        *,
        allowed: AllowedPlaces = EVERYWHERE,
        pool: int = 64,
        read_seconds: float = READ_SECONDS,
        attempts: int = REQUEST_ATTEMPTS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> Self:
        """A store on boto3's own configuration; nothing is sent yet.

        Args:
            allowed: The places that the settings open; every call of the store keeps to them.
            pool: Connections kept open; at least the number of threads that use the store.
            read_seconds: Longest wait for the next bytes of an answer.
            attempts: Tries of a request until its answer begins.
            patience_seconds: Longest time for a small object's download, retries included.

        Raises:
            StorageMisconfigured: An endpoint, region or profile that cannot be used.
            CredentialsMissing: Half a pair of keys.
        """
        client = make_client(pool=pool, read_seconds=read_seconds, attempts=attempts)
        return cls(client, allowed=allowed, patience_seconds=patience_seconds)

    @property
    def endpoint(self) -> str:
        """The URL that requests go to."""
        return self._client.meta.endpoint_url

    def head(self, address: S3Address) -> ObjectInfo:
        """What S3 says of an object.

        Raises:
            ObjectMissing: There is no such key.
            BucketMissing: There is no such bucket.
        """
        self.allowed.check_read(address)
        try:
            with named(address, "HeadObject"):
                answer = self._client.head_object(Bucket=address.bucket, Key=address.key)
        except errors.ObjectMissing:
            self._check_bucket(address)
            raise
        return answered_info(address, answer)

    def _check_bucket(self, address: S3Address) -> None:
        """A HEAD's 404 has no body to tell a missing bucket from a missing key: ask again."""
        try:
            with named(address, "HeadBucket"):
                self._client.head_bucket(Bucket=address.bucket)
        except errors.ObjectMissing as error:
            raise errors.BucketMissing(address=address) from error
        except errors.AccessDenied:
            return  # somebody may read keys but not ask for the bucket

    def exists(self, address: S3Address) -> bool:
        """Whether there is such an object.

        Raises:
            BucketMissing: There is no such bucket.
        """
        try:
            self.head(address)
        except errors.ObjectMissing:
            return False
        return True

    def get(
        self, address: S3Address, *, etag: str | None = None, max_bytes: int | None = None
    ) -> bytes:
        """The whole object.

        Args:
            address: Which object.
            etag: The very version that is wanted, without quotes.
            max_bytes: Refuse larger objects before their bytes are fetched.

        Raises:
            SourceChanged: The object has another ETag.
            ObjectTooLarge: It has more bytes.
            DownloadBroken: Its bytes did not arrive whole and intact, several times.
        """
        return self._get(address, time.monotonic(), etag, max_bytes)

    @retried
    def _get(
        self, address: S3Address, started: float, etag: str | None, max_bytes: int | None
    ) -> bytes:
        with self._open(address, started, etag, max_bytes) as body:
            return body.read()

    def open(self, address: S3Address, *, etag: str | None = None) -> ObjectFile:
        """The object as a file that fetches what is read; for headers.

        Args:
            address: Which object.
            etag: The very version that is wanted, without quotes.

        Raises:
            SourceChanged: The object has another ETag.
        """
        return ObjectFile(lambda *part: self._part(address, time.monotonic(), *part), etag)

    @retried
    def _part(
        self, address: S3Address, started: float, start: int, count: int, etag: str | None
    ) -> Part:
        span = f"bytes={start}-{start + count - 1}"
        try:
            with self._open(address, started, etag, None, span) as body:
                # A server that knows no ranges sends everything.
                content = body.read() if body.is_part else body.read()[start : start + count]
                return Part(content, body.info)
        except errors.StorageRefused:
            # An empty object has no first byte to send: 416.
            info = self.head(address)
            if info.size:
                raise
            return Part(b"", info)

    def download(self, address: S3Address, path: Path, *, max_bytes: int) -> None:
        """Stream an object to a file, which appears only when it is whole.

        Args:
            address: Which object.
            path: The file; an existing one is replaced.
            max_bytes: Refuse larger objects before their bytes are fetched.

        Raises:
            ObjectTooLarge: The object has more bytes.
            DiskFailed: The file cannot be written.
            DownloadBroken: The bytes did not arrive whole and intact, several times.
        """
        self._download(address, time.monotonic(), path, max_bytes)

    @retried
    def _download(self, address: S3Address, started: float, path: Path, max_bytes: int) -> None:
        with self._open(address, started, None, max_bytes) as body:
            body.write(path)

    @contextmanager
    def _open(
        self,
        address: S3Address,
        started: float,
        etag: str | None,
        max_bytes: int | None,
        span: str | None = None,
    ) -> Iterator[Download]:
        self.allowed.check_read(address)
        # Some servers (rclone) send the whole object's checksum with a part of it.
        checksum = None if span else "ENABLED"
        asked = {
            "IfMatch": f'"{etag}"' if etag else None,
            "Range": span,
            "ChecksumMode": checksum,
        }
        given: dict[str, Any] = {name: value for name, value in asked.items() if value}
        with named(address, "GetObject", etag):
            answer = self._client.get_object(Bucket=address.bucket, Key=address.key, **given)
        with answer["Body"]:  # closes the connection, unless the body was read to its end
            info = answered_info(address, answer)
            # Some servers (rclone) ignore If-Match.
            if etag and info.etag != etag:
                raise errors.SourceChanged(address=address, expected=etag)
            if max_bytes is not None and info.size > max_bytes:
                raise errors.ObjectTooLarge(address=address, size=info.size, limit=max_bytes)
            patience_seconds = self._patience_seconds + info.size / SLOWEST_BYTES_PER_SECOND
            deadline = started + patience_seconds
            yield Download(info, answer["Body"], answer["ContentLength"], deadline)

    def put(self, address: S3Address, body: bytes, *, content_type: str) -> str:
        """Write an object whole and return its ETag, without quotes.

        It is served with its content type and under a name that is safe to save.

        Raises:
            BucketMissing: There is no such bucket.
        """
        self.allowed.check_write(address)
        with named(address, "PutObject"):
            answer = self._client.put_object(
                Bucket=address.bucket,
                Key=address.key,
                Body=body,
                ContentType=content_type,
                ContentDisposition=content_disposition(address.key, content_type),
            )
        return plain_etag(answer["ETag"])

    def put_file(self, address: S3Address, path: Path, *, content_type: str) -> str:
        """Like `put`, of a file on this disk, which is streamed; at most 5 GB.

        Raises:
            BucketMissing: There is no such bucket.
        """
        self.allowed.check_write(address)
        with path.open("rb") as file, named(address, "PutObject"):
            answer = self._client.put_object(
                Bucket=address.bucket,
                Key=address.key,
                Body=file,
                ContentType=content_type,
                ContentDisposition=content_disposition(address.key, content_type),
            )
        return plain_etag(answer["ETag"])

    def copy(self, source: S3Address, target: S3Address, *, etag: str | None = None) -> str:
        """Let S3 copy an object, at most 5 GB, and return the copy's ETag, without quotes.

        The copy has the source's content type, and the name that the source is saved under.

        Args:
            source: Which object.
            target: Where its copy lies; an existing object is replaced.
            etag: The very version that is wanted, without quotes.

        Raises:
            ObjectMissing: There is no such object.
            SourceChanged: The object has another ETag.
        """
        self.allowed.check_write(target)
        # Some servers (rclone, moto) ignore the condition of a copy.
        found = self.head(source).etag
        if etag and found != etag:
            raise errors.SourceChanged(address=source, expected=etag)
        with named(source, "CopyObject", found):
            answer = self._client.copy_object(
                Bucket=target.bucket,
                Key=target.key,
                CopySource={"Bucket": source.bucket, "Key": source.key},
                CopySourceIfMatch=f'"{found}"',
            )
        return plain_etag(answer["CopyObjectResult"]["ETag"])

    def delete(self, address: S3Address) -> None:
        """Remove an object; one that is not there is no error.

        Raises:
            BucketMissing: There is no such bucket.
        """
        self.allowed.check_write(address)
        with named(address, "DeleteObject"):
            self._client.delete_object(Bucket=address.bucket, Key=address.key)
