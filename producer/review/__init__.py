"""Review: what people decide of items, for the command line and the back office alike."""

from producer.review.choosing import numbers_of, seen, stages_of
from producer.review.deciding import decide, new_decision

__all__ = ["decide", "new_decision", "numbers_of", "seen", "stages_of"]
