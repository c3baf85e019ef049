"""Deploying against moto's server: what AWS then has of an endpoint."""

import json
import logging
import shutil
import tarfile

import boto3
import pytest
from moto.applicationautoscaling.models import applicationautoscaling_backends
from moto.s3.models import s3_backends
from moto.sagemaker.models import sagemaker_backends
from moto.sagemaker.responses import SageMakerResponse
from moto.server import ThreadedMotoServer
from typer.testing import CliRunner

from infra.demo import services
from infra.sagemaker.__main__ import app
from infra.sagemaker.archive import find
from producer.models import push
from shared.packing import pack
from shared.registry import Registry
from shared.s3 import ObjectStore
from tests.archives import write_painter

ROLE = "arn:aws:iam::123456789012:role/restyle-endpoint"


def _update_endpoint(response):
    """UpdateEndpoint, which moto 5.2 lacks: the configuration is another one at once."""
    backend, name = response.sagemaker_backend, response._get_param("EndpointName")
    config = backend.describe_endpoint_config(response._get_param("EndpointConfigName"))
    endpoint = backend.endpoints[name]
    endpoint.endpoint_config_name = config["EndpointConfigName"]
    endpoint.production_variants = endpoint._process_production_variants(
        config["ProductionVariants"]
    )
    return json.dumps({"EndpointArn": endpoint.arn})


@pytest.fixture(scope="module")
def cloud():
    """The address of a server that answers for S3, SageMaker and scaling."""
    SageMakerResponse.update_endpoint = _update_endpoint
    logging.getLogger("werkzeug").disabled = True
    server = ThreadedMotoServer("127.0.0.1", 0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()
    del SageMakerResponse.update_endpoint


@pytest.fixture
def aws(cloud, monkeypatch):
    """The environment leads there; a client of any of its services."""
    for name, value in services.s3_environment(cloud, "RESTYLEMOTO", "secret").items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_ENDPOINT_URL", cloud)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    boto3.client("s3").create_bucket(
        Bucket="shop", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
    )
    yield boto3.client
    for backends in (sagemaker_backends, applicationautoscaling_backends, s3_backends):
        for account in backends.values():
            account.reset()


@pytest.fixture
def shelf(aws, tmp_path):
    """Puts a packed painter into the bucket; its address, and its digest."""
    models = write_painter(tmp_path / "painter")

    def put(key="model.tar.gz", steps=1, program=True):
        (models / "card.json").write_text(json.dumps({"steps": steps}))
        if not program:
            shutil.rmtree(models / "code")
        digest = pack(models, tmp_path / "model.tar.gz")
        aws("s3").upload_file(str(tmp_path / "model.tar.gz"), "shop", key)
        return f"s3://shop/{key}", digest

    return put


def run(command, *options, status=0):
    """A command's answer as JSON."""
    done = CliRunner().invoke(app, [command, "--json", *map(str, options)])
    assert done.exit_code == status, done.output
    return json.loads(done.stdout)


def deployed(address, *options, **fields):
    """What deploying answers."""
    options = ("--archive", address, "--name", "brand", "--role", ROLE, *options)
    return run("deploy", *options, **fields)


def counts(aws):
    """How many endpoints, configurations, models and scalable targets there are."""
    sagemaker, scaling = aws("sagemaker"), aws("application-autoscaling")
    return (
        len(sagemaker.list_endpoints()["Endpoints"]),
        len(sagemaker.list_endpoint_configs()["EndpointConfigs"]),
        len(sagemaker.list_models()["Models"]),
        len(scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]),
    )


def test_an_endpoint_is_made_moved_and_taken_away(aws, shelf):
    """One endpoint all along; what was made for an older version goes when the newer serves."""
    options = ("--instance_type", "ml.g4dn.xlarge", "--per_minute", 7)
    address = shelf()[0]
    first = deployed(address, *options, "--max", 4)
    assert (first["status"], first["changed"], first["program_seen"]) == ("InService", True, True)
    assert (first["min"], first["max"], first["instances"]) == (1, 4, 1)
    _look_at_model(aws("sagemaker").describe_model(ModelName=first["version"]), address)
    _look_at_scaling(aws("application-autoscaling"))
    shelf(steps=2)
    second = deployed(address, *options, "--min", 2, "--max", 3)
    assert (second["changed"], second["instances"], second["min"]) == (True, 2, 2)
    assert second["version"] != first["version"]
    assert counts(aws) == (1, 1, 1, 1)
    assert run("show", "--name", "brand").items() <= second.items()
    assert run("delete", "--name", "brand")["status"] == "gone"
    assert counts(aws) == (0, 0, 0, 0)


def _look_at_model(model, address):
    """Container, archive, role and program."""
    container = model["PrimaryContainer"]
    image = "huggingface-pytorch-inference:2.6.0-transformers5.5.3-gpu-py312-cu124-ubuntu22.04"
    assert container["Image"] == f"763104351884.dkr.ecr.eu-west-1.amazonaws.com/{image}"
    assert (model["ExecutionRoleArn"], container["ModelDataUrl"]) == (ROLE, address)
    assert container["Environment"]["SAGEMAKER_PROGRAM"] == "inference.py"


def _look_at_scaling(scaling):
    """Instances by requests, with pauses."""
    [policy] = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    target = policy["TargetTrackingScalingPolicyConfiguration"]
    assert policy["ResourceId"] == "endpoint/brand/variant/main"
    assert target["TargetValue"] == 7
    assert (target["ScaleInCooldown"], target["ScaleOutCooldown"]) == (600, 120)
    metric = target["PredefinedMetricSpecification"]["PredefinedMetricType"]
    assert metric == "SageMakerVariantInvocationsPerInstance"


def test_the_same_again_changes_nothing_but_the_scaling(aws, shelf, monkeypatch, tmp_path):
    """A registry's reference is the archive of its version, whatever way that is named."""
    monkeypatch.setenv("RESTYLE_REGISTRY", "s3://shop/registry/")
    digest = shelf()[1]
    registry = Registry.from_settings(ObjectStore.connect())
    push(tmp_path / "painter", "brand", registry, by="anna", max_bytes=10**9)
    address = registry.keys("brand").archive(digest)
    first = deployed(f"registry:brand@sha256:{digest}", "--instance_type", "ml.c5.xlarge")
    assert (first["archive"], first["max"]) == (str(address), 1)
    again = deployed(f"{address}#sha256={digest}", "--instance_type", "ml.c5.xlarge", "--max", 2)
    assert (again["changed"], again["version"]) == (False, first["version"])
    assert (again["max"], counts(aws)) == (2, (1, 1, 1, 1))


def test_an_archive_without_the_program_is_refused(aws, shelf, tmp_path):
    """Before anything is made; one whose beginning does not tell is let pass, and that is said."""
    told = deployed(shelf(program=False)[0], status=2)["error"]
    assert told["code"] == "archive_unservable"
    assert counts(aws) == (0, 0, 0, 0)
    weights, program = tmp_path / "weights", tmp_path / "program"
    weights.write_bytes(bytes(9_000_000))
    program.write_text("")
    with tarfile.open(tmp_path / "late.tar.gz", "w:gz") as tar:
        tar.add(weights, "unet/weights.safetensors")
        tar.add(program, "code/inference.py")
    aws("s3").upload_file(str(tmp_path / "late.tar.gz"), "shop", "late.tar.gz")
    assert find("s3://shop/late.tar.gz", ObjectStore.connect()).serves is None


REFUSALS = [
    (("--min", 3, "--max", 2), "option_invalid"),
    (("--archive", "s3://shop/none.tar.gz"), "object_missing"),
    (("--instance_type", "ml.g99.xlarge"), "endpoint_refused"),
]


def test_what_cannot_be_deployed_is_one_sentence(aws, shelf):
    """With its code and status 2; no endpoint is left behind."""
    for command in ("show", "delete"):
        told = run(command, "--name", "brand", status=2)["error"]
        assert told["code"] == "endpoint_unknown"
    address = shelf()[0]
    codes = [deployed(address, *options, status=2)["error"]["code"] for options, _ in REFUSALS]
    assert codes == [code for _, code in REFUSALS]
    assert counts(aws)[0] == 0


def test_an_endpoint_that_fails_or_lingers_says_so(aws, shelf):
    """Status 1 while AWS works on it; what never served is replaced by the next deployment."""
    address, options = shelf()[0], ("--instance_type", "ml.c5.xlarge")
    deployed(address, *options)
    endpoint = sagemaker_backends["123456789012"]["eu-west-1"].endpoints["brand"]
    endpoint.endpoint_status = "Updating"
    told = deployed(address, *options, "--timeout", 0, status=1)["error"]
    assert (told["code"], told["details"]["status"]) == ("endpoint_unfinished", "Updating")
    endpoint.endpoint_status = "Failed"
    assert deployed(address, *options)["status"] == "InService"
    assert counts(aws) == (1, 1, 1, 1)


def test_an_update_that_is_rolled_back_is_a_failure(aws, shelf, monkeypatch):
    """The version before serves on, and scales on; the reason is SageMaker's."""
    deployed(shelf()[0], "--instance_type", "ml.c5.xlarge")
    endpoint = sagemaker_backends["123456789012"]["eu-west-1"].endpoints["brand"]
    endpoint.failure_reason = "The container did not answer its health check."
    monkeypatch.setattr(SageMakerResponse, "update_endpoint", lambda _: "{}")
    other = shelf("other.tar.gz", steps=2)[0]
    told = deployed(other, "--instance_type", "ml.c5.xlarge", status=1)["error"]
    assert told["code"] == "endpoint_failed"
    assert "the version before it serves on, since The container did not" in told["message"]
    assert counts(aws)[3] == 1


def test_without_a_region_or_an_answer_it_is_one_sentence(aws, shelf, monkeypatch):
    """Status 2 where the configuration is wrong, 3 where AWS is away."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://127.0.0.1:{services.free_port()}")
    told = run("show", "--name", "brand", status=3)["error"]
    assert told["code"] == "endpoint_unreachable"
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    told = run("show", "--name", "brand", status=2)["error"]
    assert (told["code"], "region" in told["message"]) == ("endpoint_misconfigured", True)
