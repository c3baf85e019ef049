"""The archive: how ended batches stood, as S3 alone tells of it."""

from producer.archive.batch import ArchivedBatch, open_archived
from producer.archive.repeated import ended_before
from producer.archive.roll_up import RollUp, is_kept, read_roll_up, write_roll_up

__all__ = [
    "ArchivedBatch",
    "RollUp",
    "ended_before",
    "is_kept",
    "open_archived",
    "read_roll_up",
    "write_roll_up",
]
