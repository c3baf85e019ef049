"""Endpoint: brought to what a deployment says, watched until it is there, and taken away."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from infra.sagemaker import scaling
from infra.sagemaker.aws import Aws, asked, says
from infra.sagemaker.deployment import Deployment, is_version_of
from shared.errors import (
    EndpointFailed,
    EndpointRefused,
    EndpointUnfinished,
    EndpointUnknown,
)

#: Between two looks at an endpoint that is under way; it takes minutes.
LOOK_SECONDS = 15.0
#: States in which AWS works on it by itself.
UNDER_WAY = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
#: What is made for an endpoint, and how boto3 lists and deletes it; configurations name models.
KINDS = {
    "EndpointConfig": ("list_endpoint_configs", "delete_endpoint_config"),
    "Model": ("list_models", "delete_model"),
}
IN_SERVICE, FAILED, GONE = "InService", "Failed", "gone"

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One endpoint of the account, which may not be there yet."""

    name: str
    aws: Aws
    #: Told of each new state.
    tell: Tell
    #: Longest wait for it, in seconds.
    patience: float

    def bring_to(self, wanted: Deployment, steps: scaling.Scaling) -> bool:
        """Make it what a deployment says; whether it was something else.

        Raises:
            EndpointFailed: SageMaker could not start it; an older one goes on serving.
            EndpointUnfinished: It was not there in time.
            EndpointError: AWS refused or did not answer.
        """
        self._make(wanted)
        found = self.settled()
        was_other = not _serves(found, wanted.version)
        if was_other:
            # An update of what scales by itself may be refused.
            scaling.stop(self.name, self.aws)
            self._start(found, wanted.version)
            found = self.settled()
        if found.get("EndpointStatus") == IN_SERVICE:
            steps.start(self.name, self.aws)
        if not _serves(found, wanted.version):
            raise EndpointFailed(name=self.name, reason=_failure(found))
        self._clear(keep=wanted.version)
        return was_other

    def delete(self) -> None:
        """Take it away, with all models and configurations that were made for it.

        Raises:
            EndpointUnknown: It is not there, and nothing of it.
            EndpointUnfinished: It is not gone in time.
            EndpointError: AWS refused or did not answer.
        """
        scaling.stop(self.name, self.aws)
        if found := self.look():
            if found["EndpointStatus"] != "Deleting":
                with asked("DeleteEndpoint"):
                    self.aws.sagemaker.delete_endpoint(EndpointName=self.name)
            self.settled()
        if not self._clear() and not found:
            raise EndpointUnknown(name=self.name, region=self.aws.region)

    def look(self) -> dict[str, Any]:
        """What DescribeEndpoint tells; nothing where it is not there.

        Raises:
            EndpointError: AWS refused or did not answer.
        """
        try:
            with asked("DescribeEndpoint"):
                told: dict[str, Any] = self.aws.sagemaker.describe_endpoint(EndpointName=self.name)
        except EndpointRefused as error:
            if says(error, "Could not find"):
                return {}
            raise
        return told

    def settled(self) -> dict[str, Any]:
        """The same, once AWS works on it no longer.

        Raises:
            EndpointUnfinished: It still does.
            EndpointError: AWS refused or did not answer.
        """
        before, started = "", time.monotonic()
        while True:
            found = self.look()
            status = found.get("EndpointStatus", GONE)
            if status != before:
                self.tell(status)
            if status not in UNDER_WAY:
                return found
            seconds = time.monotonic() - started
            if seconds >= self.patience:
                raise EndpointUnfinished(name=self.name, status=status, seconds=round(seconds))
            before = status
            time.sleep(min(LOOK_SECONDS, self.patience - seconds))

    def _make(self, wanted: Deployment) -> None:
        """Model and configuration; one of this name is there already, and the same."""
        sagemaker = self.aws.sagemaker
        _made("CreateModel", sagemaker.create_model, wanted.model)
        _made("CreateEndpointConfig", sagemaker.create_endpoint_config, wanted.configuration)

    def _start(self, found: dict[str, Any], version: str) -> None:
        call = {"EndpointName": self.name, "EndpointConfigName": version}
        if found.get("EndpointStatus") == FAILED:
            # It never served, and AWS does not let it be updated.
            with asked("DeleteEndpoint"):
                self.aws.sagemaker.delete_endpoint(EndpointName=self.name)
            found = self.settled()
        if found:
            with asked("UpdateEndpoint"):
                self.aws.sagemaker.update_endpoint(**call)
        else:
            with asked("CreateEndpoint"):
                self.aws.sagemaker.create_endpoint(**call)

    def _clear(self, keep: str = "") -> bool:
        """Delete models and configurations of other versions; whether there were any."""
        old = [(kind, one) for kind in KINDS for one in self._versions(kind) if one != keep]
        for kind, version in old:
            with asked(f"Delete{kind}"):
                getattr(self.aws.sagemaker, KINDS[kind][1])(**{f"{kind}Name": version})
        return bool(old)

    def _versions(self, kind: str) -> list[str]:
        pages = self.aws.sagemaker.get_paginator(KINDS[kind][0])
        with asked(f"List{kind}s"):
            told = list(pages.paginate(NameContains=f"{self.name}-"))
        names = [str(one[f"{kind}Name"]) for page in told for one in page[f"{kind}s"]]
        return [name for name in names if is_version_of(name, self.name)]


def _made(operation: str, create: Callable[..., Any], wanted: dict[str, Any]) -> None:
    try:
        with asked(operation):
            create(**wanted)
    except EndpointRefused as error:
        if not says(error, "already exist"):
            raise


def _serves(found: dict[str, Any], version: str) -> bool:
    status = found.get("EndpointStatus")
    return status == IN_SERVICE and found["EndpointConfigName"] == version


def _failure(found: dict[str, Any]) -> str:
    """Why it does not serve what was wanted; an update that failed is rolled back."""
    status = found.get("EndpointStatus", GONE)
    reason = str(found.get("FailureReason") or "SageMaker gave no reason").rstrip(".")
    rolled_back = "the version before it serves on, since " if status == IN_SERVICE else ""
    return rolled_back + reason
