"""S3."""

from shared.errors.base import RestyleError


class StorageError(RestyleError):
    """S3 refused or could not be reached."""


class BucketMissing(StorageError):
    """The bucket does not exist."""

    code = "bucket_missing"
    sentence = "The bucket of {address} does not exist."
    hint = "Check the bucket's name, the region and AWS_ENDPOINT_URL_S3."


class ObjectMissing(StorageError):
    """The object does not exist."""

    code = "object_missing"
    sentence = "There is no object {address}."
    hint = "Upload it under this key, or correct the row and submit it anew."


class AccessDenied(StorageError):
    """The credentials do not allow it."""

    code = "access_denied"
    sentence = "S3 denied access to {address} ({operation})."
    hint = (
        "Check the credentials (`aws sts get-caller-identity`) and the bucket policy; without "
        "s3:ListBucket, S3 also answers so for a key that does not exist."
    )


class PlaceNotAllowed(StorageError):
    """The settings close this place to reading or writing; nothing was sent."""

    code = "place_not_allowed"
    sentence = "{address} lies outside of the places that {setting} opens to {act}."
    hint = "Use an allowed place, or let an operator add its prefix (`restyle config show`)."


class CredentialsMissing(StorageError):
    """boto3's chain found no credentials."""

    code = "credentials_missing"
    sentence = "No S3 credentials were found for {address}: {reason}."
    hint = "Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or attach a role."


class SourceChanged(StorageError):
    """The source was replaced after the item was claimed or submitted."""

    code = "source_changed"
    sentence = "{address} is no longer the object that its item is pinned to (ETag {expected})."
    hint = "Submit or retry its item to render the picture as it is now."


class StorageUnavailable(StorageError):
    """S3 answered with a passing fault, or not at all."""

    code = "storage_unavailable"
    retryable = True
    sentence = "S3 did not serve {address} ({operation}): {reason}."
    hint = (
        "A worker tries again by itself, a command must be repeated; `restyle doctor` tells more."
    )


class DownloadBroken(StorageUnavailable):
    """S3 began to answer, but the object's bytes did not arrive whole and intact."""

    code = "download_broken"
    retryable = True
    sentence = "The download of {address} broke off: {reason}."
    hint = "Restyle tries again by itself; look at the network and at proxies before S3."


class ClockSkewed(StorageUnavailable):
    """S3 takes no request from this host, because its clock is wrong."""

    code = "clock_skewed"
    retryable = True
    sentence = "S3 refused {operation} on {address}: this host's clock is wrong ({reason})."
    hint = "Set the clock (`timedatectl`, NTP); workers of this host wait until it is right."


class StorageRefused(StorageError):
    """S3 answered that it will not do this; the same call will fail again."""

    code = "storage_refused"
    sentence = "S3 refused {operation} on {address}: {reason}."
    hint = (
        "Check the bucket's region (AWS_DEFAULT_REGION), the endpoint and the "
        "object's storage class."
    )


class StorageMisconfigured(StorageError):
    """The AWS configuration cannot even make a client."""

    code = "storage_misconfigured"
    sentence = "The S3 configuration cannot be used: {reason}."
    hint = "Check AWS_ENDPOINT_URL_S3 (http[s]://host:port), AWS_PROFILE and AWS_DEFAULT_REGION."


class ObjectTooLarge(StorageError):
    """An object is over the limit in bytes for what it is to be."""

    code = "object_too_large"
    sentence = "{address} is too large: {size} bytes, the limit is {limit} bytes."
    hint = "Upload a smaller object, or raise the RESTYLE_MAX_* limit if the host has the space."


class DiskFailed(StorageError):
    """A file of a download cannot be written."""

    code = "disk_failed"
    sentence = "{path} cannot be written: {reason}."
    hint = "Free some space or point XDG_CACHE_HOME elsewhere; `restyle doctor` shows the space."
