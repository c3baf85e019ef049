"""The demo's verdict: is done what should be done, and did the rest fail for the right reason?"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from infra.demo.shop import Entry


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of the demo's batch."""

    done: int
    #: External id → sentence, for items that failed as they should.
    failed: Mapping[str, str]
    #: One sentence for each item that did not end as it should.
    surprises: tuple[str, ...]


def judge(entries: Iterable[Entry], items: Iterable[Mapping[str, Any]]) -> Verdict:
    """Compare what is due with what `restyle items --json` says."""
    by_id = {item["spec"]["external_id"]: item for item in items}
    done, failed, surprises = 0, {}, []
    for entry in entries:
        item = by_id.get(entry.external_id)
        state, failure = (item["state"], item["failure"] or {}) if item else ("missing", {})
        code = failure.get("code")
        if entry.failure_code is None and state == "done":
            done += 1
        elif entry.failure_code is not None and code == entry.failure_code:
            failed[entry.external_id] = failure["message"]
        else:
            due = entry.failure_code or "done"
            said = f" ({failure.get('message')})" if failure else ""
            surprises.append(f"{entry.external_id} is {code or state}, {due} was due{said}")
    return Verdict(done, failed, tuple(surprises))
