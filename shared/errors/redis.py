"""Redis: the board, its claims and the queue's messages."""

from shared.errors.base import RestyleError


class BoardError(RestyleError):
    """Redis: the board, its claims and the queue's messages."""


class RedisUnreachable(BoardError):
    """Redis does not answer."""

    code = "redis_unreachable"
    retryable = True
    sentence = "Redis at {address} cannot be reached: {reason}."
    hint = "Start Redis or correct RESTYLE_REDIS_URL."


class RedisFull(BoardError):
    """Redis has no memory left for more work."""

    code = "redis_full"
    retryable = True
    sentence = "Redis at {address} is full: {reason}."
    hint = (
        "Raise its maxmemory (`redis-cli config set maxmemory …`); workers wait and go on by "
        "themselves, a command must be repeated."
    )


class RedisForbidden(RedisUnreachable):
    """The user that Redis was given lacks a right."""

    code = "redis_forbidden"
    sentence = "The user of Redis at {address} lacks a right: {reason}."
    hint = "Give the user the rights of its part (infra/redis/users.conf), or use another user."


class RedisUnsafe(BoardError):
    """Redis is set up so that it may drop or lose items."""

    code = "redis_unsafe"
    sentence = "Redis at {address} may lose items: {reason}."
    hint = "Set `maxmemory-policy noeviction` and `appendonly yes` in redis.conf."


class ClaimLost(BoardError):
    """The claim ran out or was taken back; whatever its holder did must not count."""

    code = "claim_lost"
    sentence = "The claim on item {item} of batch {batch} is no longer ours (fence {fence})."
    hint = "Nothing to do: the item is in other hands or has ended."


class MessageInvalid(BoardError):
    """A queue message of an unknown version or shape."""

    code = "message_invalid"
    sentence = "A queue message cannot be read: {reason}."
    hint = "Run producers and workers of the same release."
