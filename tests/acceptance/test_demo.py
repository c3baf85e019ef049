"""The demo: one command, from an empty folder to a contact sheet; nothing is left behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.installation import wait_until


def _demo(folder, *options):
    command = [sys.executable, "-m", "infra.demo", "--output", str(folder), *options]
    return subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        start_new_session=True,
    )


def _left_behind(folder):
    """Processes whose command line or environment still names the demo's folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes() + (process / "environ").read_bytes()
        except OSError:
            continue  # it ended while we looked
        if str(folder).encode() in words and int(process.name) != os.getpid():
            found.append(words)
    return found


@pytest.mark.timeout(300)
def test_the_demo_judges_itself_and_draws_its_sheet(tmp_path):
    """Ten pictures, each kind of special file among them: exit 0, a sheet, no process left."""
    folder = tmp_path / "demo"
    demo = _demo(folder, "--items", "10")
    said, _ = demo.communicate(timeout=280)
    assert demo.returncode == 0, said
    assert "7 done" in said
    assert "2 failed as they should" in said
    assert "1 held at the gate" in said
    with Image.open(folder / "sheet.png") as sheet:
        assert sheet.width > 400
    page = (folder / "sheet.html").read_text()
    assert "data:image/jpeg" in page
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert _left_behind(folder) == []


def test_the_demo_ends_what_it_started_on_ctrl_c(tmp_path):
    """SIGINT while it works: exit 130, and no server, worker or steward goes on."""
    folder = tmp_path / "demo"
    demo = _demo(folder, "--items", "6")
    wait_until((folder / "worker.log").exists, seconds=60)
    wait_until((folder / "style.yaml").exists, seconds=60)
    demo.send_signal(signal.SIGINT)
    demo.communicate(timeout=60)
    assert demo.returncode == 130
    wait_until(lambda: _left_behind(folder) == [], seconds=20)


def test_the_demo_empties_no_folder_but_its_own(tmp_path):
    """A folder with somebody's files in it is refused and left as it is."""
    (tmp_path / "photo.jpg").write_bytes(b"mine")
    demo = _demo(tmp_path, "--items", "1")
    said, _ = demo.communicate(timeout=60)
    assert demo.returncode == 3
    assert "holds other files" in " ".join(said.split())
    assert (tmp_path / "photo.jpg").read_bytes() == b"mine"
