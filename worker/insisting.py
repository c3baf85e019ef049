"""Insisting: what the board must hear is said again while Redis is away or full."""

from collections.abc import Callable

import stamina

from shared.errors import RedisFull, RedisUnreachable

#: Longest pause between two tries, in seconds.
LONGEST_PAUSE_SECONDS = 2.0


def insist(say: Callable[[], None], seconds: float) -> None:
    """Call until Redis takes it, for so many seconds at most; what is said must be repeatable.

    Raises:
        RedisFull: It has no room, still.
        RedisUnreachable: It does not answer, still.
    """
    for attempt in stamina.retry_context(
        on=(RedisFull, RedisUnreachable),
        attempts=None,
        timeout=seconds,
        wait_max=LONGEST_PAUSE_SECONDS,
    ):
        with attempt:
            say()
