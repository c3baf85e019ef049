"""Model references: their forms, their digests, and what is said when nothing is there."""

import contextlib
import hashlib
import os
import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.errors import ModelInvalid, ModelMissing, ModelReferenceInvalid
from shared.keys import S3Address
from shared.references import (
    ArchiveReference,
    DirectoryReference,
    HubReference,
    RegistryReference,
    file_digest,
    locate,
    parse,
    resolve,
    tree_digest,
)
from shared.s3 import ObjectStore
from shared.settings import Settings

SHA = "0123456789abcdef" * 4
COMMIT = "0123456789" * 4

names = st.text(string.ascii_letters + string.digits, min_size=1, max_size=20)


# --- forms -----------------------------------------------------------------------------------


@given(org=names, name=names, revision=st.none() | names)
def test_org_and_name_are_a_hub_reference(org, name, revision):
    """`org/name[@revision]` is a repository, and its text reads back as the same reference."""
    written = f"{org}/{name}" + (f"@{revision}" if revision else "")
    reference = parse(written)
    assert reference == HubReference(f"{org}/{name}", revision or "main")
    assert parse(str(reference)) == reference


@pytest.mark.parametrize("revision", ["refs/pr/1", "v1.0", "fp16", COMMIT])
def test_revisions_are_branches_tags_and_commits(revision):
    """A slash in a revision is fine, as in `refs/pr/1`."""
    assert parse(f"a/b@{revision}") == HubReference("a/b", revision)


@pytest.mark.parametrize("ending", ["tar.gz", "tgz", "tar"])
def test_an_s3_address_with_a_digest_is_an_archive(ending):
    """`s3://…#sha256=…` is an archive; the digest is kept in lower case."""
    reference = parse(f"s3://bucket/models/a.{ending}#sha256={SHA.upper()}")
    assert reference == ArchiveReference(S3Address("bucket", f"models/a.{ending}"), SHA)
    assert parse(str(reference)) == reference


@pytest.mark.parametrize("written", ["/models/a", "./a", "../a", "~/a", ".", ".."])
def test_what_is_written_as_a_path_is_a_directory(written):
    """A path is a directory, absolute, whether or not it is there."""
    reference = parse(written)
    assert isinstance(reference, DirectoryReference)
    assert reference.path.is_absolute()


def test_an_existing_directory_beats_the_hub(tmp_path, monkeypatch):
    """`models/clipseg` is a directory where one is, and a hub id where none is."""
    monkeypatch.chdir(tmp_path)
    assert parse("models/clipseg").kind == "hub"
    (tmp_path / "models" / "clipseg").mkdir(parents=True)
    assert parse("models/clipseg") == DirectoryReference(tmp_path / "models" / "clipseg")


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ("", "no org/name"),
        ("clipseg", "no org/name"),
        ("a/b/c", "no org/name"),
        ("a b/c", "no org/name"),
        ("a/b@", "no org/name"),
        ("a/b@../../x", "no branch, tag or commit"),
        ("-rf/b", "no org/name"),
        ("ä/b", "no org/name"),
        ("x" * 5_000, "no org/name"),
        ("~\0", "control characters"),
        ("a/b\n", "control characters"),
        ("https://huggingface.co/a/b", "only s3:// addresses"),
        ("file:///models/a", "only s3:// addresses"),
        ("~nobody-of-that-name/a", "no such home directory"),
        (f"s3://bucket/model.zip#sha256={SHA}", r"must end in \.tar\.gz, \.tgz, \.tar"),
        ("s3://bucket/model.tar.gz", "lacks #sha256="),
        ("s3://bucket/model.tar.gz#sha256=", "lacks #sha256="),
        ("s3://bucket/model.tar.gz#sha256=abc", "not 64 hex digits"),
        (f"s3:///model.tar.gz#sha256={SHA}", "bucket is missing"),
        (f"s3://b/../model.tar.gz#sha256={SHA}", r"`\.\.` parts"),
    ],
)
def test_anything_else_is_refused_with_its_reason(written, reason):
    """A reference of no known form is named together with what is wrong with it."""
    with pytest.raises(ModelReferenceInvalid, match=reason):
        parse(written)


@given(st.text(max_size=80))
def test_parsing_never_fails_otherwise(written):
    """Whatever is written, the answer is a reference or ModelReferenceInvalid."""
    with contextlib.suppress(ModelReferenceInvalid):
        parse(written)


# --- digests ---------------------------------------------------------------------------------


def fill(directory: Path, files: dict[str, bytes]) -> Path:
    """A directory with these files."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return directory


MODEL = {
    "model_index.json": b"{}",
    "unet/model.safetensors": b"weights",
    "tokenizer/merges.txt": b"a b",
    "tokenizer/spiece.model": b"c",
}


def test_a_file_digest_is_its_sha256(tmp_path):
    """What `sha256sum` prints."""
    fill(tmp_path, {"a": b"abc" * 100_000})
    assert file_digest(tmp_path / "a") == hashlib.sha256(b"abc" * 100_000).hexdigest()


def test_a_tree_digest_knows_no_times_places_or_bystanders(tmp_path):
    """Copied elsewhere, touched, with pickles, pictures and hidden notes beside: the same model."""
    one = tree_digest(fill(tmp_path / "one", dict(reversed(MODEL.items()))))
    beside = {
        "README.md": b"!",
        "pytorch_model.bin": b"!",
        ".cache/x.json": b"!",
        ".git/y.json": b"!",
    }
    other = fill(tmp_path / "other", MODEL | beside)
    os.utime(other / "model_index.json", (1, 1))
    assert tree_digest(other) == one


files = st.dictionaries(
    st.builds("{}/{}.{}".format, names, names, st.sampled_from(["json", "txt", "safetensors"])),
    st.binary(max_size=8),
    max_size=4,
)


@given(one=files, other=files)
def test_a_tree_digest_changes_with_any_name_or_byte(tmp_path_factory, one, other):
    """Two trees have one digest exactly when their loadable files are equal."""
    weights = {"w.safetensors": b"w"}
    trees = [
        fill(tmp_path_factory.mktemp("tree"), {k.lower(): v for k, v in content.items()} | weights)
        for content in (one, other)
    ]
    left, right = ({k.lower(): v for k, v in content.items()} for content in (one, other))
    assert (tree_digest(trees[0]) == tree_digest(trees[1])) == (left == right)


def test_links_count_as_what_they_lead_to(tmp_path):
    """The hub's cache is a directory of links; its digest is that of the files."""
    plain = fill(tmp_path / "plain", MODEL)
    linked = tmp_path / "linked"
    linked.mkdir()
    for path in plain.iterdir():
        (linked / path.name).symlink_to(path)
    assert tree_digest(linked) == tree_digest(plain)


def test_a_circle_of_links_is_refused(tmp_path):
    """A link to a folder above ends in an error, not in an endless walk."""
    fill(tmp_path, MODEL)
    (tmp_path / "unet" / "up").symlink_to(tmp_path)
    with pytest.raises(ModelInvalid, match="leads back"):
        tree_digest(tmp_path)


# --- resolving -------------------------------------------------------------------------------


def test_a_directory_resolves_to_its_tree_and_its_absolute_path(tmp_path, monkeypatch):
    """Workers have another current directory, so the stored reference is absolute."""
    fill(tmp_path / "m", MODEL)
    monkeypatch.chdir(tmp_path)
    resolved = resolve("./m")
    assert (resolved.kind, resolved.reference) == ("directory", str(tmp_path / "m"))
    assert resolved.digest == tree_digest(tmp_path / "m")
    assert parse(resolved.reference) == DirectoryReference(tmp_path / "m")


def test_a_missing_directory_names_its_nearest_sibling(tmp_path):
    """The sentence says which part of the path is wrong, what is near, and what to run."""
    fill(tmp_path / "models" / "clipseg-v2" / "weights", MODEL)
    with pytest.raises(ModelMissing) as caught:
        resolve(str(tmp_path / "models" / "clipsegv2" / "weights"))
    assert f"looked in {tmp_path}/models, which has no clipsegv2" in str(caught.value)
    assert f"Did you mean {tmp_path}/models/clipseg-v2/weights?" in str(caught.value)
    assert f"`ls {tmp_path}/models`" in caught.value.report()["hint"]


def test_a_directory_without_weights_is_refused(tmp_path):
    """Pickled weights alone are no model, and neither is a file."""
    fill(tmp_path, {"config.json": b"{}", "pytorch_model.bin": b"!"})
    with pytest.raises(ModelInvalid, match=r"holds no \*\.safetensors"):
        resolve(str(tmp_path))
    with pytest.raises(ModelInvalid, match="is a file"):
        resolve(str(tmp_path / "config.json"))


def test_an_archive_resolves_to_the_digest_it_names(bucket):
    """The object must exist where a store is given to ask; its bytes are the worker's business."""
    fill(bucket, {"models/model-v2.tar.gz": b"..."})
    store = ObjectStore.connect()
    written = f"s3://{bucket.name}/models/model-v2.tar.gz#sha256={SHA}"
    assert resolve(written, store=store) == resolve(written)
    assert resolve(written).digest == SHA
    assert locate(written, store=lambda: store).size == 3
    with pytest.raises(
        ModelMissing, match=rf"Did you mean s3://{bucket.name}/models/model-v2\.tar"
    ):
        resolve(written.replace("v2", "v3"), store=store)


# --- the registry's --------------------------------------------------------------------------


@pytest.mark.parametrize("which", ["stable", "v1.2_b", f"sha256:{SHA}"])
def test_a_registry_reference_names_a_model_and_which_of_it(which):
    """An alias or a whole digest; its text reads back as the same reference."""
    reference = parse(f"registry:brand@{which}")
    assert reference == RegistryReference("brand", which)
    assert parse(str(reference)) == reference


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("registry:brand", "lacks the alias, as in registry:brand@stable"),
        ("registry:brand@", "lacks the alias"),
        ("registry:@stable", "no name of a model"),
        ("registry:../x@stable", "no name of a model"),
        ("registry:brand@../x", "no name of an alias"),
        ("registry:brand@sha256:123", "not 64 hex digits"),
    ],
)
def test_half_a_registry_reference_is_refused(written, words):
    """What is missing is said, and nothing climbs out of the registry."""
    with pytest.raises(ModelReferenceInvalid, match=words):
        parse(written)


@pytest.mark.parametrize("written", ["bucket/x", "s3://", f"s3://bucket/{'x' * 600}"])
def test_a_registry_lies_under_an_s3_prefix(written):
    """With room for the models' names."""
    with pytest.raises(ValidationError):
        Settings(registry=written)
    assert Settings(registry="s3://bucket/registry").registry == "s3://bucket/registry/"
