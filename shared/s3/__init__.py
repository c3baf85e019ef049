"""S3: the one part that speaks boto3, through boto3's own configuration.

Credentials, region and endpoint are boto3's business (environment, profile, SSO, role;
`AWS_ENDPOINT_URL_S3` for other servers than AWS).
"""

from shared.s3.info import ObjectInfo
from shared.s3.parts import ObjectFile
from shared.s3.probe import Probe
from shared.s3.store import ObjectStore

__all__ = ["ObjectFile", "ObjectInfo", "ObjectStore", "Probe"]
