"""Images: which container of Hugging Face's serves, by region and kind of instance.

Not covered: regions that are younger than this table; they need the image's address.
"""

import re

from shared.errors import OptionInvalid

#: PyTorch, and the transformers that saves our models' text encoders.
VERSIONS = "2.6.0-transformers5.5.3"
GPU, CPU = "gpu-py312-cu124-ubuntu22.04", "cpu-py312-ubuntu22.04"
#: Who publishes the containers, where it is not `PUBLISHER`.
PUBLISHERS = {
    "af-south-1": "626614931356",
    "ap-east-1": "871362719292",
    "ap-northeast-3": "364406365360",
    "cn-north-1": "727897471807",
    "cn-northwest-1": "727897471807",
    "eu-south-1": "692866216735",
    "me-south-1": "217643126080",
    "us-gov-west-1": "442386744353",
}
PUBLISHER = "763104351884"
#: Where it is.
REGIONS = (
    "ap-northeast-1", "ap-northeast-2", "ap-south-1", "ap-southeast-1", "ap-southeast-2",
    "ca-central-1", "eu-central-1", "eu-north-1", "eu-west-1", "eu-west-2", "eu-west-3",
    "sa-east-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
)  # fmt: skip

_TYPE = re.compile(r"ml\.(?P<family>[a-z]+)[0-9][a-z0-9-]*\.[a-z0-9]+")


def has_gpu(instance_type: str) -> bool:
    """Whether instances of a type (`ml.g5.xlarge`) have an NVIDIA GPU.

    Raises:
        OptionInvalid: It is no type, or one of chips that PyTorch's containers do not run on.
    """
    found = _TYPE.fullmatch(instance_type)
    if found is None or found["family"] in {"inf", "trn"}:
        reason = f"{instance_type} is no type such as ml.g5.xlarge or ml.c5.2xlarge"
        raise OptionInvalid(option="--instance_type", reason=reason)
    return found["family"] in {"g", "p"}


def image_for(region: str, instance_type: str) -> str:
    """The container's address in ECR.

    Raises:
        OptionInvalid: The type is none, or the table does not know the region.
    """
    publisher = PUBLISHERS.get(region) or (PUBLISHER if region in REGIONS else "")
    if not publisher:
        reason = f"it is needed in {region}, whose publisher of containers is not known here"
        raise OptionInvalid(option="--image", reason=reason)
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    kind = GPU if has_gpu(instance_type) else CPU
    host = f"{publisher}.dkr.ecr.{region}.{domain}"
    return f"{host}/huggingface-pytorch-inference:{VERSIONS}-{kind}"
