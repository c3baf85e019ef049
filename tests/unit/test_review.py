"""What is held, and what people decide, as records that cross process borders."""

import pytest
from pydantic import ValidationError

from producer.cli.reviewing import given
from shared.board.records import dump_spec, load_spec
from shared.gate import FrozenMask, Gate
from shared.jobs import ItemSpec, Result
from shared.review import MAX_REASON, Decision, Filter, Held
from shared.states import ItemState

FROZEN = FrozenMask(address="s3://shop/out/_staging/a.frozen.png", sha256="0" * 64)
RESULT = Result(fingerprint="f", variants=("s3://shop/out/a.v1.jpg",), mask="m", sidecar="s")


def gate(*reasons: str) -> Gate:
    """What a gate said."""
    return Gate(score=0.5, reasons=reasons, coverage=0.3, margin=0.2, pieces=1, border=0)


def test_only_a_mask_that_the_gate_complains_about_is_flagged():
    """A mask, or a result, that somebody asked to see is no sign of a bad batch."""
    assert Held(stage="mask", gate=gate("too_large"), mask=FROZEN).flagged
    assert not Held(stage="mask", gate=gate(), mask=FROZEN).flagged
    assert not Held(stage="result", gate=gate("too_large"), result=RESULT).flagged
    for stage in ("mask", "result"):
        with pytest.raises(ValidationError, match=f"there must be a {stage}"):
            Held(stage=stage)


def test_a_row_keeps_its_frozen_mask_on_the_board():
    """A child batch is painted with the mask that was approved in its parent."""
    spec = ItemSpec(number=3, external_id="sku-3", source="s3://shop/3.jpg", frozen=FROZEN)
    assert load_spec(3, dump_spec(spec)) == spec
    bare = spec.model_copy(update={"frozen": None})
    assert len(dump_spec(bare)) == len('{"i":"sku-3","s":"s3://shop/3.jpg"}')


@pytest.mark.parametrize(
    "wrong",
    [
        {"reason": "x" * (MAX_REASON + 1)},
        {"variant": 1},
        {"action": "pick"},
        {"action": "pick", "variant": 0},
        {"action": "publish"},
        {"id": "a b"},
    ],
)
def test_a_decision_out_of_range_is_refused(wrong):
    """Nothing of any size or kind reaches the board."""
    fields = {"id": "d1", "action": "reject", "by": "mia"}
    assert Decision.model_validate(fields).moved == 0
    with pytest.raises(ValidationError):
        Decision.model_validate(fields | wrong)


def test_a_filter_is_read_as_it_was_written():
    """It stands in the history of decisions, as JSON."""
    chosen = Filter(states=frozenset({ItemState.HELD}), score_below=0.5, text="sku")
    assert Filter.model_validate_json(chosen.model_dump_json(exclude_defaults=True)) == chosen


def test_a_score_of_zero_is_a_score():
    """Nothing is below zero: an option that says so must not mean everything."""
    said = given(None, "mask", 0.0, None, "", "", False)
    assert said == {"stage": "mask", "score_below": 0.0}
