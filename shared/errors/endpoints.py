"""Endpoints: a model served by SageMaker."""

from shared.errors.base import RestyleError


class EndpointError(RestyleError):
    """An endpoint that cannot be made, found or changed."""


class EndpointUnreachable(EndpointError):
    """AWS did not answer."""

    code = "endpoint_unreachable"
    retryable = True
    sentence = "AWS did not answer {operation}: {reason}."
    hint = "Repeat the command: what is there already stays as it is."


class EndpointMisconfigured(EndpointError):
    """The AWS configuration cannot even make a request."""

    code = "endpoint_misconfigured"
    sentence = "AWS cannot be asked: {reason}."
    hint = "Check AWS_PROFILE or the keys, and AWS_DEFAULT_REGION."


class EndpointRefused(EndpointError):
    """AWS answered that it will not do this."""

    code = "endpoint_refused"
    sentence = "AWS refused {operation}: {reason}."
    hint = "The README's section on SageMaker lists the rights that deploying and the role need."


class EndpointUnknown(EndpointError):
    """There is no such endpoint here."""

    code = "endpoint_unknown"
    sentence = "There is no endpoint {name} in {region}."
    hint = "Check the name and AWS_DEFAULT_REGION; `aws sagemaker list-endpoints` lists them."


class EndpointFailed(EndpointError):
    """SageMaker could not bring the endpoint into service."""

    code = "endpoint_failed"
    sentence = "The endpoint {name} did not come into service: {reason}."
    hint = (
        "The container's log is the group /aws/sagemaker/Endpoints/{name} of CloudWatch. Deploy "
        "again, or delete it: until then its instances may cost."
    )


class EndpointUnfinished(EndpointError):
    """The endpoint did not get there in the time that was given."""

    code = "endpoint_unfinished"
    sentence = "The endpoint {name} is still {status} after {seconds:g} s."
    hint = "It goes on by itself; repeat the command to wait for it again."


class ArchiveUnservable(EndpointError):
    """An archive without the program that an endpoint runs."""

    code = "archive_unservable"
    sentence = "{archive} cannot serve as an endpoint: it holds no {program}."
    hint = (
        "Fine-tuned models are exported with it; beside another model put worker/endpoint's "
        "inference.py and requirements.txt into code/, and pack it again (`restyle models push`)."
    )
