"""Rendering again, on a real Redis and S3: a child batch, and what the next night makes of it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from producer.cli import app
from producer.index.rebuilding import rebuild
from producer.plan import Kind
from producer.recovery import recover
from producer.rerender import Wish, rerender
from shared.errors import (
    BatchExists,
    ItemUnknown,
    LabelUnknown,
    ObjectMissing,
    RerenderInvalid,
    StyleInvalid,
)
from shared.keys import S3Address
from tests.labelled import write_labelled

NO_CACHE = Path("/nonexistent")


def again(nights, batch_id="first", numbers=(1,), **wish):
    """Ask for items again; returns the receipt."""
    wish = Wish(batch_id=batch_id, numbers=numbers, **wish)
    return rerender(wish, nights.board, nights.store, dispatch=lambda: None, cache=NO_CACHE)


def spec(nights, receipt, number=0):
    """A row of the child."""
    return nights.board.item(receipt.status.batch.batch_id, number).spec


def pictures(nights, batch_id):
    """The variants of each row of a batch by external id."""
    return {name: variants for name, _, variants in nights.results(batch_id)}


def rendered(nights, batch_id="first", numbers=(1,), **wish):
    """Ask for items again and render them; returns the child's results by external id."""
    child = again(nights, batch_id, numbers, **wish).status.batch.batch_id
    nights.render(child)
    return pictures(nights, child)


def test_chosen_items_are_queued_again_under_new_wishes(second):
    """The child has their identities and its parent's style; a row's own wishes stay."""
    second.rows[1]["steps"] = 9
    second.submit("second")
    second.render("second")
    child = again(second, "second", [0], overrides={"paint": "blue", "seed": "7"}).status
    batch, parent = child.batch, second.board.status("second").batch
    row = second.board.item(batch.batch_id, 0).spec
    assert (batch.parent, batch.style, batch.output) == ("second", parent.style, parent.output)
    assert (batch.models, batch.lane, batch.total) == (parent.models, "urgent", 1)
    assert (row.external_id, row.source) == ("b", second.shop.source("b"))
    assert row.overrides == {"steps": 9, "prompt": "blue", "seed": 7}
    assert child.sealed
    assert second.board.item("second", 0).state == "done"


def test_the_next_night_leaves_a_re_render_alone(second):
    """What a person asked for stands for the row, its result is the night's, its source counts."""
    (blue,) = rendered(second, overrides={"paint": "blue"}).values()
    told = second.submit("next")
    assert told["unchanged"] == 4
    assert pictures(second, "next")["b"] == blue
    assert second.board.status("next").open == 0
    second.stock("b", "second")
    assert second.plan()[0]["b"] == (Kind.CHANGED, "source")
    second.style = second.style | {"paint": "green"}
    assert second.plan()[0]["a"] == (Kind.CHANGED, "style")


def test_a_re_render_of_a_re_render_stands_for_the_first(second):
    """Of several the newest holds, also where bytes are compared and after a rebuilding."""
    receipt = again(second, overrides={"paint": "blue"})
    child = receipt.status.batch.batch_id
    second.render(child)
    (green,) = rendered(second, child, [0], overrides={"paint": "green"}).values()
    for _ in range(2):
        second.submit("next", orphans=True)
        assert pictures(second, "next")["b"] == green
        rebuild(S3Address.parse_output(second.shop.output), second.store)
    second.store.put(
        S3Address.parse(second.shop.source("b")), b"b first", content_type="image/jpeg"
    )
    assert second.plan(verify_bytes=True)[0]["b"] == (Kind.UNCHANGED,)


def test_a_night_leaves_what_waits_to_be_rendered_again_to_it(nights):
    """Also where nothing was rendered yet: the row waits in the child batch."""
    nights.submit("first")
    nights.board.cancel("first")
    child = again(nights, overrides={"seed": 5}).status.batch.batch_id
    assert nights.plan()[0]["b"] == (Kind.PENDING, child)


def test_another_mask_is_used_and_its_own_counts_as_asked(second):
    """A supplied mask replaces what is found by text, until the source is another."""
    mask = f"s3://{second.shop.bucket.name}/in/better.png"
    with pytest.raises(ObjectMissing):
        again(second, mask=mask)
    second.shop.put(S3Address.parse(mask), b"a better mask")
    receipt = again(second, mask=mask)
    assert spec(second, receipt).mask == mask
    assert spec(second, receipt).stands_for.mask_etag is None
    assert again(second, "first", [1, 3], mask=mask).status.batch.total == 2


def test_a_mask_is_kept_by_its_digest(second):
    """The alpha beside the result is preferred to its hard mask; nothing else of it is fixed."""
    result = second.board.item("first", 1).result
    kept = spec(second, again(second, keep_mask=True)).frozen
    assert kept.address == result.mask
    alpha = S3Address.parse(result.mask.replace(".mask.png", ".frozen.png"))
    second.shop.put(alpha, b"soft")
    receipt = again(second, keep_mask=True, overrides={"seed": 3})
    kept = spec(second, receipt).frozen
    assert kept.address == str(alpha)
    assert kept.sha256 != spec(second, again(second, numbers=[0], keep_mask=True)).frozen.sha256
    assert spec(second, receipt).overrides == {"seed": 3}


def test_a_child_is_there_once(second):
    """Repeated under its id it is the same; another wish under that id is refused."""
    wish = {"child_id": "again-1", "overrides": {"seed": 5}}
    assert not again(second, **wish).repeated
    assert again(second, **wish).repeated
    with pytest.raises(BatchExists):
        again(second, child_id="again-1", overrides={"seed": 6})


def test_a_lost_child_is_recovered_with_what_it_stands_for(second):
    """Its record alone tells it."""
    mask = S3Address.parse(second.board.item("first", 1).result.mask)
    before = again(second, child_id="again-1", keep_mask=True, overrides={"seed": 5})
    asked = spec(second, before)
    second.shop.lose()
    place = f"{second.shop.output}_batches/again-1/"
    status = recover(place, second.board, second.store, dispatch=lambda: None).status
    assert (status.batch.parent, status.counts["queued"]) == ("first", 1)
    assert second.board.item("again-1", 0).spec == asked
    assert asked.frozen.address == str(mask)


def test_the_command_queues_items_again_and_status_tells_of_both(second):
    """By name, or by what options choose; wrong words are refused as such."""
    run = CliRunner()

    def restyle(*words):
        told = run.invoke(app, [*words, "--json"])
        return told.exit_code, json.loads(told.stdout or "null")

    words = ("rerender", "first", "b", "--seed", "7", "--set", "steps=9", "--batch-id", "again-1")
    code, told = restyle(*words)
    assert (code, told["batch"], told["total"], told["lane"]) == (0, "again-1", 1, "urgent")
    row = second.board.item("again-1", 0).spec
    assert (row.external_id, row.overrides) == ("b", {"seed": 7, "steps": 9})
    words = ("--state", "done", "--prompt", "blue", "--lane", "bulk", "--keep-mask")
    code, told = restyle("rerender", "first", *words)
    assert (code, told["total"], told["lane"]) == (0, 4, "bulk")
    assert restyle("status", "first")[1]["children"] == ["again-1", told["batch"]]
    assert restyle("status", "again-1")[1]["parent"] == "first"
    assert "first" in run.invoke(app, ["status", "again-1"]).stdout
    assert "again-1" in run.invoke(app, ["status", "first"]).stdout
    assert restyle("rerender", "first")[0] == 2
    assert restyle("rerender", "first", "b", "--set", "steps")[0] == 2


def test_what_cannot_be_is_refused(second):
    """Nothing is queued, and the reason is named."""
    mask = f"s3://{second.shop.bucket.name}/in/a.jpg"
    for wish, reason in (
        ({"numbers": []}, "none are named"),
        ({"mask": mask, "keep_mask": True}, "to be kept"),
        ({"keep_mask": True, "overrides": {"mask": "the shirt"}}, "mask_prompt would find"),
    ):
        with pytest.raises(RerenderInvalid, match=reason):
            again(second, **wish)
    with pytest.raises(StyleInvalid, match="steps"):
        again(second, overrides={"steps": 0})
    labelled = str(write_labelled(second.shop.folder / "clothes"))
    with pytest.raises(LabelUnknown, match="the gown"):
        again(second, overrides={"segmenter": labelled, "mask": "the gown"})
    with pytest.raises(ItemUnknown, match="4"):
        again(second, numbers=[0, 4])
    second.rows.append({"external_id": "e", "source": second.shop.source("e")})
    second.submit("next")
    with pytest.raises(RerenderInvalid, match="#0 has no mask"):
        again(second, "next", [0], keep_mask=True)
    assert [one.batch.batch_id for one in second.board.batches()] == ["next", "first"]
