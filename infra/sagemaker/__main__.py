"""`python -m infra.sagemaker`: a packed model as a SageMaker endpoint: deploy, show, delete."""

import re
from typing import Annotated, Any

import typer

from infra.sagemaker import scaling
from infra.sagemaker.archive import Archive, find
from infra.sagemaker.aws import Aws, asked
from infra.sagemaker.deployment import Deployment
from infra.sagemaker.endpoint import Endpoint
from infra.sagemaker.images import image_for
from producer.cli.terminal import JsonFlag, err, print_json, speaks
from shared.errors import EndpointUnknown, OptionInvalid
from shared.s3 import ObjectStore

ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+", re.ASCII)

app = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)

Name = Annotated[str, typer.Option(help="The endpoint's name.")]
Patience = Annotated[float, typer.Option("--timeout", min=0, help="Longest wait, in seconds.")]


@app.command()
@speaks
def deploy(  # noqa: PLR0913 - an argument per option
    *,
    archive: Annotated[str, typer.Option(help="s3://…/model.tar.gz, or registry:NAME@ALIAS.")],
    name: Name,
    role: Annotated[str, typer.Option(help="ARN of the role that the container runs under.")],
    instance_type: Annotated[str, typer.Option("--instance_type")] = "ml.g5.xlarge",
    least: Annotated[int, typer.Option("--min", min=1, help="Instances at least.")] = 1,
    most: Annotated[int, typer.Option("--max", min=1, help="Instances at most.")] = 1,
    image: Annotated[
        str | None, typer.Option(help="Address of the container; by default Hugging Face's.")
    ] = None,
    per_minute: Annotated[
        float, typer.Option("--per_minute", min=0.1, help="Requests a minute for one instance.")
    ] = 10.0,
    in_seconds: Annotated[
        int, typer.Option("--scale_in_cooldown", min=0, help="Seconds between steps downwards.")
    ] = 600,
    out_seconds: Annotated[
        int, typer.Option("--scale_out_cooldown", min=0, help="Seconds between steps upwards.")
    ] = 120,
    timeout: Patience = 3_600.0,
    json: JsonFlag = False,
) -> None:
    """Serve a model; run again with another archive, the endpoint moves to it without a gap.

    Example: python -m infra.sagemaker deploy --archive registry:brand@stable --name brand
    --role arn:aws:iam::123456789012:role/restyle-endpoint --max 4
    """
    if most < least:
        raise OptionInvalid(option="--max", reason=f"{most} is less than --min {least}")
    if not ROLE.fullmatch(role):
        reason = f"{role!r} is no arn:aws:iam::123456789012:role/NAME"
        raise OptionInvalid(option="--role", reason=reason)
    aws = Aws.connect()
    image = image or image_for(aws.region, instance_type)
    found = find(archive, ObjectStore.connect())
    wanted = Deployment(name, str(found.address), found.mark, image, role, instance_type, least)
    steps = scaling.Scaling(least, most, per_minute, in_seconds, out_seconds)
    moved = Endpoint(name, aws, _tell(name), timeout).bring_to(wanted, steps)
    facts = _facts(name, aws) | {"changed": moved, "program_seen": found.serves}
    print_json(facts) if json else _say_deployed(facts, found)


@app.command()
@speaks
def show(name: Name, *, json: JsonFlag = False) -> None:
    """Say what an endpoint serves, on what, and how it stands."""
    facts = _facts(name, Aws.connect())
    if json:
        print_json(facts)
        return
    for key, value in facts.items():
        typer.echo(f"{key:<14}{value if value is not None else '-'}")


@app.command()
@speaks
def delete(name: Name, timeout: Patience = 900.0, *, json: JsonFlag = False) -> None:
    """Take an endpoint away, with its scaling, configurations and models; archives stay in S3."""
    aws = Aws.connect()
    Endpoint(name, aws, _tell(name), timeout).delete()
    print_json({"name": name, "status": "gone"}) if json else typer.echo(
        f"{name} is gone, and with it all that runs and costs for it."
    )


def _facts(name: str, aws: Aws) -> dict[str, Any]:
    """What AWS tells of an endpoint.

    Raises:
        EndpointUnknown: It is not there.
        EndpointError: AWS refused or did not answer.
    """
    found = Endpoint(name, aws, lambda _: None, 0).look()
    if not found:
        raise EndpointUnknown(name=name, region=aws.region)
    version = found["EndpointConfigName"]
    with asked("DescribeEndpointConfig"):
        config = aws.sagemaker.describe_endpoint_config(EndpointConfigName=version)
    [variant] = config["ProductionVariants"]
    with asked("DescribeModel"):
        model = aws.sagemaker.describe_model(ModelName=variant["ModelName"])
    [now] = found.get("ProductionVariants") or [{}]
    bounds = scaling.bounds(name, aws)
    return {
        "name": name,
        "status": found["EndpointStatus"],
        "failure": found.get("FailureReason"),
        "archive": model["PrimaryContainer"]["ModelDataUrl"],
        "image": model["PrimaryContainer"]["Image"],
        "instance_type": variant["InstanceType"],
        "instances": now.get("CurrentInstanceCount"),
        "min": bounds and bounds[0],
        "max": bounds and bounds[1],
        "version": version,
    }


def _tell(name: str) -> Any:
    console = err()
    return lambda status: console.print(f"{name}: {status}", markup=False)


def _say_deployed(facts: dict[str, Any], archive: Archive) -> None:
    name, count = facts["name"], facts["instances"]
    serves = f"serves {archive.address} on {count} x {facts['instance_type']}"
    typer.echo(f"{name} {'now ' if facts['changed'] else 'already '}{serves}.")
    if archive.serves is None:
        typer.echo("Its archive was not read as far as code/inference.py: ask it once.")
    typer.echo(
        "Ask it:  aws sagemaker-runtime invoke-endpoint --endpoint-name "
        f"{name} --content-type application/json --body fileb://body.json answer.json"
    )
    typer.echo(f"It runs, and costs, until:  python -m infra.sagemaker delete --name {name}")


if __name__ == "__main__":
    app()
