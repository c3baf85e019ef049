"""Options that several commands take, in the same words."""

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

ManifestOption: TypeAlias = Annotated[
    str,
    typer.Option(help="CSV or JSONL file, local or s3://, or s3://bucket/prefix/ with images."),
]
StyleOption: TypeAlias = Annotated[
    Path, typer.Option(help="YAML file: what to mask, what to paint.")
]
OutputOption: TypeAlias = Annotated[
    str | None,
    typer.Option(help="s3://bucket/prefix/ for the results; by default RESTYLE_OUTPUT."),
]
