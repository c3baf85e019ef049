"""Dead messages on the board: few, short, harmless, the newest first."""

import os
import subprocess
import sys

import pytest

from shared.board import DeadMessage
from shared.board.dead import MAX_DEAD
from shared.broker import DeadLetters
from shared.broker.dead_letters import MAX_SHOWN, MAX_WAITING
from shared.errors import MessageInvalid, RedisUnreachable
from tests.forgeries import forged, unreadable


@pytest.fixture
def letters(board) -> DeadLetters:
    """Of one worker."""
    return DeadLetters(board, "host/cpu/1")


def refuse(letters, raw: bytes, reason: str = "no sense") -> None:
    """Set one message aside."""
    letters.put(raw, MessageInvalid(reason=reason))


def test_a_message_is_kept_with_time_place_and_reason(board, letters):
    """The newest first; a body that can be taken out of its envelope is shown as it was meant."""
    refuse(letters, b"hello", "no JSON")
    refuse(letters, forged(5), "too old")
    assert board.dead_messages() == []
    letters.deliver()
    newest, oldest = board.dead_messages()
    assert (oldest.where, oldest.reason, oldest.body) == ("host/cpu/1", "no JSON", "hello")
    assert newest.body == '[[{"version": 1, "batch_id": "spring", "number": 5}], {}, {}]'
    assert newest.at >= oldest.at
    assert board.dead_messages(1) == [newest]


def test_the_board_keeps_the_newest_thousand(board, inspector, keys):
    """Whatever comes, the list has its bound."""
    for start in range(0, MAX_DEAD + 200, 100):
        board.set_aside([DeadMessage("w", "r", str(n)) for n in range(start, start + 100)])
    assert inspector.llen(keys.dead) == MAX_DEAD
    assert board.dead_messages()[0].body == str(MAX_DEAD + 199)


def test_clearing_tells_how_many_there_were(board, letters):
    """And leaves none."""
    refuse(letters, b"a")
    refuse(letters, b"b")
    letters.deliver()
    assert (board.clear_dead(), board.clear_dead(), board.dead_messages()) == (2, 0, [])


def test_a_flood_is_counted_not_kept(board, letters, caplog):
    """A hundred messages are written at a time, and one line is logged for all of them."""
    for number in range(10 * MAX_WAITING):
        refuse(letters, str(number).encode())
    letters.deliver()
    letters.deliver()
    assert len(board.dead_messages()) == MAX_WAITING


def test_what_a_redis_that_is_away_did_not_take_is_kept(settings, board):
    """The next delivery writes it; the bound holds meanwhile."""
    away = type(board).connect(settings.model_copy(update={"redis_url": _nowhere(settings)}))
    letters = DeadLetters(away, "w")
    refuse(letters, b"a")
    with pytest.raises(RedisUnreachable):
        letters.deliver()
    assert len(letters) == 1
    away.close()


def _nowhere(settings):
    return type(settings.redis_url)("redis://127.0.0.1:1/0")


@pytest.mark.parametrize("name", unreadable())
def test_what_is_kept_is_short_and_harmless(board, letters, name):
    """Printable characters only, so that no terminal obeys a stranger."""
    refuse(letters, unreadable()[name], "\x1b[2J" + "x" * 5_000)
    letters.deliver()
    (kept,) = board.dead_messages()
    for text in (kept.reason, kept.body):
        assert len(text) <= MAX_SHOWN
        assert text.isprintable()


def test_the_command_lists_and_clears(settings, letters, namespace):
    """A table for people, JSON for programs, and `--clear`."""
    url = settings.redis_url.get_secret_value()
    environment = os.environ | {"RESTYLE_REDIS_URL": url, "RESTYLE_NAMESPACE": namespace}

    def restyle(*arguments: str) -> str:
        command = [sys.executable, "-m", "producer", "dead", *arguments]
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=60, check=True
        )
        return done.stdout

    assert "No message was set aside." in restyle()
    refuse(letters, b"[red]password=geheim[/]", "no JSON")
    letters.deliver()
    table = restyle()
    assert "[red]password=***" in table
    assert "geheim" not in table
    assert "host/cpu/1" in table
    assert '"reason": "no JSON"' in restyle("--json")
    assert restyle("--clear", "--json") == '{"cleared": 1}\n'
    assert restyle("--json") == "[]\n"
