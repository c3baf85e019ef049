"""Models packed as archives in a test's bucket."""

import hashlib
import io
import tarfile
from pathlib import Path

from shared.jobs import ResolvedModel


def packed(directory: Path) -> bytes:
    """A directory as a gzipped tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        tar.add(directory, arcname="model")
    return buffer.getvalue()


def put_archive(bucket: Path, content: bytes) -> ResolvedModel:
    """Put an archive into the bucket."""
    (bucket / "model.tar.gz").write_bytes(content)
    digest = hashlib.sha256(content).hexdigest()
    reference = f"s3://{bucket.name}/model.tar.gz#sha256={digest}"
    return ResolvedModel(reference=reference, kind="archive", digest=digest)
