"""The registry on a real S3 server: versions, aliases, and two people at once."""

import json
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
from typer.testing import CliRunner

from producer.cli import app
from producer.models import back, move, promotion, push
from shared.errors import (
    AliasUnknown,
    ModelInvalid,
    ModelMissing,
    ModelNameInvalid,
    ModelUnknown,
    NothingBefore,
    RecordInvalid,
    RegistryConflict,
    RegistryMissing,
    VersionUnknown,
)
from shared.keys import S3Address
from shared.packing import pack
from shared.references import resolve
from shared.registry import Registry
from shared.s3 import ObjectStore
from tests.archives import packed, write_painter

MAX_BYTES = 1_000_000


@pytest.fixture
def registry(bucket) -> Registry:
    """An empty registry in a bucket of its own."""
    return Registry(S3Address(bucket.name, "registry/"), ObjectStore.connect())


@pytest.fixture
def pushed(registry, tmp_path):
    """Push a painter whose weights are a mark; returns its version."""

    def pushed(mark: str, name: str = "brand", **wishes):
        directory = write_painter(tmp_path / mark, mark=mark)
        return push(directory, name, registry, by="ada", max_bytes=MAX_BYTES, **wishes).version

    return pushed


def pointed(registry, board, digest, alias="stable", name="brand"):
    """Move an alias to a digest, as it is seen now."""
    seen = registry.find_alias(name, alias)
    return move(name, alias, seen, promotion(digest, "ada"), registry, board)


# --- versions --------------------------------------------------------------------------------


def test_a_version_is_kept_by_its_digest(registry, pushed, bucket):
    """The archive lies under its digest, with what its card tells beside it."""
    version = pushed("one")
    folder = bucket / "registry" / "models" / "brand" / "versions" / version.digest
    assert {path.name for path in folder.iterdir()} == {"model.tar.gz", "version.json"}
    assert (folder / "model.tar.gz").stat().st_size == version.size
    assert registry.version("brand", version.digest) == version
    assert (version.by, version.card, version.metrics) == ("ada", {"steps": 4}, {})


def test_the_same_model_is_one_version(registry, pushed, tmp_path):
    """Pushed again, as a directory or as its archive, it is the version that is there."""
    version = pushed("one")
    archive = tmp_path / "model.tar.gz"
    assert pack(tmp_path / "one", archive) == version.digest
    again = push(archive, "brand", registry, by="bob", max_bytes=MAX_BYTES)
    assert (again.version, again.is_new) == (version, False)


def test_lineage_is_the_cards_or_what_somebody_says(pushed, registry, board, tmp_path):
    """A fine-tune tells its base in its card; `--base` may name a version of the registry."""
    first = pushed("one")
    pointed(registry, board, first.digest)
    directory = write_painter(tmp_path / "two", mark="two")
    (directory / "card.json").write_text(
        '{"base": {"reference": "org/base", "digest": "abc"}, "metrics": {"loss": 0.5}}'
    )
    told = push(directory, "brand", registry, by="ada", max_bytes=MAX_BYTES).version
    assert (told.base, told.parent, told.metrics) == ("org/base", "abc", {"loss": 0.5})
    base = f"s3://{registry.home.bucket}/{registry.keys('brand').archive(first.digest).key}"
    said = pushed("three", base=f"{base}#sha256={first.digest}")
    assert said.parent == first.digest


@pytest.mark.parametrize("name", ["", "Brand", "../brand", "a/b", "deadbeef", "x" * 65])
def test_odd_names_are_refused(registry, tmp_path, name):
    """A name is a part of a key, and no digest."""
    with pytest.raises(ModelNameInvalid):
        push(tmp_path, name, registry, by="ada", max_bytes=MAX_BYTES)


def test_what_cannot_be_loaded_is_not_pushed(registry, tmp_path):
    """Nothing there, a file that is no archive, a card that is none: each is said."""
    with pytest.raises(ModelMissing):
        push(tmp_path / "nowhere", "brand", registry, by="ada", max_bytes=MAX_BYTES)
    (tmp_path / "note.tar.gz").write_text("no archive")
    with pytest.raises(ModelInvalid, match="no readable tar"):
        push(tmp_path / "note.tar.gz", "brand", registry, by="ada", max_bytes=MAX_BYTES)
    for card in ("[]", 100_000 * "["):
        (write_painter(tmp_path / "odd") / "card.json").write_text(card)
        with pytest.raises(ModelInvalid, match=r"card\.json"):
            push(tmp_path / "odd", "brand", registry, by="ada", max_bytes=MAX_BYTES)
    foreign = packed(write_painter(tmp_path / "foreign"))
    (tmp_path / "foreign.tar.gz").write_bytes(foreign)
    with pytest.raises(ModelInvalid, match="no part of a model"):
        push(tmp_path / "foreign.tar.gz", "brand", registry, by="ada", max_bytes=MAX_BYTES)
    assert not registry.entries()


def test_half_a_push_is_no_version(registry, pushed, bucket):
    """The record comes last: an archive without it is not told of, and is pushed anew."""
    version = pushed("one")
    registry.store.delete(registry.keys("brand").record(version.digest))
    with pytest.raises(ModelUnknown):
        registry.version("brand", version.digest)
    assert pushed("one").digest == version.digest


# --- aliases ---------------------------------------------------------------------------------


def test_an_alias_keeps_its_moves(registry, pushed, board):
    """Who moved it where, the newest last."""
    first, second = pushed("one"), pushed("two")
    pointed(registry, board, first.digest)
    pointed(registry, board, second.digest)
    found = registry.alias("brand", "stable").alias
    assert found.digest == second.digest
    assert [step.digest for step in found.moves] == [first.digest, second.digest]


def test_rolling_back_twice_goes_two_versions_back(registry, pushed, board):
    """And a promotion after it counts from there."""
    digests = [pushed(mark).digest for mark in ("one", "two", "three")]
    for digest in digests:
        pointed(registry, board, digest)

    def roll_back() -> str:
        seen = registry.alias("brand", "stable")
        step = back("brand", "stable", seen, "ada")
        return move("brand", "stable", seen, step, registry, board).digest

    assert [roll_back(), roll_back()] == [digests[1], digests[0]]
    with pytest.raises(NothingBefore):
        roll_back()
    pointed(registry, board, digests[2])
    assert roll_back() == digests[0]


def test_of_two_who_move_at_once_one_wins(registry, pushed, board):
    """Both saw the alias as it was: the slower one is told, and nobody's move is lost."""
    first, second, third = (pushed(mark).digest for mark in ("one", "two", "three"))
    pointed(registry, board, first)
    both_saw = threading.Barrier(2)

    def moved(digest: str) -> str:
        seen = registry.alias("brand", "stable")
        both_saw.wait()
        try:
            move("brand", "stable", seen, promotion(digest, "ada"), registry, board)
        except RegistryConflict as error:
            return error.code
        return digest

    with ThreadPoolExecutor(2) as threads:
        ends = list(threads.map(moved, (second, third)))
    found = registry.alias("brand", "stable").alias
    assert sorted(ends) == sorted([found.digest, "registry_conflict"])
    assert [step.digest for step in found.moves] == [first, found.digest]


def test_an_alias_is_read_while_it_moves(moto_server, board, tmp_path, monkeypatch):
    """Whoever reads it has one version or the other, never an error of some item.

    On a server that replaces an object at once, as S3 does; rclone writes into the file.
    """
    for variable, value in moto_server.environment.items():
        monkeypatch.setenv(variable, value)
    store, name = ObjectStore.connect(), f"b-{uuid.uuid4().hex[:12]}"
    store._client.create_bucket(Bucket=name)
    registry = Registry(S3Address(name, "registry/"), store)
    made = (write_painter(tmp_path / mark, mark=mark) for mark in ("one", "two"))
    rest = {"by": "ada", "max_bytes": MAX_BYTES}
    versions = [push(one, "brand", registry, **rest).version.digest for one in made]
    pointed(registry, board, versions[0])
    with ThreadPoolExecutor(1) as pool:
        moving = pool.submit(lambda: [pointed(registry, board, versions[n % 2]) for n in range(20)])
        seen = set()
        while not moving.done():
            seen.add(registry.alias("brand", "stable").alias.digest)
        moving.result()
    assert seen == set(versions)


def test_two_who_make_an_alias_at_once_make_one(registry, pushed, board):
    """Where there was none, the same law holds."""
    first, second = (pushed(mark).digest for mark in ("one", "two"))
    move("brand", "new", None, promotion(first, "ada"), registry, board)
    with pytest.raises(RegistryConflict):
        move("brand", "new", None, promotion(second, "bob"), registry, board)
    assert registry.digest("brand", "new") == first


# --- what is not there -----------------------------------------------------------------------


def test_a_near_name_is_proposed(registry, pushed, board):
    """Models, aliases and digests that do not exist are named with what does."""
    version = pushed("one")
    pointed(registry, board, version.digest)
    with pytest.raises(ModelUnknown, match="did you mean brand"):
        registry.digest("brnd", "stable")
    with pytest.raises(AliasUnknown, match="did you mean stable"):
        registry.digest("brand", "stabel")
    with pytest.raises(AliasUnknown, match="it has stable"):
        registry.digest("brand", "production")
    with pytest.raises(VersionUnknown, match="no version"):
        registry.version("brand", "0" * 64)
    with pytest.raises(VersionUnknown, match="no version"):
        registry.digest("brand", "00000000")
    with pytest.raises(VersionUnknown):
        move("brand", "stable", None, promotion("0" * 64, "ada"), registry, board)
    assert registry.digest("brand", version.digest[:8]) == version.digest


def test_a_damaged_alias_is_told(registry, pushed, board, bucket):
    """Nobody paints with whatever it might have meant."""
    pointed(registry, board, pushed("one").digest)
    (bucket / "registry/models/brand/aliases/stable.json").write_text('{"moves": []}')
    with pytest.raises(RecordInvalid, match="moves"):
        registry.digest("brand", "stable")


def test_a_reference_needs_a_registry(s3_environment):
    """Without the setting the reference leads nowhere, and the setting is named."""
    with pytest.raises(RegistryMissing, match="RESTYLE_REGISTRY"):
        resolve("registry:brand@stable", store=ObjectStore.connect())
    with pytest.raises(RegistryMissing):
        resolve("registry:brand@stable")


def test_a_reference_resolves_to_digest_and_address(registry, pushed, board, monkeypatch):
    """By its alias and by its digest, from the registry that the settings name."""
    version = pushed("one")
    pointed(registry, board, version.digest)
    monkeypatch.setenv("RESTYLE_REGISTRY", str(registry.home))
    for which in ("stable", f"sha256:{version.digest}"):
        found = resolve(f"registry:brand@{which}", store=registry.store)
        assert (found.kind, found.digest) == ("archive", version.digest)
        assert found.reference == f"registry:brand@{which}"
        assert found.address == str(registry.keys("brand").archive(version.digest))


def test_a_version_whose_archive_is_gone_is_missing(registry, pushed, board, monkeypatch):
    """The submission says so, not the workers an hour later."""
    version = pushed("one")
    pointed(registry, board, version.digest)
    registry.store.delete(registry.keys("brand").archive(version.digest))
    with pytest.raises(ModelMissing):
        resolve("registry:brand@stable", store=registry.store, registry=registry)


# --- the command -----------------------------------------------------------------------------


@pytest.fixture
def run(registry, restyle_environment, monkeypatch):
    """Run a command; returns its result."""
    monkeypatch.setenv("RESTYLE_REGISTRY", str(registry.home))
    return lambda *arguments: CliRunner().invoke(app, ["models", *arguments])


def test_a_model_goes_from_push_to_rollback(run, tmp_path):
    """Each step says what it did, to people and as JSON."""
    assert "no model" in run("list").stdout
    digests = []
    for mark in ("one", "two"):
        source = str(write_painter(tmp_path / mark, mark=mark))
        told = json.loads(run("push", source, "--name", "brand", "--json").stdout)
        digests.append(told["digest"])
        done = run("promote", f"brand@{told['digest'][:8]}", "--to", "stable", "--skip-golden")
        assert f"brand@stable is {told['digest'][:12]} now" in done.stdout
    (model,) = json.loads(run("list", "--json").stdout)
    assert [one["digest"] for one in model["versions"]] == digests[::-1]
    assert [move["note"] for move in model["aliases"]["stable"]["moves"]] == 2 * [
        "golden set skipped"
    ]
    assert f"is {digests[0][:12]} now" in run("rollback", "brand@stable").stdout
    shown = run("show", "brand")
    assert "rollback" in shown.stdout
    assert "golden set skipped" in shown.stdout
    assert f"brand@sha256:{digests[0]}" in run("show", "brand@stable").stdout
    assert "brand" in run("list").stdout


WRONG = [
    (("promote", "brand@candidate", "--to", "stable"), "option_invalid"),
    (("promote", "brand", "--to", "stable"), "option_invalid"),
    (("promote", "brand@candidat", "--to", "stable", "--skip-golden"), "alias_unknown"),
    (("promote", "brand@00000000", "--to", "stable", "--skip-golden"), "version_unknown"),
    (("rollback", "brand@candidate"), "nothing_before"),
    (("show", "brnd"), "model_unknown"),
    (("push", "nowhere", "--name", "brand"), "model_missing"),
    (("push", "nowhere", "--name", "Brand!"), "model_name_invalid"),
]


def test_what_a_card_says_steers_no_terminal(run, tmp_path):
    """It may be a stranger's: lists and single versions show escapes as text."""
    painter = write_painter(tmp_path / "one")
    card = {"base": {"reference": "\x1b[31mred"}, "metrics": {"\x1b[1mloss": 1}}
    (painter / "card.json").write_text(json.dumps(card))
    run("push", str(painter), "--name", "brand", "--alias", "stable")
    for which in ("brand", "brand@stable"):
        shown = run("show", which).stdout
        assert "\x1b[31m" not in shown
        assert "x1b[31mred" in shown


def test_what_is_wrong_is_told_by_its_code(run, tmp_path):
    """Exit status 2, and nothing moves."""
    source = str(write_painter(tmp_path / "one"))
    assert run("push", source, "--name", "brand", "--alias", "candidate").exit_code == 0
    for arguments, code in WRONG:
        done = run(*arguments)
        assert (done.exit_code, done.stderr.split()[1]) == (2, code), arguments
    (model,) = json.loads(run("list", "--json").stdout)
    assert len(model["aliases"]["candidate"]["moves"]) == 1


def test_a_lost_redis_moves_nothing(run, tmp_path, monkeypatch):
    """Reading needs none; a move says that it is away."""
    source = str(write_painter(tmp_path / "one"))
    monkeypatch.setenv("RESTYLE_REDIS_URL", "redis://127.0.0.1:1/0")
    assert run("push", source, "--name", "brand").exit_code == 0
    digest = json.loads(run("list", "--json").stdout)[0]["versions"][0]["digest"]
    done = run("promote", f"brand@{digest}", "--to", "stable", "--skip-golden")
    assert (done.exit_code, done.stderr.split()[1]) == (3, "redis_unreachable")
    assert json.loads(run("list", "--json").stdout)[0]["aliases"] == {}
