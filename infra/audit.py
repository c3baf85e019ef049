"""`make audit`: whether vulnerabilities are known of what is installed here.

Ends with 0 where none is, 1 where some are, 3 where it could not be checked. pip-audit itself ends
with 0 when the index that it asked knows no package at all.
"""

import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, NamedTuple

#: Exit statuses besides 0.
VULNERABLE = 1
NOT_CHECKED = 3
#: Longest wait for all answers together.
PATIENCE_SECONDS = 600

COMMAND = (
    *(sys.executable, "-m", "pip_audit", "--format", "json", "--skip-editable"),
    *("--progress-spinner", "off"),
)


class Verdict(NamedTuple):
    """What is to be said, and the exit status."""

    status: int
    lines: list[str]


def judge(report: Mapping[str, Any]) -> Verdict:
    """The verdict on pip-audit's report."""
    packages = [one for one in report["dependencies"] if not _is_ours(one)]
    checked = [one for one in packages if "skip_reason" not in one]
    skipped = sorted(one["name"] for one in packages if "skip_reason" in one)
    if not checked:
        return unchecked("the index that was asked knows none of the packages")
    findings = [_finding(one, flaw) for one in checked for flaw in one["vulns"]]
    rest = [f"not checked, because the index does not know them: {', '.join(skipped)}"] * bool(
        skipped
    )
    if findings:
        return Verdict(VULNERABLE, [*findings, *rest])
    return Verdict(0, [f"no known vulnerability in {len(checked)} packages", *rest])


def unchecked(reason: str) -> Verdict:
    """Nothing is known, neither good nor bad."""
    return Verdict(NOT_CHECKED, [f"could not check for known vulnerabilities: {reason}"])


def _is_ours(package: Mapping[str, Any]) -> bool:
    return package["name"] == "restyle" or "editable" in package.get("skip_reason", "")


def _finding(package: Mapping[str, Any], flaw: Mapping[str, Any]) -> str:
    cure = f"; mended in {', '.join(flaw['fix_versions'])}" if flaw["fix_versions"] else ""
    return f"{package['name']} {package['version']}: {flaw['id']}{cure}"


def audit() -> Verdict:
    """Ask pip-audit about this interpreter's packages."""
    try:
        done = subprocess.run(
            COMMAND, capture_output=True, text=True, timeout=PATIENCE_SECONDS, check=False
        )
        return judge(json.loads(done.stdout))
    except subprocess.TimeoutExpired:
        return unchecked(f"no answer within {PATIENCE_SECONDS} s")
    except ValueError:  # no JSON: it says on stderr why, at the end of a traceback
        return unchecked((done.stderr.strip().splitlines() or ["it said nothing"])[-1])


def main() -> None:
    """Say the verdict and end with its status."""
    status, lines = audit()
    for line in lines:
        print(line)
    sys.exit(status)


if __name__ == "__main__":
    main()
