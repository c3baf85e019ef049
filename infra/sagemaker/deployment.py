"""Deployment: what an endpoint shall be, and the requests that say so to AWS."""

import hashlib
import json
import re
from dataclasses import asdict, dataclass
from typing import Any

from infra.sagemaker.images import has_gpu
from shared.errors import OptionInvalid
from worker.endpoint import PROGRAM

#: The only variant of our endpoints.
VARIANT = "main"
#: SageMaker's own limit for bodies of requests and answers, in MiB.
MAX_BODY_MIB = 25
#: Gigabytes have to be fetched, libraries installed and weights loaded, in seconds.
DOWNLOAD_SECONDS, START_SECONDS = 1_200, 900
#: Hex digits of what models and configurations are made of, after the endpoint's name.
MARK_DIGITS = 12

_NAME = re.compile(r"[a-zA-Z0-9](-?[a-zA-Z0-9]){0,49}")


@dataclass(frozen=True, slots=True)
class Deployment:
    """A model on instances; equal ones have equal names, so that none is made twice."""

    name: str
    #: s3:// address of the model's archive, and its digest or ETag.
    archive: str
    mark: str
    #: Address of the container in ECR.
    image: str
    #: ARN of the role that the container runs under.
    role: str
    instance_type: str
    #: Instances at the beginning, and at least.
    least: int

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            reason = f"{self.name!r} is not up to 50 letters, digits and single dashes"
            raise OptionInvalid(option="--name", reason=reason)

    @property
    def version(self) -> str:
        """Name of its model and of its configuration."""
        text = json.dumps(asdict(self), sort_keys=True)
        return f"{self.name}-{hashlib.sha256(text.encode()).hexdigest()[:MARK_DIGITS]}"

    @property
    def model(self) -> dict[str, Any]:
        """What CreateModel is asked."""
        environment = {
            "SAGEMAKER_PROGRAM": PROGRAM,
            "SAGEMAKER_MAX_PAYLOAD_IN_MB": str(MAX_BODY_MIB),
            "MMS_MAX_RESPONSE_SIZE": str(MAX_BODY_MIB * 2**20),
        }
        if not has_gpu(self.instance_type):
            # Else one a core, each with a model of its own.
            environment["SAGEMAKER_MODEL_SERVER_WORKERS"] = "1"
        return {
            "ModelName": self.version,
            "ExecutionRoleArn": self.role,
            "PrimaryContainer": {
                "Image": self.image,
                "ModelDataUrl": self.archive,
                "Environment": environment,
            },
        }

    @property
    def configuration(self) -> dict[str, Any]:
        """What CreateEndpointConfig is asked."""
        variant = {
            "VariantName": VARIANT,
            "ModelName": self.version,
            "InstanceType": self.instance_type,
            "InitialInstanceCount": self.least,
            "ModelDataDownloadTimeoutInSeconds": DOWNLOAD_SECONDS,
            "ContainerStartupHealthCheckTimeoutInSeconds": START_SECONDS,
        }
        return {"EndpointConfigName": self.version, "ProductionVariants": [variant]}


def is_version_of(version: str, name: str) -> bool:
    """Whether a model or a configuration is one of an endpoint's."""
    return re.fullmatch(rf"{re.escape(name)}-[0-9a-f]{{{MARK_DIGITS}}}", version) is not None
