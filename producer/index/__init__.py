"""The index: which results lie under an output prefix, and what decided each; kept in S3.

Each batch that ends leaves a segment of its own, so that nobody waits for anybody; whoever plans
reads all segments, and folds them into one when they have become many.
"""

from producer.index.entries import Entry
from producer.index.folding import MANY, fold
from producer.index.history import Measured, Work
from producer.index.rebuilding import rebuild
from producer.index.segments import Segment, listed_segments, read_segment, write_segment
from producer.index.writing import Indexing, index_batch

__all__ = [
    "MANY",
    "Entry",
    "Indexing",
    "Measured",
    "Segment",
    "Work",
    "fold",
    "index_batch",
    "listed_segments",
    "read_segment",
    "rebuild",
    "write_segment",
]
