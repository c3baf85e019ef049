"""The metrics of a process: true to its counters, and told in the README."""

import re
import socket
from collections import Counter
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry, generate_latest
from structlog.testing import capture_logs

from infra.demo.services import free_port
from shared.board import StatusBoard
from shared.metrics import BacklogMetrics, BuildMetrics, MetricsServer
from shared.settings import load_settings
from tests.metrics import samples, scrape
from worker.batching import BatcherStats
from worker.figures import Snapshot
from worker.metrics import WorkerMetrics
from worker.spread import Spread
from worker.tally import STAGE_BOUNDS, Counts, Ending

README = (Path(__file__).parents[2] / "README.md").read_text()

SPREAD = Spread.empty(STAGE_BOUNDS).plus(0.01).plus(0.3).plus(1_000.0)
SNAPSHOT = Snapshot(
    at=1.0,
    counts=Counts(
        {Ending("done"): 5, Ending("failed", "mask_empty"): 2, Ending("returned"): 1},
        {"mask": SPREAD},
    ),
    device=BatcherStats(4, 18, 1, 2.5, Counter({8: 2, 1: 2})),
    waiting=3,
    in_hand=7,
)
NOTHING = Snapshot(at=0.0, counts=Counts({}, {}), device=BatcherStats(), waiting=0, in_hand=0)


def _exposed(*collectors):
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    return generate_latest(registry).decode()


def test_metrics_are_the_counters_of_the_log():
    """Each number of a snapshot is in the exposition, under its name and labels."""
    told = samples(_exposed(WorkerMetrics(lambda: SNAPSHOT)))
    assert told["restyle_items_total"] == {
        ("", "done"): 5,
        ("mask_empty", "failed"): 2,
        ("", "returned"): 1,
    }
    assert told["restyle_device_busy_seconds_total"] == {(): 2.5}
    assert told["restyle_failed_calls_total"] == {(): 1}
    assert told["restyle_batcher_waiting"] == {(): 3}
    assert told["restyle_in_hand_items"] == {(): 7}
    assert told["restyle_batch_size_count"] == {(): 4}
    assert told["restyle_batch_size_sum"] == {(): 18}
    sizes = {float(bound): count for (bound,), count in told["restyle_batch_size_bucket"].items()}
    assert (sizes[1], sizes[6], sizes[8], sizes[float("inf")]) == (2, 2, 4, 4)
    assert told["restyle_stage_seconds_sum"] == {("mask",): pytest.approx(1_000.31)}
    buckets = told["restyle_stage_seconds_bucket"]
    stages = {float(bound): count for (bound, _), count in buckets.items()}
    assert (stages[0.01], stages[0.25], stages[0.5], stages[float("inf")]) == (1, 1, 2, 3)


def test_a_process_that_did_nothing_has_all_its_counters_at_nought():
    """A first item is an increase, so that rates see it."""
    told = samples(_exposed(WorkerMetrics(lambda: NOTHING)))
    assert told["restyle_items_total"] == {("", "done"): 0}
    assert told["restyle_batch_size_count"] == {(): 0}


def _names():
    """Every metric of ours, as Prometheus names its family in queries."""
    board = StatusBoard.connect(load_settings())
    collectors = [BuildMetrics({}), WorkerMetrics(lambda: NOTHING), BacklogMetrics(board)]
    endings = {"counter": "_total", "info": "_info"}
    families = [family for collector in collectors for family in collector.collect()]
    return {family.name + endings.get(family.type, "") for family in families}


def test_every_metric_is_in_the_readme_and_no_other(monkeypatch):
    """Its table is what dashboards are made from."""
    monkeypatch.setenv("RESTYLE_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    table = re.search(r"<!-- metrics -->(.*?)<!-- /metrics -->", README, flags=re.DOTALL)[1]
    assert set(re.findall(r"^\| `(restyle_[a-z_]+)", table, flags=re.MULTILINE)) == _names()


def test_a_board_that_is_away_leaves_its_figures_out(monkeypatch):
    """No stale number scales anything; that the board is away is a number itself."""
    monkeypatch.setenv("RESTYLE_REDIS_URL", f"redis://127.0.0.1:{free_port()}/0")
    told = samples(_exposed(BacklogMetrics(StatusBoard.connect(load_settings()))))
    assert told == {"restyle_board_up": {(): 0}}


def test_a_server_serves_its_own_collectors_until_it_is_closed():
    """Two servers of one process know nothing of each other; a closed one gives its port back."""
    first, second = free_port(), free_port()
    servers = [
        MetricsServer([BuildMetrics({"role": name})], host="127.0.0.1", port=port)
        for name, port in (("first", first), ("second", second))
    ]
    for server in servers:
        server.start()
    try:
        assert [next(iter(scrape(port)["restyle_build_info"]))[0] for port in (first, second)] == [
            "first",
            "second",
        ]
        assert scrape(first)["process_resident_memory_bytes"][()] > 0
    finally:
        for server in servers:
            server.close()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", first))
        again.listen()


@pytest.mark.parametrize("place", ["a taken port", "a host of nobody"])
def test_a_place_that_cannot_be_served_is_one_warning(place):
    """Metrics are missing then, and nothing else."""
    with socket.socket() as taken, capture_logs() as lines:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        host = "127.0.0.1" if place == "a taken port" else "192.0.2.1"
        server = MetricsServer([], host=host, port=taken.getsockname()[1])
        server.start()
        server.close()
    (line,) = lines
    assert (line["log_level"], line["event"]) == ("warning", "metrics are not served")
    assert line["reason"]
    assert line["hint"]


def test_without_a_port_nothing_is_served():
    """The default: no socket is opened and nothing is said."""
    with capture_logs() as lines:
        server = MetricsServer([], host="127.0.0.1", port=load_settings().metrics_port)
        server.start()
        server.close()
    assert lines == []
