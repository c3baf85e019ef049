"""Chaos runs: nothing is lost, doubled or left behind, and the invariants catch planted bugs."""

import os
import subprocess
import sys

import pytest

from infra.chaos.faults import FAULTS

#: Items of a run: enough for every kind of fault to meet a busy worker.
ITEMS = 120
#: Everything but the crashes at boundaries, which have a test of their own.
UNDER_FAULTS = ",".join((*FAULTS, "s3", "poison"))

pytestmark = pytest.mark.timeout(400)


def _run(*arguments):
    command = [sys.executable, "-m", "infra.chaos", *arguments]
    return subprocess.run(command, env=os.environ, capture_output=True, text=True, check=False)


def test_a_crash_at_any_boundary_loses_no_item():
    """Killed right after each step of its way in turn, every item ends done, with one result."""
    done = _run("--seed", "1", "--faults", "boundaries")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("seed", ["1", "2"])
def test_a_catalogue_under_faults_ends_right(seed):
    """Kills, freezes, drains, lost messages, failing S3, poison: no invariant is broken."""
    done = _run("--seed", seed, "--items", str(ITEMS), "--faults", UNDER_FAULTS)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith(f"seed {seed}\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("plant", "faults", "sentence"),
    [
        ("no-fence", "freeze-before-report", "was taken, though its last claim was"),
        ("commit-first", "kill-child", "and S3 has no such object"),
        ("blame-mates", "poison", "ended as poison, and done was due"),
    ],
)
def test_a_planted_bug_is_caught(plant, faults, sentence):
    """A board without fences, a report before its upload, blame for bystanders: each is named."""
    done = _run("--seed", "1", "--items", str(ITEMS), "--plant", plant, "--faults", faults)
    assert done.returncode == 1, done.stdout + done.stderr
    assert sentence in done.stdout
