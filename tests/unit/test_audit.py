"""`make audit` tells what is vulnerable from what could not be checked."""

import os
import subprocess
import sys

import pytest

from infra.audit import NOT_CHECKED, VULNERABLE, judge

SOUND = {"name": "redis", "version": "8.1.0", "vulns": []}
UNSOUND = {
    "name": "pillow",
    "version": "9.0.0",
    "vulns": [{"id": "PYSEC-1", "fix_versions": ["9.0.1"], "aliases": []}],
}
UNKNOWN = {"name": "torch", "skip_reason": "Dependency not found on PyPI: torch (2.9+cpu)"}
OURS = {"name": "restyle", "skip_reason": "distribution marked as editable"}


@pytest.mark.parametrize(
    ("packages", "status", "words"),
    [
        ([SOUND, OURS], 0, "no known vulnerability in 1 packages"),
        ([SOUND, UNKNOWN], 0, "not checked, because the index does not know them: torch"),
        ([SOUND, UNSOUND, UNKNOWN], VULNERABLE, "pillow 9.0.0: PYSEC-1; mended in 9.0.1"),
        ([UNKNOWN, OURS], NOT_CHECKED, "could not check"),
        ([OURS], NOT_CHECKED, "could not check"),
    ],
)
def test_each_outcome_has_its_status(packages, status, words):
    """Nothing known, something known, nothing learnt: never one taken for another."""
    verdict = judge({"dependencies": packages})
    assert verdict.status == status
    assert any(words in line for line in verdict.lines)


def test_without_a_network_it_says_so_in_one_sentence():
    """Not "no vulnerabilities", and no traceback."""
    nowhere = dict.fromkeys(("HTTPS_PROXY", "https_proxy"), "http://127.0.0.1:1")
    command = [sys.executable, "-m", "infra.audit"]
    done = subprocess.run(
        command, env=os.environ | nowhere, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == NOT_CHECKED, done.stdout
    assert done.stdout.startswith("could not check for known vulnerabilities: ")
    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""
