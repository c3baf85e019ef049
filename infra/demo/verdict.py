"""The demo's verdict: did each item become what was due, for the right reason?"""

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
    #: External id → the gate's reasons, for items whose masks are held as they should be.
    held: Mapping[str, str]
    #: One sentence for each item that did not end as it should.
    surprises: tuple[str, ...]


def judge(entries: Iterable[Entry], items: Iterable[Mapping[str, Any]]) -> Verdict:
    """Compare what is due with what `restyle items --json` says."""
    by_id = {item["spec"]["external_id"]: item for item in items}
    done, failed, held, surprises = 0, {}, {}, []
    for entry in entries:
        item = by_id.get(entry.external_id)
        state, failure = (item["state"], item["failure"] or {}) if item else ("missing", {})
        became = failure.get("code") or state
        if became != entry.due:
            said = f" ({failure.get('message')})" if failure else ""
            surprises.append(f"{entry.external_id} is {became}, {entry.due} was due{said}")
        elif item and state == "held":
            held[entry.external_id] = ", ".join(item["held"]["gate"]["reasons"])
        elif failure:
            failed[entry.external_id] = failure["message"]
        else:
            done += 1
    return Verdict(done, failed, held, tuple(surprises))
