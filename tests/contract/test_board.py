"""The board: submission that can be repeated, honest reading, workers, and a safe server."""

import threading

import pytest

from infra.demo import services
from shared.board import StatusBoard
from shared.errors import (
    BatchExists,
    BatchIncomplete,
    BatchUnknown,
    ItemUnknown,
    RedisFull,
    RedisUnreachable,
    RedisUnsafe,
)
from shared.keys import rendering_prefix, replay_prefix
from shared.settings import Settings
from shared.states import ItemState
from shared.styles import Style
from tests.contract.conftest import STYLE

LEASE = 60.0


def counts(board, batch_id) -> dict[str, int]:
    """The counts that are not zero."""
    found = board.status(batch_id).counts
    return {str(state): count for state, count in found.items() if count}


def test_a_submitted_batch_is_read_back_as_it_was(board, new_batch, new_specs):
    """Batch and items survive the way through Redis unchanged."""
    batch = new_batch("spring", 3, lane="urgent", priority=9)
    board.open_batch(batch)
    board.add_items("spring", new_specs(3))
    board.seal_batch("spring")
    status = board.status("spring")
    assert status.batch == batch
    assert status.sealed
    assert status.open == 3
    assert [item.spec for item in board.items("spring")] == new_specs(3)
    assert {item.state for item in board.items("spring")} == {ItemState.QUEUED}


def test_every_field_of_a_spec_survives(board, new_batch, new_specs):
    """Overrides, masks, ETags and text of any alphabet come back."""
    spec = new_specs(1)[0].model_copy(
        update={
            "external_id": "Größe “42” 👗",
            "mask": "s3://shop/masks/0.png",
            "overrides": {"prompt": "ein blaues Kleid", "seed": 7},
            "etag": '"abc-2"',
            "size": 123_456_789_012,
        }
    )
    board.open_batch(new_batch("spring", 1))
    board.add_items("spring", [spec])
    assert board.item("spring", 0).spec == spec


@pytest.mark.parametrize("cut", range(8))
def test_a_submission_that_died_anywhere_can_be_repeated(board, new_batch, new_specs, cut):
    """After a crash behind any slice the same submission leads to the same batch."""
    specs = new_specs(6)
    assert board.open_batch(new_batch("spring", 6))
    board.add_items("spring", specs[:cut])
    if cut == 7:
        board.seal_batch("spring")
    fill = board.open_batch(new_batch("spring", 6))
    assert fill == (cut < 7)
    board.add_items("spring", specs)
    board.seal_batch("spring")
    assert counts(board, "spring") == {"queued": 6}
    assert [item.spec.number for item in board.items("spring")] == list(range(6))


def test_several_slices_make_one_batch(board, new_batch, new_specs):
    """More items than a slice, or a round trip, holds are all there."""
    specs = new_specs(4_700)
    board.open_batch(new_batch("spring", 4_700))
    board.add_items("spring", specs)
    board.seal_batch("spring")
    pages, after = [], -1
    while page := board.items("spring", after=after, limit=1_000):
        pages += page
        after = page[-1].spec.number
    assert [item.spec for item in pages] == specs


def test_two_submitters_at_once_make_one_batch(board, settings, new_batch, new_specs):
    """The same submission, run twice at the same time, counts every item once."""

    def submit():
        mine = StatusBoard.connect(settings)
        mine.open_batch(new_batch("spring", 900))
        mine.add_items("spring", new_specs(900))
        mine.seal_batch("spring")
        mine.close()

    threads = [threading.Thread(target=submit) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counts(board, "spring") == {"queued": 900}
    assert len(board.items("spring", ItemState.QUEUED, limit=10_000)) == 900


def test_a_late_repeat_does_not_bring_items_back(board, submit, new_specs, result):
    """Adding items to a sealed batch changes nothing, whatever became of them."""
    submit(total=2)
    board.finish(board.claim("spring", 0, "w", LEASE), result)
    board.add_items("spring", new_specs(2))
    board.seal_batch("spring")
    assert counts(board, "spring") == {"queued": 1, "done": 1}
    assert [item.spec.number for item in board.items("spring", ItemState.QUEUED)] == [1]


@pytest.mark.parametrize(
    ("changes", "difference"),
    [
        ({"manifest_digest": "b" * 64}, "manifest"),
        ({"style": Style(mask_prompt="dress", prompt="a blue dress")}, "style"),
        ({"output": "s3://shop/else/"}, "output"),
        ({"style": STYLE.model_copy(update={"gate": "hold"})}, "gate"),
        ({"style": STYLE.model_copy(update={"review": "required"})}, "review"),
        ({"style": STYLE.model_copy(update={"gate_pieces": 3})}, "gate"),
        ({"output": "s3://shop/else/", "manifest_digest": "b" * 64}, "manifest and output"),
    ],
)
def test_a_taken_id_says_what_differs(board, submit, new_batch, changes, difference):
    """An id stands for one manifest, style and output for ever."""
    submit(total=2)
    with pytest.raises(BatchExists) as caught:
        board.open_batch(new_batch("spring", 2, **changes))
    assert caught.value.facts["difference"] == difference


def test_a_batch_that_was_opened_before_gates_counted_is_still_itself(
    board, submit, new_batch, inspector, keys
):
    """What its record does not say cannot differ."""
    submit(total=2)
    inspector.hdel(keys.batch("spring"), "gate", "review")
    assert not board.open_batch(new_batch("spring", 2))


def test_half_a_batch_is_not_sealed(board, new_batch, new_specs):
    """The announced total is checked; nothing of half a batch is rendered."""
    board.open_batch(new_batch("spring", 3))
    board.add_items("spring", new_specs(2))
    with pytest.raises(BatchIncomplete) as caught:
        board.seal_batch("spring")
    assert caught.value.facts == {"batch": "spring", "found": 2, "total": 3}
    assert not board.status("spring").sealed
    assert board.claim("spring", 0, "w", LEASE) is None
    assert board.take_for_publishing(10, 60) == []
    assert counts(board, "spring") == {"queued": 3}


def test_items_beyond_the_total_are_left_out(board, new_batch, new_specs):
    """Numbers run from 0 to total - 1; others cannot hide a missing item."""
    board.open_batch(new_batch("spring", 2))
    board.add_items("spring", [new_specs(5)[0], new_specs(5)[4]])
    with pytest.raises(BatchIncomplete):
        board.seal_batch("spring")


@pytest.mark.parametrize(
    "ask",
    [
        lambda board: board.status("nothing"),
        lambda board: board.items("nothing"),
        lambda board: board.item("nothing", 0),
        lambda board: board.cancel("nothing"),
        lambda board: board.pause("nothing"),
        lambda board: board.resume("nothing"),
        lambda board: board.retry("nothing"),
        lambda board: board.retry("nothing", numbers=[1]),
        lambda board: board.mark_ended("nothing"),
        lambda board: board.seal_batch("nothing"),
    ],
)
def test_an_unknown_batch_is_an_error(board, ask):
    """No question about an unknown batch is ever answered with "done"."""
    with pytest.raises(BatchUnknown):
        ask(board)


def test_adding_to_an_unknown_batch_is_an_error(board, new_specs):
    """Items cannot come before their batch."""
    with pytest.raises(BatchUnknown):
        board.add_items("nothing", new_specs(1))


@pytest.mark.parametrize("number", [-1, 3, 10**15])
def test_an_unknown_item_is_an_error(board, submit, number):
    """A number outside the batch names no item, and no neighbour either."""
    submit(total=3)
    with pytest.raises(ItemUnknown):
        board.item("spring", number)


def test_batches_are_listed_newest_first(board, submit, eventually):
    """The list is cut to its limit from the new end."""
    for name in ("one", "two", "three"):
        submit(name, 1)
        eventually(lambda: time_has_passed(board))
    assert [status.batch.batch_id for status in board.batches(2)] == ["three", "two"]


@pytest.mark.parametrize("prefix", [replay_prefix, rendering_prefix])
def test_what_is_apart_pushes_no_batch_out_of_the_list(board, submit, eventually, prefix):
    """However many replays or renderings are newer, as many real batches are listed as asked."""
    for name in ("one", "two", "three"):
        submit(name, 1)
        eventually(lambda: time_has_passed(board))
    for number in range(5):
        name = f"apart-{number}"
        submit(name, 1, output=str(prefix("s3://shop/out/", name)))
    submit("four", 1, output="s3://shop/_replays/")
    listed = [status.batch.batch_id for status in board.batches(3, replays=False)]
    assert listed == ["four", "three", "two"]
    assert len(board.batches(100, replays=False)) == 4
    assert len(board.batches(100)) == 9


def time_has_passed(board) -> bool:
    """Whether Redis' clock has moved on by a millisecond since the last word of a worker."""
    board.report_worker("clock", {})
    return board.workers()[0].silent_seconds > 0


def test_pages_of_one_state_are_in_manifest_order(board, submit, failure):
    """Paging by `after` meets each item of the state once."""
    submit(total=9)
    for number in (7, 1, 4, 2):
        board.finish(board.claim("spring", number, "w", LEASE), failure)
    first = board.items("spring", ItemState.FAILED, limit=3)
    rest = board.items("spring", ItemState.FAILED, after=first[-1].spec.number, limit=3)
    assert [item.spec.number for item in first + rest] == [1, 2, 4, 7]


def test_workers_are_kept_and_forgotten(board):
    """A worker's last word stays until it is replaced or the worker leaves."""
    board.report_worker("host/0", {"device": "cuda:0"})
    board.report_worker("host/0", {"device": "cuda:0", "items": 3})
    board.report_worker("host/1", {})
    found = {record.owner: record.facts for record in board.workers()}
    assert found == {"host/0": {"device": "cuda:0", "items": 3}, "host/1": {}}
    board.forget_worker("host/0")
    assert [record.owner for record in board.workers()] == ["host/1"]


def test_a_worker_silent_for_a_day_is_forgotten(board, inspector, keys):
    """Hosts that vanish do not stay on the list for ever."""
    board.report_worker("gone", {})
    inspector.zincrby(keys.seen, -25 * 3600 * 1000, "gone")
    board.report_worker("here", {})
    assert [record.owner for record in board.workers()] == ["here"]


def test_namespaces_do_not_see_each_other(board, submit, settings):
    """Two installations can share one Redis."""
    submit(total=1)
    other = StatusBoard.connect(settings.model_copy(update={"namespace": "t-other"}))
    with pytest.raises(BatchUnknown):
        other.status("spring")
    other.close()


def test_a_safe_server_is_accepted(board):
    """AOF on and `noeviction`: what the demo's server has."""
    board.refuse_unsafe()
    facts = board.server_facts()
    assert facts.aof_enabled
    assert facts.problems == []
    assert facts.used_memory > 0


@pytest.mark.parametrize(
    ("setting", "unsafe", "word"),
    [("appendonly", "no", "append-only"), ("maxmemory-policy", "allkeys-lru", "allkeys-lru")],
)
def test_an_unsafe_server_is_refused(tmp_path, setting, unsafe, word):
    """Without AOF, or with a policy that evicts, items would vanish in silence."""
    with services.redis_server(tmp_path) as server:
        board = StatusBoard.connect(Settings(redis_url=server.url))
        board._connection._client.config_set(setting, unsafe)
        with pytest.raises(RedisUnsafe, match=word):
            board.refuse_unsafe()
        board.close()


def test_an_absent_server_is_one_clear_error():
    """Whatever the vendor raises, callers see RedisUnreachable, without the password."""
    url = f"redis://:geheim@127.0.0.1:{services.free_port()}/0"
    board = StatusBoard.connect(Settings(redis_url=url))
    with pytest.raises(RedisUnreachable) as caught:
        board.status("spring")
    assert "geheim" not in str(caught.value)


def test_a_full_server_refuses_and_loses_nothing(tmp_path, new_batch, new_specs):
    """A Redis at its memory limit says so; with more memory all goes on."""
    with services.redis_server(tmp_path) as server:
        board = StatusBoard.connect(Settings(redis_url=server.url))
        board.open_batch(new_batch("spring", 3))
        board._connection._client.config_set("maxmemory", "1mb")
        board._connection._client.config_set("maxmemory", "100kb")
        with pytest.raises(RedisFull, match="maxmemory"):
            board.add_items("spring", new_specs(3))
        assert counts(board, "spring") == {"queued": 3}
        board._connection._client.config_set("maxmemory", "0")
        board.add_items("spring", new_specs(3))
        board.seal_batch("spring")
        assert board.claim("spring", 0, "w", LEASE) is not None
        board.close()
