"""The invariants of a chaos run, each broken by hand."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from infra.chaos.append_only import Story
from infra.chaos.catalogue import Row
from infra.chaos.evidence import BatchEnd, Evidence
from infra.chaos.faulty_s3 import Put
from infra.chaos.invariants import violations
from infra.chaos.processes import Running
from infra.s3.memory import Stored
from shared.jobs import Batch, BatchStatus, Failure, Item, ItemSpec
from shared.states import ItemState
from shared.styles import Style

PLACE = "chaos/out/b/"
POISON = Failure(code="poison", message="It kills.", hint="Look at it.")
BATCH = Batch(
    batch_id="b",
    submitted_at=datetime.now(UTC),
    output=f"s3://{PLACE}",
    style=Style(mask_prompt="the dress", prompt="a red dress"),
    models={},
    total=1,
    manifest_digest="a" * 64,
)
STATUS = BatchStatus(batch=BATCH, counts={ItemState.FAILED: 1})
ITEM = Item(
    spec=ItemSpec(number=0, external_id="sku-0", source="s3://chaos/photos/0.jpg"),
    state=ItemState.FAILED,
    fence=2,
    failure=POISON,
)
RIGHT = Evidence(
    rows={"sku-0": Row("sku-0", "s3://chaos/photos/0.jpg", "kill")},
    batches=[BatchEnd(STATUS, [ITEM])],
    late=[],
    claimed=0,
    objects={},
    puts=[],
    painted=[],
    accepted=[("b", 0, 2)],
    story=Story(ends=Counter({"b/0": 1})),
    children=1,
    processes=[],
)


def _with_item(counts, **changes):
    end = BatchEnd(STATUS.model_copy(update={"counts": counts}), [ITEM.model_copy(update=changes)])
    return {"batches": [end]}


def test_a_run_that_went_well_breaks_nothing():
    """Else no verdict would mean anything."""
    assert violations(RIGHT) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"late": ["b"]}, "Batch b did not end in time."),
        ({"claimed": 2}, "The board still has 2 claims."),
        ({"processes": [Running(7, False, ["python", "x"])]}, "Process 7 still runs: python x."),
        (
            {"objects": {PLACE + "0.v1.jpg": Stored(b"", "")}},
            f"S3 holds {PLACE}0.v1.jpg, which the board does not name.",
        ),
        (
            {"puts": [Put(PLACE + "0.v1.jpg", "one"), Put(PLACE + "0.v1.jpg", "two")]},
            f"{PLACE}0.v1.jpg was written with 2 different contents.",
        ),
        (
            {"story": Story(ends=Counter({"b/0": 2}))},
            "Item b/0 was committed 2 times.",
        ),
        (
            {"accepted": [("b", 0, 1)]},
            "A report under claim 1 of item b/0 was taken, though its last claim was 2.",
        ),
        (
            {"rows": {"sku-0": Row("sku-0", "s3://chaos/photos/0.jpg")}},
            "Item sku-0 ended as poison, and done was due.",
        ),
        ({"rows": RIGHT.rows | {"sku-1": Row("sku-1", "", "kill")}}, "Item sku-1 is 0 times on "),
        (
            _with_item({ItemState.RUNNING: 1}, state=ItemState.RUNNING),
            "Item b/0 is running, which is no final state.",
        ),
        (
            _with_item({ItemState.FAILED: 1, ItemState.DONE: 1}),
            "The counts of batch b sum to 2, not its total.",
        ),
        (
            _with_item(
                {ItemState.FAILED: 1},
                failure=POISON.model_copy(update={"sidecar": f"s3://{PLACE}0.failed.json"}),
            ),
            f"The board names {PLACE}0.failed.json, and S3 has no such object.",
        ),
        (
            {
                "batches": [
                    BatchEnd(STATUS.model_copy(update={"ended_at": datetime.now(UTC)}), [ITEM])
                ]
            },
            f"The results.jsonl in {PLACE} is not what the board says.",
        ),
    ],
)
def test_each_broken_invariant_is_a_sentence(changes, sentence):
    """Whatever is wrong is named, with the item or the object."""
    told = violations(replace(RIGHT, **changes))
    assert any(each.startswith(sentence) for each in told), told


def test_a_sidecar_that_is_none_is_named():
    """Also where it lies at the right place."""
    path = f"{PLACE}0.failed.json"
    failure = POISON.model_copy(update={"sidecar": f"s3://{path}"})
    wrong = _with_item({ItemState.FAILED: 1}, failure=failure)
    told = violations(replace(RIGHT, objects={path: Stored(b"no JSON", "")}, **wrong))
    assert [each for each in told if each.startswith(f"The sidecar {path} is invalid")] == told
