"""The screen before a queue: one message in, one clean message or none out."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from shared.broker.envelope import Letter, open_envelope, seal_envelope
from shared.errors import MessageInvalid


@dataclass(frozen=True, slots=True)
class Screen:
    """What a queue's consumer admits, and where the rest goes."""

    queue: str
    #: The only task that it serves.
    task: str
    #: The arguments as they may be handed on; raises MessageInvalid for others.
    check: Callable[[list[Any]], list[Any]]
    #: Called with what is refused; must neither wait nor raise.
    set_aside: Callable[[bytes, MessageInvalid], None]
    #: Whether a message may say until when it counts.
    may_expire: bool = False

    def admit(self, raw: bytes) -> dict[str, Any] | None:
        """The message made anew, or None where it was set aside."""
        try:
            letter = open_envelope(raw, self.task)
            arguments = self.check(letter.arguments)
        except MessageInvalid as error:
            self.set_aside(raw, error)
            return None
        clean = Letter(arguments, letter.priority, letter.expires if self.may_expire else None)
        return seal_envelope(clean, self.task, self.queue)
