"""Which models a request may name: no stranger makes a host read its own disk."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from producer.open_models import OpenModels
from shared.errors import ModelNotAllowed
from shared.folders import folders
from shared.settings import Settings

OPEN = OpenModels(named=frozenset({"/srv/tuned", "./beside"}), folders=folders("/models, /more/"))


@pytest.mark.parametrize(
    "reference",
    [
        "org/name",
        "org/name@0123",
        "registry:brand@stable",
        f"s3://shop/model.tar.gz#sha256={'0' * 64}",
        "/srv/tuned",
        "./beside",
        "/models",
        "/models/clipseg/v2",
        "/more/x",
        "https://elsewhere.example/model",  # `parse` refuses it with its own words
    ],
)
def test_what_is_far_or_open_may_be_named(reference):
    """Hub, S3, the operator's own styles and open folders."""
    OPEN.check([reference])


@pytest.mark.parametrize(
    "reference",
    [
        "/etc",
        "/srv/tuned/..",
        "/models/../etc",
        "/models-of-others",
        "models/x/y",
        "../models",
        "~",
        "~root/models",
        ".",
        "plain",
        "",
    ],
)
def test_the_rest_of_the_disk_may_not(reference):
    """Whether it exists or not: the answer is the same, and nothing is looked up."""
    with pytest.raises(ModelNotAllowed):
        OPEN.check(["org/name", reference])


def test_a_directory_that_is_called_like_a_model_of_the_hub_is_no_model_of_the_hub(
    tmp_path, monkeypatch
):
    """A reference means the directory then, and that is nobody's to open."""
    (tmp_path / "org" / "name").mkdir(parents=True)
    OpenModels().check(["org/name"])
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ModelNotAllowed):
        OpenModels().check(["org/name"])


@pytest.mark.parametrize("text", ["models", "/models/../etc", "~/models"])
def test_a_folder_that_is_opened_is_named_whole(text):
    """What it means must not depend on where a process runs."""
    with pytest.raises(ValidationError, match="absolute path"):
        Settings(model_folders=text)
    assert folders(" ,/a,/b/ ") == (Path("/a"), Path("/b"))
