"""Batches under an alias: resolved when they are submitted; no later move changes them."""

from dataclasses import replace as dataclass_replace

import pytest

from producer.models import move, promotion, push
from producer.models.golden import Rooms, Trial, try_golden
from producer.open_models import OpenModels
from producer.plan import Kind
from producer.schedule import submit_run
from shared.errors import AliasUnknown, GoldenFailed, GoldenUnfinished, OptionInvalid
from shared.jobs import Failure
from shared.keys import S3Address
from shared.registry import Registry
from shared.schedules import Slot
from shared.states import ItemState
from shared.styles import parse_style
from tests.archives import write_painter
from tests.nightly_shop import NIGHT, Shop
from tests.nights import LIMITS

REFERENCE = "registry:brand@stable"
FAILURE = Failure(code="mask_empty", message="Nothing was found.", hint="Supply a mask.")


@pytest.fixture
def registry(bucket, store, monkeypatch) -> Registry:
    """The registry of the settings."""
    monkeypatch.setenv("RESTYLE_REGISTRY", f"s3://{bucket.name}/registry/")
    return Registry.from_settings(store)


@pytest.fixture
def versions(registry, tmp_path) -> list[str]:
    """The digests of two versions of a model."""
    made = (write_painter(tmp_path / mark, mark=mark) for mark in ("one", "two"))
    return [
        push(one, "brand", registry, by="ada", max_bytes=1_000_000).version.digest for one in made
    ]


@pytest.fixture
def point(registry, board):
    """Move the alias `stable`."""

    def point(digest: str) -> None:
        seen = registry.find_alias("brand", "stable")
        move("brand", "stable", seen, promotion(digest, "ada"), registry, board)

    return point


def test_a_move_changes_nothing_under_way_and_the_next_plan_says_why(nights, versions, point):
    """The batch keeps digest and address; all that it rendered is changed by its model then."""
    point(versions[0])
    nights.style = nights.style | {"painter": REFERENCE}
    nights.submit("first")
    point(versions[1])
    model = nights.board.status("first").batch.models[REFERENCE]
    assert model.digest == versions[0]
    assert versions[0] in str(model.address)
    nights.render("first")
    told, _, _ = nights.plan()
    assert set(told.values()) == {(Kind.CHANGED, "model")}
    point(versions[0])
    told, _, _ = nights.plan()
    assert set(told.values()) == {(Kind.UNCHANGED,)}


def test_an_alias_that_does_not_exist_queues_nothing(nights, versions, point):
    """The submission names what is near."""
    point(versions[0])
    nights.style = nights.style | {"painter": "registry:brand@stabel"}
    with pytest.raises(AliasUnknown, match="did you mean stable"):
        nights.submit("first")
    assert nights.board.batches() == []


def test_a_schedule_looks_its_alias_up_each_night(bucket, board, store, versions, point, tmp_path):
    """Tonight's batch uses what was promoted today."""
    shop = Shop(bucket, tmp_path, board, store)
    shop.write_style(painter=REFERENCE)
    schedule, found = shop.schedule(), []
    for day, digest in enumerate(versions, start=NIGHT.at.day):
        point(digest)
        slot = Slot(at=NIGHT.at.replace(day=day))
        rest = {"dispatch": lambda: None, "cache": tmp_path, "models": OpenModels()}
        batch = submit_run(schedule, slot, shop.board, shop.store, **rest)
        found.append(shop.board.status(batch).batch.models[REFERENCE].digest)
        shop.board.cancel(batch)
    assert found == versions


# --- golden sets -----------------------------------------------------------------------------


class Golden:
    """A golden set, and a worker that ends its items as soon as they are queued."""

    def __init__(self, nights, registry, versions):
        self._nights, self._registry = nights, registry
        rows, _ = nights._files()
        style = parse_style(nights.style | {"painter": REFERENCE}, where="golden")
        self.trial = Trial(
            name="brand",
            alias="stable",
            candidate=versions[1],
            current=versions[0],
            manifest=rows,
            style=style.with_overrides({"segmenter": str(nights.shop.model)}),
            output=nights.shop.output,
            timeout_seconds=0.1,
            limits=LIMITS,
        )

    def run(self, work):
        """Try it; `work` deals with each claimed item of a version."""
        board = self._nights.board

        def dispatch() -> None:
            for status in board.batches():
                assert status.batch.lane == "urgent"
                (model,) = (m for m in status.batch.models.values() if m.address)
                for item in board.items(status.batch.batch_id, ItemState.QUEUED):
                    work(board.claim(status.batch.batch_id, item.spec.number, "w", 60), model)

        cache = self._nights.shop.folder / "cache"
        rooms = Rooms(self._registry, board, dispatch, cache, lambda _view: None)
        return try_golden(self.trial, rooms)


@pytest.fixture
def golden(nights, registry, versions) -> Golden:
    """Both versions, on the catalogue of the nights."""
    return Golden(nights, registry, versions)


def test_a_golden_set_under_which_nothing_fails_passes(golden, nights, registry, bucket):
    """Each version has a folder of its own; the sheet lies beside the alias."""
    seen = []

    def paint(claim, model) -> None:
        seen.append(model.digest)
        nights.board.finish(claim, nights.shop.paint(claim.spec.number, claim.batch_id))

    verdict = golden.run(paint)
    assert (verdict.total, verdict.failed, verdict.held) == (4, 0, 0)
    assert sorted(seen) == sorted(4 * [golden.trial.candidate, golden.trial.current])
    assert registry.store.exists(S3Address.parse(verdict.sheet))
    outputs = {status.batch.output for status in nights.board.batches()}
    assert len(outputs) == 2


def test_a_candidate_under_which_items_fail_does_not_pass(golden, nights):
    """How many, and where the sheet is, is told."""

    def work(claim, model) -> None:
        if model.digest == golden.trial.candidate and claim.spec.number < 2:
            nights.board.finish(claim, FAILURE)
        else:
            nights.board.finish(claim, nights.shop.paint(claim.spec.number, claim.batch_id))

    with pytest.raises(GoldenFailed, match="2 of 4 golden items failed and 0 are held") as failed:
        golden.run(work)
    assert nights.store.exists(S3Address.parse(str(failed.value.facts["sheet"])))


def test_a_golden_set_that_nobody_renders_is_unfinished(golden):
    """The batch is named, to be waited for."""
    with pytest.raises(GoldenUnfinished, match="did not end within"):
        golden.run(lambda _claim, _model: None)


def test_a_style_of_other_models_tries_nothing(golden, nights):
    """Both sheets would show the same."""
    golden.trial = dataclass_replace(golden.trial, style=parse_style(nights.style, where="golden"))
    with pytest.raises(OptionInvalid, match="registry:brand@"):
        golden.run(lambda _claim, _model: None)
    assert nights.board.batches() == []
