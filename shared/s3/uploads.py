"""Uploads: objects that are written, whole, in parts, or only where nobody was faster."""

from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from boto3.s3.transfer import TransferConfig

from shared.allowed import AllowedPlaces
from shared.keys import S3Address
from shared.s3.disposition import content_disposition
from shared.s3.faults import named
from shared.s3.info import plain_etag

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Parts of a large object; the library takes larger ones where there would be over ten thousand.
PART_BYTES = 64 * 1024 * 1024
#: Parts that are sent at once.
PART_THREADS = 4


class Uploads:
    """The part of a store that writes."""

    _client: "S3Client"
    allowed: AllowedPlaces

    def put(self, address: S3Address, body: bytes, *, content_type: str) -> str:
        """Write an object whole and return its ETag, without quotes.

        It is served with its content type and under a name that is safe to save.

        Raises:
            BucketMissing: There is no such bucket.
        """
        return self._put(address, body, content_type)

    def put_file(self, address: S3Address, path: Path, *, content_type: str) -> str:
        """Like `put`, of a file on this disk, which is streamed; at most 5 GB.

        Raises:
            BucketMissing: There is no such bucket.
        """
        with path.open("rb") as file:
            return self._put(address, file, content_type)

    def put_if(
        self, address: S3Address, body: bytes, *, content_type: str, etag: str | None
    ) -> str:
        """Like `put`, if the object still is what it was.

        Some servers (rclone) ignore the condition: whoever writes needs a turn, too, and a look.

        Args:
            address: Which object.
            body: What it shall be.
            content_type: It is served with.
            etag: What it must be now, without quotes; None where it must not be there.

        Raises:
            SourceChanged: It is another one.
            ObjectMissing: It is gone.
        """
        condition = {"IfMatch": f'"{etag}"'} if etag else {"IfNoneMatch": "*"}
        return self._put(address, body, content_type, etag=etag, **condition)

    def upload(
        self,
        address: S3Address,
        path: Path,
        *,
        content_type: str,
        sha256: str,
        part_bytes: int = PART_BYTES,
    ) -> None:
        """Write a file of any size, a large one in parts; a failed upload leaves none of them.

        Args:
            address: Which object.
            path: The file.
            content_type: It is served with.
            sha256: Of the file, which its metadata keep.
            part_bytes: From this size on it is sent in parts.

        Raises:
            BucketMissing: There is no such bucket.
        """
        self.allowed.check_write(address)
        told = {
            "ContentType": content_type,
            "ContentDisposition": content_disposition(address.key, content_type),
            "Metadata": {"sha256": sha256},
        }
        config = TransferConfig(
            multipart_threshold=part_bytes,
            multipart_chunksize=part_bytes,
            max_concurrency=PART_THREADS,
        )
        with path.open("rb") as file, named(address, "PutObject"):
            self._client.upload_fileobj(
                file, address.bucket, address.key, ExtraArgs=told, Config=config
            )

    def _put(
        self,
        address: S3Address,
        body: bytes | IO[bytes],
        content_type: str,
        *,
        etag: str | None = None,
        **condition: Any,
    ) -> str:
        self.allowed.check_write(address)
        with named(address, "PutObject", etag):
            answer = self._client.put_object(
                Bucket=address.bucket,
                Key=address.key,
                Body=body,
                ContentType=content_type,
                ContentDisposition=content_disposition(address.key, content_type),
                **condition,
            )
        return plain_etag(answer["ETag"])
