"""Invariants: what must be true at the end of every run; each broken one is a sentence."""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterator

from infra.chaos.evidence import BatchEnd, Evidence
from shared.errors import SidecarInvalid
from shared.facts import StoredFile
from shared.jobs import Item, Result
from shared.keys import ResultKeys, S3Address
from shared.sidecars import FailureSidecar, Sidecar, parse_sidecar
from shared.states import FINAL

#: Says what is broken, in one sentence each.
Invariant = Callable[[Evidence], Iterator[str]]


def every_batch_has_ended(evidence: Evidence) -> Iterator[str]:
    """In bounded time after the last fault."""
    for name in evidence.late:
        yield f"Batch {name} did not end in time."


def every_item_is_in_one_final_state(evidence: Evidence) -> Iterator[str]:
    """No item waits or runs, and none is missing."""
    for name, item in evidence.items:
        if item.state not in FINAL:
            yield f"Item {name}/{item.spec.number} is {item.state}, which is no final state."
    seen = Counter(item.spec.external_id for _, item in evidence.items)
    for external_id in evidence.rows:
        if seen[external_id] != 1:
            yield f"Item {external_id} is {seen[external_id]} times on the board."


def counts_sum_and_equal_the_states(evidence: Evidence) -> Iterator[str]:
    """The roll-up of a batch is what its items say."""
    for end in evidence.batches:
        status, states = end.status, Counter(item.state for item in end.items)
        counts = Counter({state: count for state, count in status.counts.items() if count})
        name = status.batch.batch_id
        if sum(counts.values()) != status.batch.total:
            yield f"The counts of batch {name} sum to {sum(counts.values())}, not its total."
        if counts != states:
            found = f"{dict(counts)}, its items' states {dict(states)}"
            yield f"The counts of batch {name} are {found}."


def every_item_is_committed_once(evidence: Evidence) -> Iterator[str]:
    """Redis has written one end of each item, and took the report of its last claim alone."""
    for batch, item in evidence.items:
        name = f"{batch}/{item.spec.number}"
        if (ends := evidence.story.ends[name]) != 1:
            yield f"Item {name} was committed {ends} times."
    fences = {(batch, item.spec.number): item.fence for batch, item in evidence.items}
    for batch, number, fence in evidence.accepted:
        last = fences.get((batch, number))
        if fence != last:
            taken = f"A report under claim {fence} of item {batch}/{number} was taken"
            yield f"{taken}, though its last claim was {last}."


def what_failed_is_what_was_planted(evidence: Evidence) -> Iterator[str]:
    """The dead are the poison, each with its code; nobody innocent is among them."""
    for _, item in evidence.items:
        name = item.spec.external_id
        due = evidence.rows[name].failure_code
        code = item.failure.code if item.failure else None
        if code != due:
            yield f"Item {name} ended as {code or item.state}, and {due or 'done'} was due."


def s3_holds_what_the_board_names(evidence: Evidence) -> Iterator[str]:
    """Every result that the board names is there, and nothing else beside the batches' files."""
    named = {path for _, item in evidence.items for path in _named(item)}
    held = {
        path for path in evidence.objects if "/_batches/" not in path and "/_index/" not in path
    }
    for path in sorted(named - held):
        yield f"The board names {path}, and S3 has no such object."
    for path in sorted(held - named):
        yield f"S3 holds {path}, which the board does not name."


def one_key_is_one_content(evidence: Evidence) -> Iterator[str]:
    """A picture or mask that was written again was the same to the last byte."""
    contents: dict[str, set[str]] = {}
    for put in evidence.puts:
        contents.setdefault(put.path, set()).add(put.sha256)
    for path, digests in sorted(contents.items()):
        if len(digests) > 1 and not path.endswith((".json", ".jsonl", ".csv")):
            yield f"{path} was written with {len(digests)} different contents."


def every_sidecar_is_valid(evidence: Evidence) -> Iterator[str]:
    """It parses, is of its item, and the files that it names have the digests that it gives."""
    for batch, item in evidence.items:
        outcome = item.result or item.failure
        path = _path(outcome.sidecar) if outcome and outcome.sidecar else ""
        if path in evidence.objects:
            for reason in _sidecar_faults(batch, item, path, evidence):
                yield f"The sidecar {path} {reason}."


def _sidecar_faults(batch: str, item: Item, path: str, evidence: Evidence) -> Iterator[str]:
    try:
        sidecar = parse_sidecar(evidence.objects[path].body, where=path)
    except SidecarInvalid as error:
        yield f"is invalid ({error})"
        return
    if (sidecar.batch_id, sidecar.number) != (batch, item.spec.number):
        yield f"is of item {sidecar.batch_id}/{sidecar.number}"
    if isinstance(sidecar, FailureSidecar):
        return
    if item.result is None or sidecar.fingerprint != item.result.fingerprint:
        yield "has another fingerprint than the board"
    yield from _file_faults(sidecar, evidence)


def _file_faults(sidecar: Sidecar, evidence: Evidence) -> Iterator[str]:
    files: tuple[StoredFile, ...] = (*sidecar.variants, sidecar.mask)
    for file in files:
        stored = evidence.objects.get(_path(file.address))
        if stored is None or hashlib.sha256(stored.body).hexdigest() != file.sha256:
            yield f"gives another digest of {file.address} than S3 holds"


def results_are_what_the_board_says(evidence: Evidence) -> Iterator[str]:
    """The steward's file has every item once, with the state and the files of the board."""
    for end in evidence.batches:
        if end.status.ended_at and _rows(end, evidence) != [_row(item) for item in end.items]:
            yield f"The results.jsonl in {end.output} is not what the board says."


def _rows(end: BatchEnd, evidence: Evidence) -> list[tuple[str, str, str | None]]:
    stored = evidence.objects.get(f"{end.output}_batches/{end.status.batch.batch_id}/results.jsonl")
    lines = stored.body.decode().splitlines() if stored else []
    rows = [json.loads(line) for line in lines]
    return [(row["external_id"], row["state"], row["sidecar"]) for row in rows]


def _row(item: Item) -> tuple[str, str, str | None]:
    outcome = item.result or item.failure
    return item.spec.external_id, str(item.state), outcome.sidecar if outcome else None


def no_claim_is_left(evidence: Evidence) -> Iterator[str]:
    """Nobody holds what nobody works at."""
    if evidence.claimed:
        yield f"The board still has {evidence.claimed} claims."


def no_process_is_left(evidence: Evidence) -> Iterator[str]:
    """Drained, killed or orphaned: all have ended."""
    for process in evidence.processes:
        yield f"Process {process.pid} still runs: {' '.join(process.arguments)}."


INVARIANTS: tuple[Invariant, ...] = (
    every_batch_has_ended,
    every_item_is_in_one_final_state,
    counts_sum_and_equal_the_states,
    every_item_is_committed_once,
    what_failed_is_what_was_planted,
    s3_holds_what_the_board_names,
    one_key_is_one_content,
    every_sidecar_is_valid,
    results_are_what_the_board_says,
    no_claim_is_left,
    no_process_is_left,
)


def violations(evidence: Evidence) -> list[str]:
    """Every broken invariant's sentences."""
    return [sentence for invariant in INVARIANTS for sentence in invariant(evidence)]


def _named(item: Item) -> set[str]:
    """The paths of all that the board names of an item."""
    if item.result:
        return {_path(at) for at in _files(item.result)}
    sidecar = item.failure.sidecar if item.failure else None
    return {_path(sidecar)} if sidecar else set()


def _files(result: Result) -> Iterator[str]:
    yield from (*result.variants, result.mask, result.sidecar)
    if result.thumbnails:
        yield result.thumbnails
    if result.gate and (keys := ResultKeys.named(S3Address.parse(result.mask))):
        yield str(keys.map)  # the gate measured a mask that text found


def _path(address: str) -> str:
    return address.removeprefix("s3://")
