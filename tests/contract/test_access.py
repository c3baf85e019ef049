"""Tokens, sessions, failures and the audit log on the board."""

import dataclasses

import pytest

from shared.board import Act
from shared.board.access import MAX_SESSIONS, SESSION_SECONDS
from shared.board.audit import MAX_ACTS, MAX_FAILURES
from shared.errors import TokenExists, TokenUnknown
from shared.roles import Role

DIGEST = "d" * 64
HOUR_MS = 3_600_000


@pytest.fixture
def token(board):
    """A token that does not end by itself."""
    return board.add_token("t1", name="erp", role=Role.OPERATOR, digest=DIGEST)


def test_a_token_is_kept_as_it_was_made(board, token):
    """Name, role and times; the digest for whoever compares it, and no secret."""
    stored = board.token("t1")
    assert (stored.token, stored.digest) == (token, DIGEST)
    assert (token.name, token.role, token.expired) == ("erp", Role.OPERATOR, False)
    assert (token.expires_at, token.used_at) == (None, None)
    assert board.tokens() == [token]


def test_a_name_belongs_to_one_token(board, token):
    """The audit log tells people by it; making the same token again changes nothing."""
    with pytest.raises(TokenExists):
        board.add_token("t2", name="erp", role=Role.VIEWER, digest=DIGEST)
    assert board.add_token("t1", name="erp", role=Role.ADMIN, digest="e" * 64) == token
    board.revoke_token("t1")
    assert board.add_token("t2", name="erp", role=Role.VIEWER, digest=DIGEST).token_id == "t2"


def test_a_token_is_over_when_its_time_is(board, inspector, keys):
    """It stays in the list, as expired, and its sessions are over with it."""
    made = board.add_token("t1", name="x", role=Role.ADMIN, digest=DIGEST, lifetime_seconds=3600)
    assert (made.expires_at - made.created_at).total_seconds() == 3600
    board.open_session("s1", "t1")
    assert board.session("s1") == made
    inspector.hset(keys.token("t1"), "expires", 1)
    assert [one.expired for one in board.tokens()] == [True]
    assert board.token("t1").token.expired
    assert board.session("s1") is None
    assert board.has_tokens()


def test_a_revoked_token_is_gone_with_its_sessions(board, token, inspector, keys):
    """At once, and nothing of it stays in Redis; other tokens keep theirs."""
    board.add_token("t2", name="other", role=Role.VIEWER, digest=DIGEST)
    for digest, owner in (("s1", "t1"), ("s2", "t1"), ("s3", "t2")):
        board.open_session(digest, owner)
    board.revoke_token("t1")
    assert [board.session(digest) is None for digest in ("s1", "s2", "s3")] == [True, True, False]
    for use in (board.token, board.revoke_token, lambda gone: board.open_session("s4", gone)):
        with pytest.raises(TokenUnknown):
            use("t1")
    board.use_token("t1")
    assert not inspector.exists(keys.token("t1"), keys.sessions("t1"), keys.session("s1"))
    board.revoke_token("t2")
    assert not board.has_tokens()
    assert board.tokens() == []


def test_the_last_use_of_a_token_is_noted_at_most_once_a_minute(board, token, inspector, keys):
    """`stale` says when it is time, so that most requests write nothing."""
    assert board.token("t1").stale
    board.use_token("t1")
    stored = board.token("t1")
    assert stored.token.used_at >= token.created_at
    assert not stored.stale
    inspector.hincrby(keys.token("t1"), "used", -60_000)
    assert board.token("t1").stale


def test_a_session_lasts_anew_when_it_is_used(board, token, inspector, keys):
    """Twelve hours from its last use, noted once a minute; the use counts as the token's."""
    board.open_session("s1", "t1")
    session = keys.session("s1")
    inspector.pexpire(session, HOUR_MS)
    assert board.session("s1").used_at is None
    assert inspector.pttl(session) <= HOUR_MS
    opened, owner = inspector.get(session).split(" ")
    inspector.set(session, f"{int(opened) - 60_000} {owner}", px=HOUR_MS)
    board.session("s1")
    assert inspector.pttl(session) > (SESSION_SECONDS * 1000) - HOUR_MS
    assert board.session("s1").used_at is not None


def test_a_closed_session_is_over(board, token, inspector, keys):
    """Closing it again, or one that never was, changes nothing."""
    board.open_session("s1", "t1")
    for _ in range(2):
        board.close_session("s1")
        assert board.session("s1") is None
    assert inspector.zcard(keys.sessions("t1")) == 0


def test_a_token_has_so_many_sessions_at_a_time(board, token):
    """Whoever opens one after the other fills no memory: the oldest ends."""
    for number in range(MAX_SESSIONS + 1):
        board.open_session(f"s{number:03}", "t1")
    assert board.session("s000") is None
    assert board.session("s001") is not None


def test_a_source_that_fails_too_often_has_to_wait(board):
    """Ten failures in a minute are answered as such, the next one with the time to wait."""
    assert {board.note_failure("a", "t1") for _ in range(MAX_FAILURES)} == {0}
    assert 0 < board.note_failure("a") <= 60
    assert 0 < board.note_failure("b", "t1") <= 60
    assert board.note_failure("b") == 0


def test_failures_leave_the_window_one_by_one(board, inspector, keys):
    """The wait ends when the oldest of ten is a minute old, and not before."""
    for _ in range(MAX_FAILURES):
        board.note_failure("a")
    oldest = inspector.lindex(keys.failures("a"), -1)
    inspector.lset(keys.failures("a"), -1, int(oldest) - 59_000)
    assert 0 < board.note_failure("a") <= 1
    inspector.lset(keys.failures("a"), -1, int(oldest) - 60_001)
    assert board.note_failure("a") == 0
    assert board.note_failure("a") > 1


def test_what_is_remembered_of_failures_is_bounded(board, inspector, keys):
    """Quiet sources are forgotten after the window, and the oldest where there are too many."""
    connection, prefix = board._connection, keys.prefix
    for source in "abc":
        assert connection.run("note_failure", 10, 60_000, 2, source) == 0
    assert len(inspector.zrange(keys.failing, 0, -1)) == 2
    assert len(list(inspector.scan_iter(f"{prefix}:failures:*", count=1000))) == 2
    for source in inspector.zrange(keys.failing, 0, -1):
        inspector.zadd(keys.failing, {source: 1})
    board.note_failure("d")
    assert inspector.zrange(keys.failing, 0, -1) == ["d"]
    assert not inspector.exists(*(keys.failures(source) for source in "abc"))


def test_the_audit_log_tells_the_newest_acts_first(board, inspector, keys):
    """Who, from where, what, to what, what came of it, when; the oldest leave."""
    act = Act("erp", "t1", Role.OPERATOR, "10.0.0.1", "cancel", "/batches/säure", 200)
    board.note_act(act)
    board.note_act(dataclasses.replace(act, status=403))
    newest, oldest = board.acts()
    assert (newest.status, dataclasses.replace(oldest, at=None)) == (403, act)
    assert newest.at >= oldest.at
    assert board.acts(1) == [newest]
    line = inspector.lindex(keys.audit, 0)
    inspector.rpush(keys.audit, *[line] * MAX_ACTS)
    board.note_act(act)
    assert inspector.llen(keys.audit) == MAX_ACTS
