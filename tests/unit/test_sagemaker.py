"""Deployments: containers by region and instance, names, and what decides them."""

from dataclasses import replace

import pytest

from infra.sagemaker.archive import find
from infra.sagemaker.deployment import Deployment, is_version_of
from infra.sagemaker.images import image_for
from shared.errors import OptionInvalid
from shared.s3 import ObjectStore

WANTED = Deployment("brand", "s3://shop/m.tar.gz", "abc", "image", "role", "ml.g5.xlarge", 1)


@pytest.mark.parametrize(
    ("region", "instance_type", "host", "kind"),
    [
        ("eu-west-1", "ml.g5.xlarge", "763104351884.dkr.ecr.eu-west-1.amazonaws.com", "gpu"),
        ("us-east-1", "ml.p4d.24xlarge", "763104351884.dkr.ecr.us-east-1.amazonaws.com", "gpu"),
        ("eu-south-1", "ml.c5.2xlarge", "692866216735.dkr.ecr.eu-south-1.amazonaws.com", "cpu"),
        ("cn-north-1", "ml.m5.large", "727897471807.dkr.ecr.cn-north-1.amazonaws.com.cn", "cpu"),
    ],
)
def test_the_container_is_that_of_region_and_instance(region, instance_type, host, kind):
    """Another publisher here and there, another domain in China, CUDA where there is a GPU."""
    image = image_for(region, instance_type)
    assert image.startswith(f"{host}/huggingface-pytorch-inference:")
    assert f"-{kind}-py312" in image


@pytest.mark.parametrize(
    ("region", "instance_type", "option"),
    [
        ("mars-north-1", "ml.g5.xlarge", "--image"),
        ("eu-west-1", "g5.xlarge", "--instance_type"),
        ("eu-west-1", "ml.inf2.xlarge", "--instance_type"),
    ],
)
def test_a_container_that_is_not_known_is_asked_for(region, instance_type, option):
    """Rather than one that does not exist; the sentence names the option."""
    with pytest.raises(OptionInvalid, match=f"^{option} cannot be used"):
        image_for(region, instance_type)


@pytest.mark.parametrize("name", ["under_score", "-a", "a-", "a--b", "", "x" * 51, "a/b"])
def test_a_name_that_sagemaker_refuses_is_refused_here(name):
    """With room for what is made of it."""
    with pytest.raises(OptionInvalid, match="--name"):
        replace(WANTED, name=name)


@pytest.mark.parametrize(
    "other",
    [{"mark": "d"}, {"image": "i"}, {"role": "r"}, {"instance_type": "ml.g6.xlarge"}, {"least": 2}],
    ids=lambda other: next(iter(other)),
)
def test_equal_deployments_have_equal_names_and_others_others(other):
    """A name that is there already stands for the very same."""
    assert replace(WANTED).version == WANTED.version
    assert replace(WANTED, **other).version != WANTED.version
    assert is_version_of(WANTED.version, "brand")


def test_what_is_cleared_is_an_endpoints_own():
    """An endpoint whose name begins alike keeps what is its."""
    assert not is_version_of(replace(WANTED, name="brand-two").version, "brand")
    assert not is_version_of("brand-production", "brand")


def test_a_cpu_runs_one_process_and_a_gpu_one_each():
    """On a CPU the container would start one a core, each with a model of its own."""
    key = "SAGEMAKER_MODEL_SERVER_WORKERS"
    cpu = replace(WANTED, instance_type="ml.c5.xlarge").model["PrimaryContainer"]["Environment"]
    assert cpu[key] == "1"
    assert key not in WANTED.model["PrimaryContainer"]["Environment"]


@pytest.mark.parametrize(
    "reference", ["org/name", "./here", f"s3://shop/model.tar#sha256={64 * 'a'}"]
)
def test_what_sagemaker_cannot_fetch_is_refused(reference, monkeypatch):
    """It unpacks a .tar.gz of S3's and nothing else; S3 is not asked."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    with pytest.raises(OptionInvalid, match="--archive"):
        find(reference, ObjectStore.connect())
