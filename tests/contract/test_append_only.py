"""What a chaos run reads in Redis' append-only file, against what a board did."""

import pytest

from infra.chaos.append_only import read_story
from infra.chaos.planted import ALTERED, altered_scripts
from infra.demo import services
from shared.board.scripts import load_scripts


@pytest.fixture
def redis_server(tmp_path):
    """A server of the test's own: one with a long life rewrites its file, and forgets the story."""
    with services.redis_server(tmp_path / "redis") as server:
        yield server


@pytest.fixture
def story(redis_server, namespace):
    """Reads the file, of this test's namespace alone."""
    return lambda: read_story(redis_server.folder, namespace)


def test_each_end_is_told_once(board, submit, result, failure, story):
    """A repeated report is no second end, a refused one is none, a retried item ends again."""
    batch = submit(total=3)
    claims = [board.claim(batch, number, "w", 60) for number in range(2)]
    board.finish(claims[0], result)
    board.finish(claims[0], result)
    board.finish(claims[1], failure)
    assert story().ends == {f"{batch}/0": 1, f"{batch}/1": 1}
    assert story().claims == {f"{batch}/0": 1, f"{batch}/1": 1}
    board.retry(batch)
    board.finish(board.claim(batch, 1, "w", 60), result)
    assert story().ends == {f"{batch}/0": 1, f"{batch}/1": 2}


def test_only_what_no_claim_followed_counts_as_published_again(board, submit, story, eventually):
    """A first message counts for nothing, nor does one after a hand-back; a repeated one does."""
    batch = submit(total=1)
    board.take_for_publishing(4, 60, backlog=0)
    board.hand_back(board.claim(batch, 0, "w", 60))
    board.take_for_publishing(4, 60, backlog=0)
    assert story().published_again == 0

    def again():
        board.take_for_publishing(4, 0, backlog=0)
        return story().published_again

    # Within one millisecond Redis sees no change, and writes none.
    assert eventually(again) == 1


@pytest.mark.parametrize("plant", ALTERED)
def test_a_planted_bug_changes_the_scripts(plant):
    """What a plant takes out is still there to be taken out."""
    assert altered_scripts(plant) != load_scripts()
