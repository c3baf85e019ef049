"""SageMaker: augmented manifests, an object a line whose `source-ref` is the picture."""

import json
from typing import Any

from producer.catalogues.entry import Picture, Recognised
from producer.catalogues.publisher import Publisher
from producer.catalogues.splicing import with_members
from producer.problems import RowProblem
from producer.result_row import ResultRow
from producer.rows import Row, Rows

#: How it is shown.
SAGEMAKER = Recognised("sagemaker", "SageMaker augmented manifest", (), ("source-ref",))
#: The label of ours in a manifest that is written back.
LABEL = "restyle-ref"


def source_rows(number: int, fields: dict[str, Any]) -> Rows:
    """The row of a line; its labels are the user's own."""
    source = fields.get("source-ref")
    if isinstance(source, str) and source:
        yield Row(number, {"source": source})
    else:
        yield RowProblem(number, "source-ref", "is no text" if source else "is missing")


def label_answer(
    line: str, picture: Picture, outcome: ResultRow | None, publisher: Publisher
) -> str:
    """The line with a label of ours, as a labelling job adds one; without a result as it was."""
    new = publisher.address(outcome, str(picture.row.cells["source"]))
    if new is None:
        return line
    batch = publisher.batch
    metadata = {
        "type": "restyle/image",
        "job-name": batch.batch_id,
        "human-annotated": "no",
        "creation-date": batch.submitted_at.isoformat(timespec="seconds"),
    }
    return with_members(line, {LABEL: new, f"{LABEL}-metadata": metadata}, json.loads(line))
