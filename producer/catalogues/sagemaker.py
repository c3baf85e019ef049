"""SageMaker: augmented manifests, an object a line whose `source-ref` is the picture."""

from typing import Any

from producer.catalogues.entry import Recognised
from producer.problems import RowProblem
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
