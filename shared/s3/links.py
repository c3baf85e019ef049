"""Links: URLs under which whoever has them may read one object for a while."""

from typing import TYPE_CHECKING

from shared.allowed import AllowedPlaces
from shared.keys import S3Address
from shared.s3.faults import named

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

#: S3's own limit on a link's time, in seconds: seven days.
MAX_LINK_SECONDS = 7 * 24 * 3600


class Links:
    """The part of a store that makes links."""

    _client: "S3Client"
    allowed: AllowedPlaces

    def link(self, address: S3Address, seconds: int) -> str:
        """A presigned URL that reads an object; nothing is sent, and it need not exist.

        Args:
            address: Which object.
            seconds: How long the URL is good for, from 1 to seven days; temporary credentials
                may end it sooner.

        Raises:
            PlaceNotAllowed: It lies outside of the allowed places.
            CredentialsMissing: There are no keys to sign with.
        """
        self.allowed.check_read(address)
        asked = {"Bucket": address.bucket, "Key": address.key}
        with named(address, "GetObject"):
            return self._client.generate_presigned_url(
                "get_object", Params=asked, ExpiresIn=min(max(seconds, 1), MAX_LINK_SECONDS)
            )
