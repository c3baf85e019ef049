"""Names in paths: which batch, which item; what is none is refused before anything is asked."""

from typing import Annotated

from fastapi import Path

from shared.jobs import BATCH_ID_PATTERN
from shared.schedules import NAME

#: An item's number is a place in a manifest; no manifest has more rows.
MAX_NUMBER = 2**31 - 1

BatchName = Annotated[str, Path(pattern=BATCH_ID_PATTERN, description="The batch's id.")]
ItemNumber = Annotated[
    int, Path(ge=0, le=MAX_NUMBER, description="The item's place in the manifest, from 0.")
]
ScheduleName = Annotated[str, Path(pattern=f"^{NAME}$", description="The schedule's name.")]
