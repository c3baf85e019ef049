"""Archives of anybody's making: only a model's regular files come out, under our control."""

import io
import tarfile
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import ModelInvalid
from shared.packing import rules
from shared.packing.reading import unpack
from shared.packing.stream import MAX_READ_BYTES


def member(name, content=b"{}", *, kind=tarfile.REGTYPE, link=""):
    """A member of an archive under construction."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, link
    info.size = len(content) if kind == tarfile.REGTYPE else 0
    return info, content


def write(path, members, mode="w:gz"):
    """Write an archive."""
    with tarfile.open(path, mode) as tar:
        for info, content in members:
            tar.addfile(info, io.BytesIO(content))
    return path


def unpacked(tmp_path, members, *, mode="w:gz", max_bytes=10_000):
    """Pack and unpack; the files that came out, by path."""
    path, folder = tmp_path / "model.tar.gz", tmp_path / "out"
    folder.mkdir()
    unpack(write(path, members, mode), folder, reference="s3://b/model", max_bytes=max_bytes)
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:bz2", "w:xz"])
def test_a_models_files_come_out_as_they_went_in(tmp_path, mode):
    """Any usual compression; folders are kept."""
    members = [member("config.json", b"1"), member("unet/x.safetensors", b"22" * 999)]
    expected = {"config.json": b"1", "unet/x.safetensors": b"22" * 999}
    assert unpacked(tmp_path, members, mode=mode) == expected


@pytest.mark.parametrize("prefix", ["model/", "./", "./model/"])
def test_a_single_folder_around_everything_is_dropped(tmp_path, prefix):
    """However the archive was packed, the model lies at the top."""
    members = [member(prefix + "config.json"), member(prefix + "unet/x.safetensors")]
    assert set(unpacked(tmp_path, members)) == {"config.json", "unet/x.safetensors"}


def test_what_no_model_needs_stays_packed(tmp_path):
    """Programs, pickles, prose and the notes of other systems are not written."""
    names = ("config.json", "code/inference.py", "x.bin", "README.md", "._config.json", "a.ckpt")
    assert set(unpacked(tmp_path, [member(name) for name in names])) == {"config.json"}


HOSTILE = [
    (member("../evil.json"), "leaves its folder"),
    (member("unet/../../evil.json"), "leaves its folder"),
    (member("/etc/evil.json"), "leaves its folder"),
    (member("config.json", kind=tarfile.SYMTYPE, link="/etc/passwd"), "no regular file"),
    (member("config.json", kind=tarfile.LNKTYPE, link="/etc/passwd"), "no regular file"),
    (member("config.json", kind=tarfile.CHRTYPE), "no regular file"),
    (member("config.json", kind=tarfile.FIFOTYPE), "no regular file"),
    (member("a\nb.json"), "odd name"),
    (member("a/b/c/d/e.json"), "odd name"),
    (member("x" * 200 + ".json"), "odd name"),
    (member("big.json", b"x" * 20_000), "unpacks to more"),
    (member("big.bin", b"x" * 20_000), "unpacks to more"),
    (member("model.json"), "twice"),
    (member("./model.json"), "twice"),
]


@pytest.mark.parametrize(("hostile", "words"), HOSTILE)
def test_a_hostile_member_is_refused(tmp_path, hostile, words):
    """Climbing, links, devices, odd names, bombs and doubles end the unpacking."""
    with pytest.raises(ModelInvalid, match=words):
        unpacked(tmp_path, [member("model.json"), hostile])
    assert not list(tmp_path.glob("*evil*"))


def test_too_many_members_are_refused(tmp_path, monkeypatch):
    """An archive of a million empty files is no model."""
    monkeypatch.setattr(rules, "MAX_MEMBERS", 5)
    with pytest.raises(ModelInvalid, match="unpacks to more"):
        unpacked(tmp_path, [member(f"{number}.md", b"") for number in range(6)])


@pytest.mark.parametrize("cut", [0, 1, 20, 300])
def test_no_archive_or_half_of_one_is_refused(tmp_path, cut):
    """Empty files, text and truncated downloads are one clear error."""
    whole = write(tmp_path / "a", [member("x.safetensors", bytes(range(256)) * 30)]).read_bytes()
    (tmp_path / "b").write_bytes(whole[: min(cut, len(whole) // 2)])
    (tmp_path / "out").mkdir()
    with pytest.raises(ModelInvalid, match="no readable tar archive"):
        unpack(tmp_path / "b", tmp_path / "out", reference="r", max_bytes=10_000)


def test_an_archive_without_a_model_is_refused(tmp_path):
    """Nothing to load is an error here, not later."""
    with pytest.raises(ModelInvalid, match=r"holds no \*\.safetensors"):
        unpacked(tmp_path, [member("inference.py")])


@given(st.binary(max_size=600))
def test_no_bytes_break_out_of_the_error_tree(tmp_path_factory, content):
    """Whatever the bytes, unpacking ends with files inside the folder or with ModelInvalid."""
    base = tmp_path_factory.mktemp("any")
    (base / "archive").write_bytes(content)
    (base / "out").mkdir()
    with pytest.raises(ModelInvalid):
        unpack(base / "archive", base / "out", reference="r", max_bytes=10_000)


@pytest.mark.parametrize("kind", [tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
def test_a_header_that_is_a_bomb_is_refused(tmp_path, kind):
    """It is read whole before its member is told of: some kilobytes would be gigabytes."""
    path, folder = tmp_path / "model.tar.gz", tmp_path / "out"
    folder.mkdir()
    with tarfile.open(path, "w:gz", format=kind) as tar:
        tar.addfile(tarfile.TarInfo("a" * (2 * MAX_READ_BYTES)))
    assert path.stat().st_size < 200_000
    tracemalloc.start()
    with pytest.raises(ModelInvalid, match="a header of more than"):
        unpack(path, folder, reference="s3://b/model", max_bytes=1_000)
    assert tracemalloc.get_traced_memory()[1] < MAX_READ_BYTES
    tracemalloc.stop()


def test_headers_without_end_are_refused(tmp_path):
    """Headers of headers, and members of nothing, count against the cap too."""
    for count, words in ((5_000, "no readable tar"), (1, "unpacks to more than")):
        path, folder = tmp_path / f"{count}.tar", tmp_path / f"out-{count}"
        folder.mkdir()
        header = tarfile.TarInfo("././@LongLink")
        header.type, header.size = tarfile.GNUTYPE_LONGNAME, MAX_READ_BYTES // count
        block = header.tobuf(tarfile.GNU_FORMAT) + bytes(-(-header.size // 512) * 512)
        path.write_bytes(block * max(count, 10))
        with pytest.raises(ModelInvalid, match=words):
            unpack(path, folder, reference="s3://b/model", max_bytes=1_000)


@pytest.mark.parametrize(
    ("name", "mode", "words"),
    [
        ("unet/model.bin", "w:gz", "pickle"),
        ("evil.py", "w:gz", "nothing that a model"),
        ("model/unet/config.json", "w:gz", "no part of a model"),
        ("unet/config.json", "w:", "no .tar.gz"),
    ],
)
def test_an_archive_that_we_would_not_make_is_refused_where_it_must_be_ours(
    tmp_path, name, mode, words
):
    """A worker passes what it does not load over; the registry keeps none of it."""
    (tmp_path / "out").mkdir()
    path = write(tmp_path / "model.tar.gz", [member(name)], mode)
    with pytest.raises(ModelInvalid, match=words):
        unpack(path, tmp_path / "out", reference="m", max_bytes=10_000, ours=True)
