"""The client of boto3 that everything here speaks through."""

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config

from shared.s3.faults import configured

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: Longest wait for a connection, in seconds.
CONNECT_SECONDS = 5.0


def make_client(*, pool: int, read_seconds: float, attempts: int) -> "S3Client":
    """A client on boto3's own configuration; nothing is sent yet.

    Args:
        pool: Connections kept open.
        read_seconds: Longest wait for the next bytes of an answer.
        attempts: Tries of a request until its answer begins.

    Raises:
        StorageMisconfigured: An endpoint, region or profile that cannot be used.
        CredentialsMissing: Half a pair of keys.
    """
    config = Config(
        signature_version="s3v4",
        connect_timeout=CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=pool,
        tcp_keepalive=True,
        response_checksum_validation="when_required",  # asked for with each whole object
        user_agent_extra="restyle",
    )
    with configured():
        # No endpoint_url: passing one would overrule AWS_ENDPOINT_URL_S3 and the profile.
        return boto3.session.Session().client("s3", config=config)
