"""The back office over HTTP: batches, errors and ETags, on the real Redis."""

import pytest


def test_a_batch_is_told_as_the_command_line_tells_it(client, submit):
    """The roll-up's counts name every state and sum to the total."""
    submit(total=3)
    told = client.get("/api/v1/batches/spring").json()
    assert (told["batch"], told["phase"], told["total"]) == ("spring", "queued", 3)
    assert sum(told["counts"].values()) == 3
    listed = client.get("/api/v1/batches").json()["batches"]
    assert [one["batch"] for one in listed] == ["spring"]


def test_batches_are_listed_page_by_page(client, submit):
    """Each batch once, the newest first; the last page names no next one."""
    names = [submit(f"b-{number}", total=1) for number in range(5)]
    pages, cursor = [], None
    while cursor is not None or not pages:
        asked = {"limit": 2} | ({"cursor": cursor} if cursor else {})
        page = client.get("/api/v1/batches", params=asked).json()
        pages.append([one["batch"] for one in page["batches"]])
        cursor = page["next"]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert sorted(name for page in pages for name in page) == names


def test_a_known_answer_is_not_sent_again(client, submit, board):
    """The ETag is that of the content: 304 until something moved."""
    submit(total=3)
    first = client.get("/api/v1/batches/spring")
    again = client.get("/api/v1/batches/spring", headers={"If-None-Match": first.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    board.pause("spring")
    moved = client.get("/api/v1/batches/spring", headers={"If-None-Match": first.headers["etag"]})
    assert moved.status_code == 200
    assert moved.json()["paused"] is True


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/v1/batches/none", 404, "batch_unknown"),
        ("GET", "/api/v1/nothing", 404, "path_unknown"),
        ("PUT", "/api/v1/batches", 405, "method_refused"),
        ("GET", "/api/v1/batches?limit=many", 422, "request_invalid"),
    ],
)
def test_errors_are_problems_with_our_codes(client, method, path, status, code):
    """RFC 9457: type, title, status, detail; and our code and hint beside them."""
    answer = client.request(method, path)
    told = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, told["status"], told["code"]) == (status, status, code)
    assert told["type"] == f"urn:restyle:error:{code}"
    assert told["detail"]
    assert told["hint"]


@pytest.mark.parametrize("path", ["/", "/batches/spring", "/workers", "/schedules", "/sign-in"])
def test_the_page_is_served_at_each_of_its_paths(client, path):
    """One file; its own script reads the path."""
    answer = client.get(path)
    assert answer.headers["content-type"].startswith("text/html")
    assert "<title>Restyle</title>" in answer.text


def test_health_is_told_to_everybody(client):
    """A load balancer asks without a token."""
    assert client.get("/healthz").json() == {"status": "ok"}
