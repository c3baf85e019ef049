"""Decisions over HTTP: made, told, taken back; on the real Redis."""

import pytest

from shared.gate import FrozenMask, Gate
from shared.jobs import Held

DECISIONS = "/api/v1/batches/spring/decisions"
GATE = Gate(score=0.2, reasons=("too_large",), coverage=0.7, margin=0.4, pieces=1, border=0.2)
#: Of masks that somebody looked at.
APPROVAL = {"action": "approve", "stage": "mask"}
MASK = FrozenMask(address="s3://shop/out/_staging/a.frozen.png", sha256="b" * 64)


@pytest.fixture
def held(submit, board) -> None:
    """A batch of four, of which three masks wait."""
    submit(total=4)
    for number in range(3):
        claim = board.claim("spring", number, "w", 60)
        board.finish(claim, Held(stage="mask", gate=GATE, mask=MASK))


def counts(client) -> dict[str, int]:
    """The batch's counts of the states that there are."""
    told = client.get("/api/v1/batches/spring").json()["counts"]
    return {state: count for state, count in told.items() if count}


@pytest.mark.usefixtures("held")
def test_a_decision_moves_items_and_is_taken_back(client):
    """Approved masks wait to be painted; undo makes them wait for a person again."""
    made = client.post(DECISIONS, json=APPROVAL | {"numbers": [0, 1, 3]}).json()
    assert (made["moved"], made["skipped"]) == (2, 1)
    assert counts(client) == {"queued": 3, "held": 1}
    undone = client.post(f"{DECISIONS}/{made['decision']}/undo").json()
    assert undone == {"moved": 2, "too_late": 0}
    assert counts(client) == {"queued": 1, "held": 3}
    actions = [one["action"] for one in client.get(DECISIONS).json()["decisions"]]
    assert actions == ["undo", "approve"]
    told = [act["target"].partition(": ")[2] for act in client.get("/api/v1/audit").json()["acts"]]
    name = made["decision"]
    assert told[:2] == [f"undo of {name}, 2 items", f"approve, 2 items, {name}"]


@pytest.mark.usefixtures("held")
def test_a_decision_that_is_sent_again_under_its_name_counts_once(client):
    """Its first answer was lost: the second says the same, and the history has one."""
    wish = {"action": "reject", "numbers": [0], "id": "mine-1"}
    first, second = (client.post(DECISIONS, json=wish).json() for _ in range(2))
    assert first == second == {"decision": "mine-1", "moved": 1, "skipped": 0}
    assert len(client.get(DECISIONS).json()["decisions"]) == 1


@pytest.mark.usefixtures("held")
def test_a_filter_decides_what_the_person_was_shown(client):
    """Where it asks for another number of items by now, nothing is decided."""
    wish = {"action": "reject", "filter": {"state": ["held"]}, "reason": "wrong_mask"}
    refused = client.post(DECISIONS, json=wish | {"expect": 4})
    assert (refused.status_code, refused.json()["code"]) == (409, "count_differs")
    assert client.post(DECISIONS, json=wish | {"expect": 3}).json()["moved"] == 3
    item = client.get("/api/v1/batches/spring/items/1").json()
    assert (item["state"], item["reason"], item["decided_by"]) == (
        "rejected",
        "wrong_mask",
        "local",
    )
    (decision,) = item["history"]
    assert (decision["by"], decision["moved"], decision["filter"]) == (
        "local",
        3,
        {"states": ["held"]},
    )


@pytest.mark.parametrize(
    "wish",
    [
        APPROVAL,
        APPROVAL | {"numbers": [1], "filter": {}},
        APPROVAL | {"numbers": []},
        {"action": "approve", "numbers": [1]},
        {"action": "approve", "filter": {"state": ["held"]}},
        APPROVAL | {"filter": {"stage": "result"}},
        {"action": "pick", "numbers": [1], "variant": 1, "stage": "mask"},
        {"action": "pick", "numbers": [1]},
        {"action": "reject", "numbers": [1], "variant": 2},
        {"action": "reject", "numbers": [1], "reason": "x" * 201},
        APPROVAL | {"filter": {"states": ["held"]}},
    ],
)
@pytest.mark.usefixtures("held")
def test_a_decision_that_is_not_clear_is_refused(client, wish):
    """Nothing is guessed: which items, which variant, which stage; a misspelt filter is not all."""
    answer = client.post(DECISIONS, json=wish)
    assert (answer.status_code, answer.json()["code"]) == (422, "request_invalid")
    assert counts(client) == {"queued": 1, "held": 3}


@pytest.mark.usefixtures("held")
@pytest.mark.parametrize(
    ("named", "moved"),
    [
        ({"stage": "mask", "numbers": [0]}, 1),
        ({"stage": "result", "numbers": [0]}, 0),
        ({"filter": {"stage": "mask"}}, 3),
        ({"filter": {"state": ["held"]}, "stage": "result"}, 0),
    ],
)
def test_an_approval_is_about_the_stage_that_was_seen(client, named, moved):
    """Whichever way it is named, it stands in the history; what waits at another is skipped."""
    answer = client.post(DECISIONS, json={"action": "approve"} | named).json()
    assert answer["moved"] == moved
    (told,) = client.get(DECISIONS).json()["decisions"]
    assert told["stage"] == (named.get("stage") or named["filter"]["stage"])


@pytest.mark.usefixtures("held")
def test_an_unknown_decision_cannot_be_taken_back(client):
    """404, in the words of the command line."""
    answer = client.post(f"{DECISIONS}/none/undo")
    assert (answer.status_code, answer.json()["code"]) == (404, "decision_unknown")
