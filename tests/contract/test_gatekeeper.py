"""The gate of the back office: who gets in, as what, and what is kept of it; on the real Redis."""

import re
from http.cookies import SimpleCookie

import pytest
from fastapi.routing import iter_route_contexts

from producer.backoffice.access.credential import Credential, csrf_of
from producer.backoffice.access.gatekeeper import COOKIE, Gatekeeper
from producer.backoffice.access.tokens import make_token
from producer.backoffice.app import bare_app, create_app, furnish
from producer.backoffice.headers import ALWAYS
from producer.backoffice.intake import SMALL_BYTES
from shared.board import StatusBoard
from shared.errors import BodyTooLarge, CredentialMissing, RedisUnreachable
from shared.roles import Role
from shared.settings import Settings
from tests.office import AT_HOME, client_of

SHOP = "https://restyle.example"
#: What everybody may ask for, by route.
OPEN = {"/healthz", "/ping", "/api/v1/session"}
SAFE = {"GET", "HEAD", "OPTIONS"}


@pytest.fixture
def tokens(board):
    """A token of each role, by role."""
    made = {role: make_token(board, f"the-{role}", role) for role in Role}
    return {role: str(one.credential) for role, one in made.items()}


def bearer(token: str) -> dict[str, str]:
    """The header that a program sends."""
    return {"Authorization": f"Bearer {token}"}


def code_of(answer) -> tuple[int, str]:
    """Status and code of a problem."""
    assert answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"]


def routes(app) -> list[tuple[str, str]]:
    """Method and path of every route, those that the framework adds and those of mounts too."""
    return sorted(
        (method, re.sub(r"{.*?}", "x", route.path))
        for route in iter_route_contexts(app.routes)
        for method in getattr(route, "methods", None) or {"GET"}
    )


def test_every_route_is_closed_to_strangers(app, client, tokens):
    """All but the health, the sign-in, and the page's own files, whatever is added later."""
    closed = [
        (method, path)
        for method, path in routes(app)
        if client.request(method, path).status_code == 401
    ]
    pages = {path for _, path in routes(app)} - {path for _, path in closed}
    assert pages <= OPEN | {"/", "/batches/x", "/schedules", "/workers", "/sign-in", "/static"}
    assert ("GET", "/api/v1/openapi.json") in closed
    assert ("GET", "/api/v1/batches/x") in closed
    assert client.get("/healthz").json() == {"status": "ok"}
    for path in ("/api/v1/nothing", "/docs", "/batches.json", "/api/v1/session/x", "/staticx"):
        assert code_of(client.get(path)) == (401, "credential_missing")
    assert client.post("/healthz").status_code == 401
    assert client.get("/api/v1/batches").headers["WWW-Authenticate"] == 'Bearer realm="restyle"'


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_it_covers_and_nothing_else(app, client, tokens, role):
    """Viewers read, operators change things too, and tokens and audit are an admin's."""
    as_role = bearer(tokens[role])
    for method, path in routes(app):
        if path.startswith("/api") and path not in OPEN:
            is_admins = path.startswith(("/api/v1/tokens", "/api/v1/audit"))
            usual = Role.VIEWER if method in SAFE else Role.OPERATOR
            needed = Role.ADMIN if is_admins else usual
            answer = client.request(method, path, headers=as_role)
            refused = answer.status_code == 403 and answer.json()["code"] == "role_too_low"
            assert refused is not role.covers(needed), (method, path)


def test_a_token_is_good_until_it_is_revoked_or_over(client, board, tokens, inspector, keys):
    """At the next request; the use of it is noted, and nothing tells wrong from gone."""
    as_admin, as_viewer = bearer(tokens[Role.ADMIN]), bearer(tokens[Role.VIEWER])
    assert client.get("/api/v1/batches", headers=as_viewer).status_code == 200
    told = client.get("/api/v1/tokens", headers=as_admin).json()["tokens"]
    viewer = next(one for one in told if one["role"] == "viewer")
    assert viewer["used_at"] is not None
    assert not {"digest", "token", "secret"} & viewer.keys()
    gone = client.delete(f"/api/v1/tokens/{viewer['token_id']}", headers=as_admin)
    assert gone.status_code == 204
    assert code_of(client.get("/api/v1/batches", headers=as_viewer)) == (401, "credential_refused")
    again = client.delete(f"/api/v1/tokens/{viewer['token_id']}", headers=as_admin)
    assert code_of(again) == (404, "token_unknown")
    operator = Credential.parse(tokens[Role.OPERATOR])
    inspector.hset(keys.token(operator.token_id), "expires", 1)
    over = client.get("/api/v1/batches", headers=bearer(str(operator)))
    assert code_of(over) == (401, "credential_refused")


def test_a_token_that_is_made_over_http_signs_in(client, tokens):
    """Its secret is told once; names and lifetimes that cannot be used are problems."""
    as_admin = bearer(tokens[Role.ADMIN])
    asked = {"name": "erp", "role": "operator", "expires": "90d"}
    made = client.post("/api/v1/tokens", json=asked, headers=as_admin)
    assert made.status_code == 201
    answer = client.post("/api/v1/session", json={"token": made.json()["token"]})
    assert (answer.json()["name"], answer.json()["role"]) == ("erp", "operator")
    assert code_of(client.post("/api/v1/tokens", json=asked, headers=as_admin))[0] == 409
    for wrong in ({"name": "local"}, {"name": "a b"}, {"expires": "soon"}, {"expires": "9999d"}):
        refused = client.post("/api/v1/tokens", json=asked | wrong, headers=as_admin)
        assert code_of(refused) == (422, "token_invalid")


def test_wrong_tokens_are_slowed_and_right_ones_are_not(client, tokens):
    """After ten failures in a minute 429 with the time to wait; malformed ones count too."""
    wrong = [str(Credential.new()), "rst_x_y", "", str(Credential.new()).upper()] * 3
    answers = [client.get("/api/v1/batches", headers=bearer(one)) for one in wrong[:10]]
    assert {code_of(answer) for answer in answers} == {(401, "credential_refused")}
    late = client.post("/api/v1/session", json={"token": "rst_x_y"})
    assert code_of(late) == (429, "failures_too_many")
    assert 0 < int(late.headers["Retry-After"]) <= 60
    as_viewer = bearer(tokens[Role.VIEWER])
    assert client.get("/api/v1/batches", headers=as_viewer).status_code == 200


def test_whoever_has_a_whole_network_is_one_source(app, client, tokens):
    """An IPv6 client has more addresses than could be counted; another network is another one."""
    for number in range(10):
        client_of(app, address=f"2001:db8::{number}").get("/api/v1/x", headers=bearer("x"))
    near, far = (client_of(app, address=one) for one in ("2001:db8::ff", "2001:db8:1::1"))
    assert near.get("/api/v1/x", headers=bearer("x")).status_code == 429
    assert far.get("/api/v1/x", headers=bearer("x")).status_code == 401


def sign_in(client, token: str) -> dict[str, str]:
    """Sign in; returns the header that unsafe requests need."""
    answer = client.post("/api/v1/session", json={"token": token})
    assert answer.status_code == 200
    return {"X-CSRF-Token": answer.json()["csrf"]}


def test_a_person_signs_in_and_out(client, board, tokens):
    """The cookie is the page's alone, the answer says who it is, and leaving ends it at once."""
    answer = client.post("/api/v1/session", json={"token": tokens[Role.OPERATOR]})
    (cookie,) = SimpleCookie(answer.headers["set-cookie"]).values()
    assert (cookie["httponly"], cookie["samesite"], cookie["path"]) == (True, "strict", "/")
    assert not cookie["secure"]
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.json()["csrf"] == csrf_of(cookie.value)
    again = client.get("/api/v1/session")
    assert (again.json(), again.headers["Cache-Control"]) == (answer.json(), "no-store")
    assert client.get("/api/v1/batches").status_code == 200
    csrf = {"X-CSRF-Token": answer.json()["csrf"]}
    assert client.delete("/api/v1/session", headers=csrf).status_code == 204
    assert code_of(client.get("/api/v1/session")) == (401, "credential_missing")
    stale = client.get("/api/v1/batches", headers={"Cookie": f"{COOKIE}={cookie.value}"})
    assert code_of(stale) == (401, "credential_refused")
    assert "Max-Age=0" in stale.headers["set-cookie"]


def test_signing_in_again_ends_the_session_before(client, tokens):
    """No session goes on that no browser knows."""
    sign_in(client, tokens[Role.VIEWER])
    before = client.cookies[COOKIE]
    sign_in(client, tokens[Role.ADMIN])
    assert client.cookies[COOKIE] != before
    client.cookies.clear()
    stale = client.get("/api/v1/batches", headers={"Cookie": f"{COOKIE}={before}"})
    assert stale.status_code == 401


def test_a_session_ends_with_its_token(client, board, tokens):
    """Revoked is revoked."""
    sign_in(client, tokens[Role.ADMIN])
    board.revoke_token(Credential.parse(tokens[Role.ADMIN]).token_id)
    assert client.get("/api/v1/batches").status_code == 401


def test_a_session_changes_nothing_for_another_page(client, tokens):
    """It needs its own CSRF token, and what a browser says of where the request was made."""
    csrf = sign_in(client, tokens[Role.ADMIN])
    asked = {"name": "x", "role": "viewer"}
    for headers in (
        {},
        {"X-CSRF-Token": ""},
        {"X-CSRF-Token": "ü" * 64},
        csrf | {"Origin": "https://evil.example"},
        csrf | {"Origin": "null"},
        csrf | {"Origin": "http://["},
        csrf | {"Sec-Fetch-Site": "cross-site"},
        csrf | {"Sec-Fetch-Site": "same-site"},
    ):
        sent = {name: value.encode() for name, value in headers.items()}
        refused = client.post("/api/v1/tokens", json=asked, headers=sent)
        assert code_of(refused) == (403, "request_foreign"), headers
    own = csrf | {"Origin": AT_HOME, "Sec-Fetch-Site": "same-origin"}
    assert client.post("/api/v1/tokens", json=asked, headers=own).status_code == 201


def test_nobody_is_signed_in_by_another_page(client, tokens):
    """Else a person would work under a stranger's name."""
    evil = {"Origin": "https://evil.example"}
    answer = client.post("/api/v1/session", json={"token": tokens[Role.ADMIN]}, headers=evil)
    assert code_of(answer) == (403, "request_foreign")
    assert "set-cookie" not in answer.headers


def test_without_any_token_this_host_needs_none(client, board, tokens):
    """`local` is an admin, until the first token is made; a cookie of that time does no harm."""
    assert client.get("/api/v1/session").status_code == 401
    sign_in(client, tokens[Role.ADMIN])
    for token in board.tokens():
        board.revoke_token(token.token_id)
    told = client.get("/api/v1/session").json()
    assert told == {"name": "local", "role": "admin", "kind": "local", "csrf": ""}
    made = client.post("/api/v1/tokens", json={"name": "x", "role": "viewer"})
    assert made.status_code == 201
    assert client.get("/api/v1/batches").status_code == 401


@pytest.mark.parametrize(
    ("url", "address", "headers", "status"),
    [
        ("http://localhost:8787", "127.0.0.1", {}, 200),
        ("http://[::1]:8787", "::1", {}, 200),
        ("http://evil.example:8787", "127.0.0.1", {}, 403),
        ("http://127.0.0.1.evil.example", "127.0.0.1", {}, 403),
        (AT_HOME, "10.0.0.7", {}, 401),
        (AT_HOME, "127.0.0.1", {"X-Forwarded-For": "203.0.113.9"}, 401),
    ],
)
def test_being_local_takes_more_than_reaching_the_port(client, url, address, headers, status):
    """A page that a name was rebound for, another host and a proxy's client are not local."""
    answer = client_of(client.app, url, address).get("/api/v1/batches", headers=headers)
    assert answer.status_code == status


def test_another_page_changes_nothing_here_without_tokens_either(client):
    """A browser says where a request was made; programs say nothing of the kind."""
    for evil in ({"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}):
        refused = client.post("/api/v1/tokens", json={}, headers=evil)
        assert code_of(refused) == (403, "request_foreign")
    assert code_of(client.post("/api/v1/tokens", json={})) == (422, "request_invalid")


def test_elsewhere_nobody_is_local(app, office):
    """Served to other hosts, an app without tokens is closed to everybody."""
    furnish(app, office, Gatekeeper(office.board, is_local=False))
    client = client_of(app)
    assert code_of(client.get("/api/v1/batches")) == (401, "credential_missing")


@pytest.mark.parametrize(
    ("url", "public_url", "is_secure"),
    [
        (SHOP, None, True),
        ("http://10.0.0.5:8787", SHOP, True),
        ("http://10.0.0.5:8787", "http://10.0.0.5:8787", False),
        ("http://10.0.0.5:8787", None, None),
    ],
)
def test_a_session_travels_over_tls_unless_plain_http_is_meant(
    app, office, tokens, url, public_url, is_secure
):
    """The cookie is Secure off this host; over plain HTTP by mistake, nobody signs in."""
    gatekeeper = Gatekeeper(office.board, is_local=False, public_url=public_url)
    furnish(app, office, gatekeeper)
    client = client_of(app, url, "10.0.0.7")
    origin = {"Origin": public_url or url}
    answer = client.post("/api/v1/session", json={"token": tokens[Role.VIEWER]}, headers=origin)
    if is_secure is None:
        assert code_of(answer) == (403, "sign_in_insecure")
    else:
        (cookie,) = SimpleCookie(answer.headers["set-cookie"]).values()
        assert bool(cookie["secure"]) is is_secure


def test_every_answer_has_the_security_headers(office):
    """Pages, JSON, 304, refusals, what is not there and what fails: all of them."""
    app = create_app(office)
    app.add_api_route("/api/v1/broken", lambda: 1 // 0)
    client = client_of(app)
    found = client.get("/api/v1/batches")
    answers = [
        *(client.get(path) for path in ("/", "/healthz", "/api/v1/nothing", "/static/nothing")),
        *(client.get("/api/v1/batches", headers={"If-None-Match": found.headers["etag"]}), found),
        *(client.post("/api/v1/tokens", json={}), client.put("/api/v1/batches")),
        client.get("/api/v1/batches", headers=bearer("wrong")),
        client.get("/api/v1/broken"),
    ]
    assert {200, 304, 401, 404, 405, 422, 500} == {answer.status_code for answer in answers}
    for answer in answers:
        assert {name: answer.headers.get(name) for name in ALWAYS} == ALWAYS
        assert "Strict-Transport-Security" not in answer.headers
    assert found.headers["Cache-Control"] == "private, no-cache"
    assert answers[-1].headers["Cache-Control"] == "no-store"
    over_tls = client_of(app, SHOP).get("/healthz")
    assert over_tls.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_what_a_caller_does_is_in_the_audit_log(client, board, tokens):
    """Who, from where, what, with which outcome: refusals too, reading not, secrets never."""
    as_admin, as_viewer = bearer(tokens[Role.ADMIN]), bearer(tokens[Role.VIEWER])
    sign_in(client, tokens[Role.OPERATOR])
    client.cookies.clear()
    client.post("/api/v1/tokens", json={"name": "x", "role": "viewer"}, headers=as_admin)
    client.delete("/api/v1/tokens/abc", headers=as_viewer)
    client.get("/api/v1/batches", headers=as_viewer)
    client.post("/api/v1/tokens", json={}, headers=bearer("wrong"))
    acts = client.get("/api/v1/audit", headers=as_admin).json()["acts"]
    told = [(act["who"], act["action"], act["target"], act["status"]) for act in acts]
    assert told == [
        ("the-viewer", "delete", "/api/v1/tokens/abc", 403),
        ("the-admin", "add_token", "/api/v1/tokens: x, viewer", 201),
        ("the-operator", "sign_in", "/api/v1/session", 200),
    ]
    assert {act["address"] for act in acts} == {"127.0.0.1"}
    secrets = [Credential.parse(token).secret for token in tokens.values()]
    assert not any(secret in str(acts) for secret in secrets)
    assert len(client.get("/api/v1/audit?limit=1", headers=as_admin).json()["acts"]) == 1


def test_a_body_is_taken_up_to_a_size(client, settings, tokens):
    """Of strangers a small one, a large one where it holds pictures; it is counted as it comes."""
    as_admin = bearer(tokens[Role.ADMIN])
    for body in (b" " * 20_000, iter([b" " * 10_000] * 2)):
        refused = client.post("/api/v1/session", content=body)
        assert code_of(refused) == (413, BodyTooLarge.code)
    taken = client.post("/api/v1/tokens", content=b" " * 20_000, headers=as_admin)
    assert code_of(taken) == (422, "request_invalid")
    for path, limit in (("tokens", SMALL_BYTES), ("renderings", settings.max_body_bytes)):
        large = {"Content-Length": str(limit + 1)} | as_admin
        refused = client.post(f"/api/v1/{path}", content=b"{}", headers=large)
        assert (code_of(refused), refused.json()["limit"]) == ((413, BodyTooLarge.code), limit)


def test_what_asks_to_read_brings_no_body(client, tokens):
    """No route takes it, and nobody pays for it."""
    as_viewer = bearer(tokens[Role.VIEWER])
    refused = client.request("GET", "/api/v1/batches", content=b"x", headers=as_viewer)
    assert code_of(refused) == (413, BodyTooLarge.code)
    empty = client.request("GET", "/api/v1/batches", content=iter([]), headers=as_viewer)
    assert empty.status_code == 200


def test_a_lost_redis_closes_the_gate(app, office):
    """Who asks cannot be told, and nobody is let in; the page's own files are still there."""
    board = StatusBoard.connect(Settings(redis_url="redis://127.0.0.1:1/0"))
    furnish(app, office, Gatekeeper(board))
    client = client_of(app)
    answer = client.get("/api/v1/batches", headers=bearer(str(Credential.new())))
    assert code_of(answer) == (503, RedisUnreachable.code)
    assert client.get("/healthz").status_code == 200
    board.close()


def test_without_its_gate_an_app_is_closed(office):
    """A route asks for the caller itself, whoever put the app together."""
    app = bare_app()
    furnish(app, office)
    app.user_middleware = []
    assert code_of(client_of(app).get("/api/v1/batches")) == (401, CredentialMissing.code)
