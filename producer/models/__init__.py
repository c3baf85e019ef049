"""Models: versions are pushed into the registry, and aliases are moved from one to another."""

from producer.models.moving import back, move, promotion
from producer.models.pushing import Pushed, push

__all__ = ["Pushed", "back", "move", "promotion", "push"]
