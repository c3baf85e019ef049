"""Requests that come again: the board remembers what was asked under a key, for a while."""

from concurrent.futures import ThreadPoolExecutor


def test_the_first_to_ask_under_a_key_is_remembered(board):
    """However many ask at once, all of them hear the same."""
    asked = [f"request {number}" for number in range(16)]
    with ThreadPoolExecutor(8) as threads:
        heard = set(threads.map(lambda one: board.remember("a", one, 60), asked))
    assert len(heard) == 1
    assert heard <= set(asked)
    assert board.remember("b", "other", 60) == "other"


def test_what_is_remembered_is_forgotten_in_time(board, inspector, keys):
    """Redis drops it by itself."""
    board.remember("a", "first", 60)
    assert 59_000 < inspector.pttl(keys.asked("a")) <= 60_000
    inspector.pexpire(keys.asked("a"), 0)
    assert board.remember("a", "second", 60) == "second"


def test_a_key_is_given_free_by_who_used_it_only(board):
    """A request that came to nothing may be corrected under its key; another's stays."""
    board.remember("a", "first", 60)
    board.forget("a", "second")
    assert board.remember("a", "third", 60) == "first"
    board.forget("a", "first")
    assert board.remember("a", "third", 60) == "third"
