"""The broker's side of the queue: what a consumer takes out of it, and what it sets aside."""

from shared.broker.channel import ScreenedChannel
from shared.broker.dead_letters import DeadLetters
from shared.broker.screen import Screen

__all__ = ["DeadLetters", "Screen", "ScreenedChannel"]
