"""Webhooks: events about batches, signed by the Standard Webhooks scheme, sent until they arrive.

An event is announced on the board, once per target; a steward's `Sender` posts it.
"""

from producer.webhooks.event import Event, announce, announce_batch
from producer.webhooks.post import Post
from producer.webhooks.recipients import named_for_batch, recipients
from producer.webhooks.sender import Sender
from producer.webhooks.signature import new_secret, signed_headers

__all__ = [
    "Event",
    "Post",
    "Sender",
    "announce",
    "announce_batch",
    "named_for_batch",
    "new_secret",
    "recipients",
    "signed_headers",
]
