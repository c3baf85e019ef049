"""`restyle approve`, `reject`, `decisions`, `undo`: what people at a terminal decide."""

import json
import os
import pwd

import pytest
from typer.testing import CliRunner

from producer.cli import app
from producer.review import decide, new_decision, numbers_of
from shared.errors import CountDiffers, ItemUnknown
from shared.gate import FrozenMask, Gate
from shared.jobs import Held
from shared.review import Filter
from shared.states import ItemState

ME = pwd.getpwuid(os.getuid()).pw_name
HELD = Filter(states=frozenset({ItemState.HELD}))


@pytest.fixture(autouse=True)
def _held(redis_server, namespace, monkeypatch, board, submit):
    """A batch of which three masks are held, with scores of 0.2, 0.5 and 0.9, and one waits."""
    monkeypatch.setenv("RESTYLE_REDIS_URL", redis_server.url)
    monkeypatch.setenv("RESTYLE_NAMESPACE", namespace)
    submit(total=4)
    frozen = FrozenMask(address="s3://shop/out/_staging/a.frozen.png", sha256="0" * 64)
    for number, (score, reasons) in enumerate([(0.2, ("too_large",)), (0.5, ("[b]",)), (0.9, ())]):
        gate = Gate(score=score, reasons=reasons, coverage=0.5, margin=0.5, pieces=1, border=0)
        claim = board.claim("spring", number, "w", 60)
        board.finish(claim, Held(stage="mask", gate=gate, mask=frozen))


def restyle(*arguments, status=0):
    """What the command says."""
    done = CliRunner().invoke(app, [str(one) for one in arguments])
    assert done.exit_code == status, done.output
    return done.stdout if not status else done.stderr


def told(*arguments):
    """What the command says to programs."""
    return json.loads(restyle(*arguments, "--json"))


def test_a_batch_says_who_waits_and_what_to_do():
    """From the status to the items to the decision, each names the next command."""
    assert "3 items wait for a person" in restyle("status", "spring")
    assert "Next: restyle items spring --state held" in restyle("status", "spring")
    items = restyle("items", "spring", "--state", "held")
    assert "mask waits: score 0.20, too_large" in items
    assert "mask waits: score 0.50, [b]" in items
    assert "Then: restyle approve spring ITEM, or restyle reject spring ITEM" in items


def test_items_are_named_or_chosen(board):
    """By id or number, or by what the gate says; a dry run only counts."""
    assert "1 mask approved" in restyle("approve", "spring", "sku-2")
    assert told("approve", "spring", "--score-from", "0.5", "--dry-run") == {
        "batch": "spring",
        "count": 1,
        "stage": "mask",
    }
    assert "2 masks would be rejected" in restyle(
        "reject", "spring", "--state", "held", "--dry-run"
    )
    rejected = restyle("reject", "spring", "#0", "#3", "--reason", "wrong_mask")
    assert "1 mask rejected; 1 item not held, or decided before." in rejected
    states = [item.state.value for item in board.items("spring")]
    assert states == ["rejected", "held", "queued", "queued"]
    assert f"mask rejected by {ME}: wrong_mask" in restyle("items", "spring")


def test_what_is_in_range_can_be_approved_at_once(board):
    """After `gate: hold` the rest is what somebody should look at."""
    assert told("approve", "spring", "--all-passed")["moved"] == 1
    assert board.item("spring", 2).state is ItemState.QUEUED


def test_masks_and_results_are_not_approved_alike(board, result):
    """Where both wait one has to be said; what was looked at stands in the history."""
    board.decide("spring", new_decision("approve", "mia"), [2])
    claim = board.claim("spring", 2, "w", 60)
    board.finish(claim, Held(stage="result", gate=None, result=result))
    for chosen in (("--state", "held"), ("sku-1", "sku-2")):
        said = restyle("approve", "spring", *chosen, status=2)
        assert "error option_invalid" in said
        assert "1 result wait: say which were looked at" in said
    made = told("approve", "spring", "sku-1", "sku-2", "--stage", "result")
    assert (made["stage"], made["moved"], made["skipped"]) == ("result", 1, 1)
    assert told("approve", "spring", "--state", "held", "--dry-run")["stage"] == "mask"
    assert told("decisions", "spring")[0]["stage"] == "result"


def test_decisions_are_listed_and_taken_back(board):
    """Who, what and how many; the id is what undo takes."""
    assert "Nothing was decided" in restyle("decisions", "spring")
    made = told("reject", "spring", "--gate-reason", "too_large", "--reason", "bad_edge")
    line = restyle("decisions", "spring")
    assert line.startswith(made["decision"])
    assert f"{ME}: 1 item rejected (bad_edge)" in line
    assert "1 item taken back." in restyle("undo", "spring", made["decision"])
    assert board.item("spring", 0).state is ItemState.HELD
    undoing, first = told("decisions", "spring")
    assert (undoing["undoes"], first["filter"]["reason"]) == (made["decision"], "too_large")
    assert told("undo", "spring", made["decision"])["moved"] == 1
    assert "error decision_unknown" in restyle("undo", "spring", undoing["id"], status=2)


def test_an_undo_says_what_is_too_late(board):
    """A mask that is being painted stays approved."""
    made = told("approve", "spring", "--state", "held")
    board.claim("spring", 1, "w", 60)
    assert "2 items taken back; for 1 it was too late." in restyle(
        "undo", "spring", made["decision"]
    )


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ((), "option_invalid"),
        (("sku-1", "--score-from", "0.1"), "option_invalid"),
        (("sku-9",), "item_unknown"),
        (("#9",), "item_unknown"),
        (("--state", "held", "--expect", "2"), "count_differs"),
    ],
)
def test_what_is_unclear_decides_nothing(board, arguments, code):
    """Neither names nor a choice, both, names of nothing, another number than was seen."""
    assert f"error {code} " in restyle("approve", "spring", *arguments, status=2)
    assert board.count("spring", HELD) == 3


def test_a_reason_is_short():
    """It stands beside every picture that it was given for."""
    said = restyle("reject", "spring", "#0", "--reason", "x" * 201, status=2)
    assert "error option_invalid" in said


def test_a_filter_decides_what_the_person_has_seen(board):
    """One item more or less than was shown, and nothing is decided."""
    with pytest.raises(CountDiffers) as error:
        decide(board, "spring", new_decision("approve", "mia"), HELD, expect=4)
    assert error.value.facts == {"batch": "spring", "found": 3, "expected": 4}
    assert board.decisions("spring") == []
    made = decide(board, "spring", new_decision("reject", "mia"), HELD, expect=3)
    assert (made.moved, board.decisions("spring")[0].filter) == (3, {"states": ["held"]})


def test_an_id_that_looks_like_a_number_or_a_part_of_another(board, new_batch):
    """The very id counts first, then the number."""
    board.open_batch(new_batch("odd", 3))
    specs = [
        spec.model_copy(update={"external_id": name})
        for spec, name in zip(
            [item.spec for item in board.items("spring")][:3], ("#2", "sku", "sku-1"), strict=True
        )
    ]
    board.add_items("odd", specs)
    board.seal_batch("odd")
    assert numbers_of(board, "odd", ["#2", "sku", "#1"]) == [0, 1]
    with pytest.raises(ItemUnknown):
        numbers_of(board, "odd", ["ku"])
