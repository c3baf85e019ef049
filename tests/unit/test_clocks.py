"""Clocks that jump: what is decided by time is decided by a monotonic clock, or by Redis' own."""

import ast
import time
from pathlib import Path

import pytest

from worker.models.stamps import Stamps

ROOT = Path(__file__).parents[2]

#: Calls that read this host's wall clock, with the reason why a jump of it does no harm.
ALLOWED = {
    "worker/results.py": "rendered_at in the sidecar, for people",
    "worker/sidecar.py": "failed_at in the sidecar, for people",
    "worker/models/stamps.py": "compared with times of the same clock; see the test below",
    "producer/submit.py": "submitted_at and a made-up batch id, for people",
    "producer/rendering.py": "a rendering's name, and when it was asked for",
    "producer/replay.py": "submitted_at, for people",
    "producer/rerender.py": "submitted_at, for people",
    "producer/summary.py": "whether a window is open is said to people; the board decides",
    "producer/models/pushing.py": "when a version was made, for people",
    "producer/models/moving.py": "when an alias was moved, for people",
    "producer/placing.py": "the first window of a batch; the board keeps to it by Redis' clock",
    "producer/schedule.py": "when a schedule was made, for people",
    "producer/archive/roll_up.py": "ended_at of a batch whose end is being written, for people",
    "producer/report/making.py": "when a report was made, for people",
    "producer/plan/forecast.py": "the time of the end, an estimate for people",
    "producer/webhooks/event.py": "the time that an event tells, for people",
    "producer/cli/webhooks.py": "how long ago something was, for people",
    "producer/doctor/webhooks.py": "a warning, for people",
    "producer/doctor/backoffice.py": "a warning, for people",
}
WALL = {"time.time", "time.time_ns", "datetime.now", "datetime.utcnow", "date.today", "time.ctime"}


def _reads_wall_clock(path: Path) -> bool:
    names = {
        ast.unparse(node)
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute | ast.ImportFrom)
    }
    return bool(names & WALL) or any(name.startswith("from time import") for name in names)


def test_nothing_is_decided_by_the_wall_clock():
    """Whoever reads it is named here, with the reason; leases and retries go by Redis' clock."""
    rooms = [
        path for room in ("shared", "worker", "producer") for path in (ROOT / room).rglob("*.py")
    ]
    reading = {str(path.relative_to(ROOT)) for path in rooms if _reads_wall_clock(path)}
    assert reading == ALLOWED.keys()


HOUR_NS = 3_600 * 10**9


@pytest.mark.parametrize(
    ("shift_ns", "settled"), [(0, False), (HOUR_NS, True), (-HOUR_NS, True), (-(10**9), False)]
)
def test_stamps_settle_after_a_jump_either_way(tmp_path, shift_ns, settled):
    """Only what changed about now is read again; a clock set back does not make all young."""
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    stamps = Stamps.of(tmp_path, lambda: time.time_ns() + shift_ns)
    assert stamps.hold() is settled
    (tmp_path / "model.safetensors").write_bytes(b"others")
    assert not stamps.hold()
