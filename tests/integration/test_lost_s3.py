"""S3 that is lost to a worker process: items go back, nothing is claimed, and then all goes on."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from infra.demo import services
from producer.doctor.services import check_workers
from shared.keys import S3Address
from shared.s3 import Probe
from shared.settings import load_settings
from shared.states import ItemState
from tests.installation import wait_until
from tests.refusing_s3 import refusing_s3

OWNER = "test/cpu/0"


@pytest.fixture
def proxy(s3_environment, monkeypatch):
    """boto3 speaks through a proxy that can refuse."""
    with refusing_s3(s3_environment) as made:
        monkeypatch.setenv("AWS_ENDPOINT_URL_S3", made.url)
        yield made


@pytest.fixture
def own_server(restyle_environment, tmp_path, monkeypatch):
    """Starts an S3 server on one port, over one folder, under one pair of keys, again and again."""
    port, keys = services.free_port(), ("RESTYLETEST", "secret")

    def start():
        return services.s3_server(tmp_path / "s3", port=port, keys=keys)

    with start() as server:
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
    return start


def test_s3_that_is_away_costs_no_item_a_try(
    monkeypatch, own_server, board, photo, bucket, place, new_process, tmp_path
):
    """Its server stops and starts: items go back uncounted, the process waits, then renders all."""
    monkeypatch.setenv("RESTYLE_MAX_RETRIES", "0")
    copy = tmp_path / "s3" / "objects" / bucket.name
    copy.mkdir(parents=True)
    for name in ("photo.png", "mask.png"):
        (copy / name).write_bytes((bucket / name).read_bytes())
    messages = [place(name) for name in ("a", "b", "c")]
    process = new_process()
    process.seat.take(messages[0], OWNER)  # nobody listens
    item = board.item("a", 0)
    assert (item.state, item.deliveries, item.retries) == (ItemState.QUEUED, 0, 0)
    with ThreadPoolExecutor(3) as threads:
        taken = [threads.submit(process.seat.take, message, OWNER) for message in messages]
        (reason,) = wait_until(
            lambda: [one.lost_services for one in board.workers() if one.lost_services], seconds=15
        )
        assert "S3 did not serve" in reason["S3"]
        checks = {check.name: check for check in check_workers(load_settings())}
        assert checks[f"work of {OWNER}"].verdict == "warn"
        assert not any(one.done() for one in taken)
        assert {board.item(name, 0).deliveries for name in "abc"} == {0}
        with own_server():
            assert all(one.result(timeout=60) for one in taken)
    items = [board.item(name, 0) for name in "abc"]
    assert {(one.state, one.deliveries, one.retries) for one in items} == {("done", 1, 0)}


@pytest.mark.parametrize(("retries", "state"), [(1, ItemState.QUEUED), (0, ItemState.FAILED)])
def test_one_object_that_s3_does_not_serve_fails_by_itself(
    proxy, monkeypatch, board, photo, place, new_process, retries, state
):
    """503 for one key only: its item is tried again and then fails; the others are rendered."""
    monkeypatch.setenv("RESTYLE_MAX_RETRIES", str(retries))
    process = new_process()
    proxy.faults["/photo.png"] = (503, "SlowDown")
    process.seat.take(place("a"), OWNER)
    item = board.item("a", 0)
    assert (item.state, item.retries) == (state, retries)
    assert item.failure is None or item.failure.code == "storage_unavailable"
    proxy.faults.clear()
    process.seat.take(place("b"), OWNER)
    assert board.item("b", 0).state is ItemState.DONE


def test_a_drain_does_not_wait_for_s3(own_server, board, photo, place, new_process):
    """Threads that wait for S3 give their messages back at once, unclaimed."""
    message, process = place(), new_process()
    process.seat.take(message, OWNER)
    with ThreadPoolExecutor(2) as threads:
        taken = [threads.submit(process.seat.take, message, OWNER) for _ in range(2)]
        process.in_hand.draining.set()
        assert [one.result(timeout=30) for one in taken] == [False, False]
    assert board.item("b", 0).state is ItemState.QUEUED


def test_many_threads_ask_with_one_voice(proxy, board, photo, place, process):
    """Of eight items that fail at once one thread asks for S3, and goes on asking alone."""
    bucket = board.status(place("b").batch_id).batch.output.split("/")[2]
    messages = [place(f"b{number}") for number in range(8)]
    proxy.faults[""] = (503, "SlowDown")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda message: process.seat.take(message, OWNER), messages))
        listings = proxy.asked.count(f"/{bucket}")
        assert 1 <= listings < 8
        assert {board.item(f"b{number}", 0).retries for number in range(8)} == {0}
        names = [thread.name for thread in threading.enumerate()]
        assert names.count("waiting for S3") == 1
    proxy.faults.clear()
    process.seat.take(messages[0], OWNER)
    assert board.item("b0", 0).state is ItemState.DONE


@pytest.mark.parametrize(
    ("status", "code", "answers"),
    [
        (403, "AccessDenied", True),
        (404, "NoSuchBucket", True),
        (400, "InvalidRequest", True),
        (500, "InternalError", False),
        (503, "SlowDown", False),
        (403, "RequestTimeTooSkewed", False),
    ],
)
def test_a_refusal_is_an_answer_and_a_passing_fault_is_none(proxy, status, code, answers):
    """Whoever says no is there; a clock that is wrong may be set right, as a server may recover."""
    proxy.faults[""] = (status, code)
    assert Probe.connect().answers(S3Address("b", "a.jpg")) is answers
    assert len(proxy.asked) == 1


def test_nobody_there_is_no_answer(monkeypatch, s3_environment):
    """A port that nobody listens on, asked once."""
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", f"http://127.0.0.1:{services.free_port()}")
    assert not Probe.connect().answers(S3Address("b", "a.jpg"))
