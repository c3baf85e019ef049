"""ObjectStore: get, put and list objects."""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

import boto3
from botocore.config import Config

from shared import errors
from shared.keys import S3Address
from shared.s3.disposition import content_disposition
from shared.s3.download import Download, retried
from shared.s3.faults import configured, named

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Longest waits for a connection and for the next bytes of an answer, in seconds.
CONNECT_SECONDS = 5.0
READ_SECONDS = 30.0
#: Tries of a request until its answer begins.
REQUEST_ATTEMPTS = 4
#: A download may take this long, all its tries together, and a second more per so many bytes.
PATIENCE_SECONDS = 60.0
SLOWEST_BYTES_PER_SECOND = 500_000


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """What S3 says of an object without its bytes."""

    address: S3Address
    #: Without quotes.
    etag: str
    #: In bytes.
    size: int
    modified: datetime


class ObjectStore:
    """Get, put and list objects; safe to share among threads, one per process.

    Every method raises the `StorageError` that names what happened, and nothing of botocore's:
    `BucketMissing`, `ObjectMissing`, `AccessDenied`, `CredentialsMissing`, `StorageRefused`, and
    the retryable `StorageUnavailable`, of which `DownloadBroken` is one.
    """

    def __init__(self, client: "S3Client", *, patience_seconds: float = PATIENCE_SECONDS) -> None:
        self._client = client
        self._patience_seconds = patience_seconds

    @classmethod
    def connect(
        cls,
        *,
        pool: int = 64,
        read_seconds: float = READ_SECONDS,
        patience_seconds: float = PATIENCE_SECONDS,
    ) -> Self:
        """A store on boto3's own configuration; nothing is sent yet.

        Args:
            pool: Connections kept open; at least the number of threads that use the store.
            read_seconds: Longest wait for the next bytes of an answer.
            patience_seconds: Longest time for a small object's download, retries included.

        Raises:
            StorageMisconfigured: An endpoint, region or profile that cannot be used.
            CredentialsMissing: Half a pair of keys.
        """
        config = Config(
            signature_version="s3v4",
            connect_timeout=CONNECT_SECONDS,
            read_timeout=read_seconds,
            retries={"mode": "standard", "total_max_attempts": REQUEST_ATTEMPTS},
            max_pool_connections=pool,
            tcp_keepalive=True,
            user_agent_extra="restyle",
        )
        with configured():
            # No endpoint_url: passing one would overrule AWS_ENDPOINT_URL_S3 and the profile.
            client = boto3.session.Session().client("s3", config=config)
        return cls(client, patience_seconds=patience_seconds)

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
        try:
            with named(address, "HeadObject"):
                answer = self._client.head_object(Bucket=address.bucket, Key=address.key)
        except errors.ObjectMissing:
            self._check_bucket(address)
            raise
        return _info(address, answer)

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
        self, address: S3Address, started: float, etag: str | None, max_bytes: int | None
    ) -> Iterator[Download]:
        condition: dict[str, Any] = {"IfMatch": f'"{etag}"'} if etag else {}
        with named(address, "GetObject", etag):
            answer = self._client.get_object(Bucket=address.bucket, Key=address.key, **condition)
        with answer["Body"]:  # closes the connection, unless the body was read to its end
            info = _info(address, answer)
            # Some servers (rclone) ignore If-Match.
            if etag and info.etag != etag:
                raise errors.SourceChanged(address=address, expected=etag)
            if max_bytes is not None and info.size > max_bytes:
                raise errors.ObjectTooLarge(address=address, size=info.size, limit=max_bytes)
            patience_seconds = self._patience_seconds + info.size / SLOWEST_BYTES_PER_SECOND
            yield Download(address, answer["Body"], info.size, started + patience_seconds)

    def put(self, address: S3Address, body: bytes, *, content_type: str) -> str:
        """Write an object whole and return its ETag, without quotes.

        It is served with its content type and under a name that is safe to save.

        Raises:
            BucketMissing: There is no such bucket.
        """
        with named(address, "PutObject"):
            answer = self._client.put_object(
                Bucket=address.bucket,
                Key=address.key,
                Body=body,
                ContentType=content_type,
                ContentDisposition=content_disposition(address.key, content_type),
            )
        return _plain_etag(answer["ETag"])

    def delete(self, address: S3Address) -> None:
        """Remove an object; one that is not there is no error.

        Raises:
            BucketMissing: There is no such bucket.
        """
        with named(address, "DeleteObject"):
            self._client.delete_object(Bucket=address.bucket, Key=address.key)

    def list(self, prefix: S3Address) -> Iterator[ObjectInfo]:
        """Every object whose key begins with the prefix's, fetched page by page.

        Folder markers (empty objects whose key ends in a slash) are left out.

        Raises:
            BucketMissing: There is no such bucket.
        """
        pages = self._client.get_paginator("list_objects_v2")
        # The caller's own errors must not be taken for S3's: nothing is yielded inside `named`.
        answers = iter(pages.paginate(Bucket=prefix.bucket, Prefix=prefix.key))
        while True:
            with named(prefix, "ListObjectsV2"):
                answer = next(answers, None)
            if answer is None:
                return
            for entry in answer.get("Contents", []):
                if not entry["Key"].endswith("/"):
                    yield _info(S3Address(prefix.bucket, entry["Key"]), entry, size="Size")


def _info(
    address: S3Address, answer: Mapping[str, Any], *, size: str = "ContentLength"
) -> ObjectInfo:
    """What an answer's headers or a listing's entry say; nothing can be done without them."""
    try:
        etag = _plain_etag(answer["ETag"])
        return ObjectInfo(address, etag, answer[size], answer["LastModified"])
    except KeyError as error:
        reason = f"its answer lacks {error.args[0]}"
        raise errors.StorageRefused(
            address=address, operation="GetObject", reason=reason
        ) from error


def _plain_etag(etag: str) -> str:
    return etag.removeprefix("W/").strip('"')
