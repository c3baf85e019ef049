"""Scaling: how many instances an endpoint has, by how much each is asked."""

from dataclasses import dataclass
from typing import Any

from infra.sagemaker.aws import Aws, asked, says
from infra.sagemaker.deployment import VARIANT
from shared.errors import EndpointRefused

DIMENSION = "sagemaker:variant:DesiredInstanceCount"
POLICY = "invocations"


@dataclass(frozen=True, slots=True)
class Scaling:
    """Target tracking: instances come and go so that each is asked so often."""

    least: int
    most: int
    #: Requests a minute that an instance should get.
    per_minute: float
    #: Seconds after a step until the next one, downwards and upwards.
    in_seconds: int
    out_seconds: int

    def start(self, name: str, aws: Aws) -> None:
        """Let an endpoint in service scale so; what was said before is replaced.

        Raises:
            EndpointError: AWS refused or did not answer.
        """
        target = _target(name)
        with asked("RegisterScalableTarget"):
            aws.scaling.register_scalable_target(
                **target, MinCapacity=self.least, MaxCapacity=self.most
            )
        metric = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
        with asked("PutScalingPolicy"):
            aws.scaling.put_scaling_policy(
                **target,
                PolicyName=POLICY,
                PolicyType="TargetTrackingScaling",
                TargetTrackingScalingPolicyConfiguration={
                    "TargetValue": self.per_minute,
                    "PredefinedMetricSpecification": metric,
                    "ScaleInCooldown": self.in_seconds,
                    "ScaleOutCooldown": self.out_seconds,
                },
            )


def stop(name: str, aws: Aws) -> None:
    """Leave an endpoint at the instances that it has; its policy goes too.

    Raises:
        EndpointError: AWS refused or did not answer.
    """
    try:
        with asked("DeregisterScalableTarget"):
            aws.scaling.deregister_scalable_target(**_target(name))
    except EndpointRefused as error:
        if not says(error, "ObjectNotFound", "No scalable target"):
            raise


def bounds(name: str, aws: Aws) -> tuple[int, int] | None:
    """The least and the most instances; None where nothing scales.

    Raises:
        EndpointError: AWS refused or did not answer.
    """
    target = _target(name)
    with asked("DescribeScalableTargets"):
        found = aws.scaling.describe_scalable_targets(
            ServiceNamespace=target["ServiceNamespace"], ResourceIds=[target["ResourceId"]]
        )["ScalableTargets"]
    return (found[0]["MinCapacity"], found[0]["MaxCapacity"]) if found else None


def _target(name: str) -> dict[str, Any]:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": f"endpoint/{name}/variant/{VARIANT}",
        "ScalableDimension": DIMENSION,
    }
