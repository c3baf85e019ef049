"""Risks: what may have killed a process is known after its death, however it died."""

import os
import signal
import subprocess
import sys

import pytest

from shared.jobs import ClaimName
from worker.risks import SLOTS, Notes, Risks, shared_memory

DRESS, SHIRT = ClaimName("spring", 3, 1), ClaimName("a.b-c_d" * 18, 10**12, 10**9)


@pytest.fixture
def notes():
    """A supervisor's side."""
    made = Notes()
    yield made
    made.close()


@pytest.fixture
def risks(notes):
    """The child's side; a RuntimeError is the device's end."""
    return Risks(shared_memory(notes.fileno), lasting=lambda e: isinstance(e, RuntimeError))


def test_only_what_is_at_risk_now_is_suspect(notes, risks):
    """Names come back whole, the longest ones too; what has left the device is none of them."""
    assert notes.suspects() == []
    with risks.on_device([DRESS, SHIRT], alone=False):
        assert set(notes.suspects()) == {DRESS, SHIRT}
    with risks.decoding(SHIRT, alone=False):
        assert notes.suspects() == [SHIRT]
    assert notes.suspects() == []


def test_an_error_that_the_process_survives_leaves_no_suspects(notes, risks):
    """A bad request is no death; a file that is no picture neither."""
    with pytest.raises(ValueError, match="bad"), risks.on_device([DRESS], alone=False):
        raise ValueError("bad")
    with pytest.raises(SystemExit), risks.decoding(DRESS, alone=False):
        raise SystemExit
    assert notes.suspects() == []


@pytest.mark.parametrize("error", [RuntimeError("CUDA error"), SystemExit(1)])
def test_an_error_that_ends_the_process_leaves_its_suspects(notes, risks, error):
    """A lost device takes its thread with it, and the thread the process."""
    with pytest.raises(type(error)), risks.on_device([DRESS], alone=False):
        raise error
    assert notes.suspects() == [DRESS]


def test_calls_that_end_well_are_counted(notes, risks):
    """Whoever has worked was no faulty start."""
    assert notes.calls() == 0
    for _ in range(300):
        with risks.on_device([DRESS], alone=False):
            pass
    assert notes.calls() == 300


def test_more_than_there_is_room_for_is_no_error(notes, risks):
    """A note that does not fit is left out; the call goes on."""
    names = [ClaimName("spring", number, 1) for number in range(2 * SLOTS)]
    with risks.on_device(names, alone=False):
        assert len(notes.suspects()) == SLOTS - 1
    assert notes.suspects() == []


def test_a_killed_process_leaves_its_notes(notes):
    """Kill -9 amid a call: its parent reads what was on the device."""
    program = (
        "import os, signal, sys\n"
        "from shared.jobs import ClaimName\n"
        "from worker.risks import Risks, shared_memory\n"
        "risks = Risks(shared_memory(int(sys.argv[1])))\n"
        "with risks.on_device([ClaimName('spring', 3, 1)], alone=False):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    command = [sys.executable, "-c", program, str(notes.fileno)]
    done = subprocess.run(command, pass_fds=[notes.fileno], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert notes.suspects() == [DRESS]


def test_the_memory_ends_with_its_notes():
    """No file, and no descriptor, is left of a child's life."""
    notes = Notes()
    notes.close()
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(notes.fileno)


def test_only_a_suspect_waits_for_the_others_to_settle():
    """It is alone already then, and not yet on the device."""
    said = []
    risks = Risks(settle=lambda: said.append("settled"))
    with risks.on_device([DRESS], alone=False), risks.decoding(SHIRT, alone=False):
        said.append("together")
    with risks.on_device([DRESS], alone=True):
        said.append("on device")
    with risks.decoding(DRESS, alone=True):
        said.append("decoding")
    assert said == ["together", "settled", "on device", "settled", "decoding"]
