"""Whether the back office, where it is served to others, is so safely."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

from producer.doctor.check import Check, fail, ok, warn
from shared.board import AccessToken, StatusBoard
from shared.errors import BoardError
from shared.settings import Settings
from shared.urls import hostname, is_loopback

#: A token that is over within this time is told of before people stand outside.
SOON = timedelta(days=7)


def check_backoffice(settings: Settings) -> Iterator[Check]:
    """Its tokens, and whether they travel in plain text; nothing where nobody uses it."""
    tokens, others = _tokens(settings), _is_for_others(settings)
    if tokens is None or not (tokens or others):
        return
    good = [token for token in tokens if not token.expired]
    if others and not good:
        finding = "it is set to be served to other hosts, and there is no token to sign in with"
        yield fail("back office", finding, "restyle token add NAME --role admin")
        return
    if others and (settings.public_url or "").startswith("http://"):
        finding = f"tokens and sessions travel in plain text to {settings.public_url}"
        yield warn("back office", finding, "restyle serve --tls-cert cert.pem --tls-key key.pem")
    yield _verdict(good)


def _tokens(settings: Settings) -> list[AccessToken] | None:
    try:
        with closing(StatusBoard.connect(settings)) as board:
            return board.tokens()
    except BoardError:  # the check of Redis has told it
        return None


def _is_for_others(settings: Settings) -> bool:
    public = settings.public_url
    return not (is_loopback(settings.serve_host) and (not public or is_loopback(hostname(public))))


def _verdict(good: list[AccessToken]) -> Check:
    soon = datetime.now(UTC) + SOON
    ending = [token.name for token in good if token.expires_at and token.expires_at < soon]
    if ending:
        finding = f"the tokens of {', '.join(ending)} are over within {SOON.days} days"
        return warn("back office", finding, "restyle token list")
    return ok("back office", f"{len(good)} token(s) to sign in with")
