"""A team points Restyle at a catalogue once: a night renders what changed, and leaves a report."""

import json
import signal

import pytest

from shared.board import StatusBoard
from shared.errors import BatchUnknown
from shared.settings import Settings
from tests.installation import DEMO_MODELS, wait_until

STYLE = f"""
mask: the dress
paint: a red dress
working_size: 64
steps: 4
painter: {DEMO_MODELS}/inpaint
segmenter: {DEMO_MODELS}/clipseg
"""


@pytest.fixture(scope="module")
def catalogue(installation):
    """Two rows of a picture each, and the style, in S3."""
    rows = [
        installation.shelve(name) | {"external_id": name} for name in ("nightly-a", "nightly-b")
    ]
    (installation.bucket / "rows.jsonl").write_text("\n".join(map(json.dumps, rows)))
    (installation.bucket / "style.yaml").write_text(STYLE)
    return rows


@pytest.fixture
def board(installation):
    """The installation's board."""
    named = installation.environment
    board = StatusBoard.connect(
        Settings(redis_url=named["RESTYLE_REDIS_URL"], namespace=named["RESTYLE_NAMESPACE"])
    )
    yield board
    board.close()


def test_nights_render_what_changed_and_report(installation, catalogue, board):
    """The first all, the second nothing, the third the one picture that was replaced."""
    output = f"{installation.prefix}nights/"
    added = installation.restyle(
        *("schedule", "add", "nightly", "--cron", "0 1 * * *", "--timezone", "Europe/Paris"),
        *("--window", "6h", "--manifest", f"{installation.prefix}rows.jsonl"),
        *("--style", f"{installation.prefix}style.yaml", "--output", output),
    )
    assert added.returncode == 0, added.stderr
    assert "At 01:00" in added.stdout
    steward = installation.start("producer", "steward", "--interval", "0.5")
    worker = installation.worker()
    nights = [_night(installation, board) for _ in range(2)]
    photo = installation.bucket / "nightly-a" / "photo.png"
    photo.write_bytes((installation.bucket / "nightly-b" / "photo.png").read_bytes() + b"\0")
    nights.append(_night(installation, board))
    counted = [[status.counts[state] for state in ("done", "unchanged")] for status in nights]
    assert counted == [[2, 0], [0, 2], [1, 1]]
    folder = installation.bucket / "nights" / "_batches" / nights[2].batch.batch_id
    report = json.loads((folder / "report.json").read_text())
    assert report["plan"]["changed_by"] == {"source": 1}
    assert "data:image/jpeg;base64," in (folder / "report.html").read_text()
    states = [json.loads(line) for line in (folder / "results.jsonl").read_text().splitlines()]
    assert [(row["external_id"], row["state"]) for row in states] == [
        ("nightly-a", "done"),
        ("nightly-b", "unchanged"),
    ]
    for process in (worker, steward):
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, installation.logs()


def _night(installation, board):
    """Ask for a run now, as the cron would at night; returns how its batch ended."""
    asked = installation.restyle("schedule", "run", "nightly")
    assert asked.returncode == 0, asked.stderr

    def ended():
        run = board.runs("nightly", 1)[0]
        try:
            status = board.status(run.batch_id)
        except BatchUnknown:
            return None
        return status if status.ended_at else None

    return wait_until(ended)
