"""A model's directory becomes one file: the same bytes each time, and nothing that is no model."""

import gzip
import io
import os
import shutil
import tarfile
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import DiskFailed, ModelInvalid
from shared.packing import pack, rules, unpack
from shared.packing.stored import StoredGzip
from shared.references import file_digest, tree_digest
from tests.archives import write_painter


@pytest.fixture
def painter(tmp_path) -> Path:
    """The files of a painter, laid out like a fine-tune's export; no weights worth loading."""
    return write_painter(tmp_path / "painter")


def test_equal_files_are_equal_bytes(painter, tmp_path):
    """Another order on disk, other times, other permissions: the same digest."""
    first = pack(painter, tmp_path / "a.tar.gz")
    other = tmp_path / "other"
    files = sorted((file for file in painter.rglob("*") if file.is_file()), reverse=True)
    for number, file in enumerate(files):
        copy = other / file.relative_to(painter)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(file, copy)
        copy.chmod(0o600)
        os.utime(copy, (10**9 + number, 10**9 + number))
    assert pack(other, tmp_path / "b.tar.gz") == first == file_digest(tmp_path / "a.tar.gz")
    assert (tmp_path / "a.tar.gz").read_bytes() == (tmp_path / "b.tar.gz").read_bytes()


def test_a_changed_byte_changes_the_digest(painter, tmp_path):
    """Who names a digest names every byte."""
    before = pack(painter, tmp_path / "a.tar.gz")
    (painter / "card.json").write_text('{"steps": 8}')
    assert pack(painter, tmp_path / "a.tar.gz") != before


def test_members_are_nobodys(painter, tmp_path):
    """Files lie at the root in the order of their names, with no owner and no time."""
    pack(painter, tmp_path / "a.tar.gz")
    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        members = tar.getmembers()
    names = [member.name for member in members]
    assert names == sorted(names)
    assert {"model_index.json", "code/inference.py", "samples.png"} <= set(names)
    owners = {(member.uid, member.gid, member.uname, member.gname) for member in members}
    assert owners == {(0, 0, "", "")}
    assert {(member.mtime, member.mode) for member in members} == {(0, 0o644)}


def test_what_was_packed_unpacks(painter, tmp_path):
    """Packed and unpacked, a model has the digest that it had; an endpoint's program stays out."""
    pack(painter, tmp_path / "a.tar.gz")
    out = tmp_path / "out"
    out.mkdir()
    unpack(tmp_path / "a.tar.gz", out, reference="a", max_bytes=1_000_000)
    assert tree_digest(out) == tree_digest(painter)
    assert (out / "card.json").read_bytes() == (painter / "card.json").read_bytes()
    assert not (out / "code").exists()


STRANGERS = [
    ("unet/diffusion_pytorch_model.bin", "pickle"),
    ("model.ckpt", "pickle"),
    ("optimizer.pt", "pickle"),
    ("checkpoint-500/unet/model.safetensors", "no part of a model"),
    ("notes.doc", "nothing that a model"),
    ("train.py", "nothing that a model"),
    ("unet/a b.json", "odd name"),
    ("unet/a/b/c/d.json", "odd name"),
]


@pytest.mark.parametrize(("name", "words"), STRANGERS)
def test_what_is_no_model_is_refused(painter, tmp_path, name, words):
    """Pickles, checkpoints and strangers are named; no half archive is left."""
    (painter / name).parent.mkdir(parents=True, exist_ok=True)
    (painter / name).write_bytes(b"x")
    with pytest.raises(ModelInvalid, match=words):
        pack(painter, tmp_path / "a.tar.gz")
    assert not (tmp_path / "a.tar.gz").exists()


@pytest.mark.parametrize("target", ["/etc/passwd", "model_index.json", "unet", "nowhere"])
def test_links_are_refused(painter, tmp_path, target):
    """What a link leads to is not what was trained."""
    (painter / "extra.json").symlink_to(target)
    with pytest.raises(ModelInvalid, match="is a link"):
        pack(painter, tmp_path / "a.tar.gz")


@pytest.mark.parametrize("part", ["unet", "vae", "text_encoder", "tokenizer", "scheduler"])
def test_a_missing_component_is_refused(painter, tmp_path, part):
    """An archive that no worker could load is not made."""
    shutil.rmtree(painter / part)
    with pytest.raises(ModelInvalid, match=part):
        pack(painter, tmp_path / "a.tar.gz")


def test_a_pipe_is_refused(painter, tmp_path):
    """Reading it would wait for ever."""
    os.mkfifo(painter / "extra.json")
    with pytest.raises(ModelInvalid, match="no regular file"):
        pack(painter, tmp_path / "a.tar.gz")


def test_the_caps_of_unpacking_hold(painter, tmp_path, monkeypatch):
    """What a worker would refuse for its size is refused before it is uploaded."""
    with pytest.raises(ModelInvalid, match="unpacks to more"):
        pack(painter, tmp_path / "a.tar.gz", max_bytes=100)
    monkeypatch.setattr(rules, "MAX_MEMBERS", 3)
    with pytest.raises(ModelInvalid, match="unpacks to more"):
        pack(painter, tmp_path / "a.tar.gz")


def test_hidden_files_stay_out(painter, tmp_path):
    """The notes of downloads are no part of a model, and links among them are nobody's matter."""
    before = pack(painter, tmp_path / "a.tar.gz")
    (painter / ".cache").mkdir()
    (painter / ".cache" / "note").symlink_to("/etc/passwd")
    assert pack(painter, tmp_path / "a.tar.gz") == before


def test_a_place_that_cannot_be_written_is_told(painter, tmp_path):
    """The disk's fault, not the model's."""
    with pytest.raises(DiskFailed):
        pack(painter, tmp_path / "none" / "a.tar.gz")


def test_the_digest_is_this_one_on_any_host(tmp_path):
    """With any Python and any zlib: theirs have changed what the same files become."""
    painter = write_painter(tmp_path / "painter", mark="weights" * 30_000)
    known = "3629325a380cab0ad358052dfde2c40f51531404c7f79a863609fe3a9527b72b"
    assert pack(painter, tmp_path / "model.tar.gz") == known


@given(content=st.binary(max_size=200_000), cut=st.integers(1, 70_000))
def test_a_stored_gzip_unpacks_to_what_was_written(content, cut):
    """However it was cut into writes; they decide no byte."""
    whole, parts = io.BytesIO(), io.BytesIO()
    with closing(StoredGzip(whole)) as stream:
        stream.write(content)
    with closing(StoredGzip(parts)) as stream:
        for start in range(0, len(content), cut):
            stream.write(content[start : start + cut])
    assert gzip.decompress(whole.getvalue()) == content
    assert parts.getvalue() == whole.getvalue()
