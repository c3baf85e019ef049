"""The board's one way to Redis: scripts by name, and every vendor error mapped here."""

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Self

import redis
from redis import exceptions
from redis.backoff import ExponentialWithJitterBackoff
from redis.retry import Retry

from shared.board.scripts import load_scripts
from shared.errors import BoardError, RedisForbidden, RedisFull, RedisUnreachable, RestyleError
from shared.redis_urls import for_redis_py
from shared.settings import Settings
from shared.urls import mask_url

#: A Redis that does not take a connection for this long is away.
CONNECT_SECONDS = 5.0
#: A Redis that does not answer for this long is away; every script is bounded far below it.
ANSWER_SECONDS = 15.0
#: A connection idle for this long is tried before it is used.
HEALTH_CHECK_SECONDS = 15
#: A lost connection is tried again this often, after growing pauses up to a second; every
#: script gives the same outcome when it is repeated after a lost answer.
RETRIES = 3

#: Redis refuses with these words when it cannot serve now: full, starting, a replica, a wrong
#: password, a disk that takes no writes. Anything else that it refuses is a mistake of ours.
#: redis-py makes classes of some and leaves others in the text, as a script's error does.
_REFUSALS = re.compile(
    r"(?:^|[\s-])((?:OOM|LOADING|READONLY|NOAUTH|NOPERM|WRONGPASS|MISCONF|BUSY|NOREPLICAS|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)\b.*)"
)
#: What Redis 6 and 7 say where their user lacks a right, of a command and within a script.
_FORBIDDEN = re.compile(
    r"((?:this user|user \S+) has no permissions.*|acl failure in script.*"
    r"|the user executing the script can't.*)",
    re.IGNORECASE,
)
_REFUSAL_CLASSES = (
    exceptions.NoPermissionError,
    exceptions.OutOfMemoryError,
    exceptions.ReadOnlyError,
)


class Connection:
    """A pool of connections to one Redis, and the board's scripts on it; safe for threads.

    One server, not a cluster: a script touches keys of many batches at once.
    """

    def __init__(self, client: "redis.Redis", *, address: str, prefix: str) -> None:
        self._client = client
        self._address = address
        self._prefix = prefix
        self._scripts = {
            name: client.register_script(text) for name, text in load_scripts().items()
        }

    @classmethod
    def of(
        cls, settings: Settings, *, answer_seconds: float = ANSWER_SECONDS, retries: int = RETRIES
    ) -> Self:
        """A lazy connection: nothing is sent before the first call.

        Args:
            settings: Name the server.
            answer_seconds: A Redis that does not answer for so long is away.
            retries: Further tries over a new connection.

        Raises:
            SettingsInvalid: The URL is of no usual form.
        """
        url = settings.redis_url.get_secret_value()
        client = redis.Redis.from_url(
            for_redis_py(url),
            decode_responses=True,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=answer_seconds,
            health_check_interval=HEALTH_CHECK_SECONDS,
            retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), retries),
        )
        return cls(client, address=mask_url(url), prefix=settings.namespace)

    @property
    def address(self) -> str:
        """The URL without its password, for errors and reports."""
        return self._address

    def run(self, script: str, *arguments: str | float) -> Any:
        """Run one script atomically and return its reply.

        Raises:
            RedisFull: Redis has no memory left for what the script would add.
            RedisUnreachable: Redis does not answer, or cannot serve now.
        """
        with self._reaching():
            return self._scripts[script](args=[self._prefix, *arguments])

    def run_many(self, script: str, slices: Iterable[Sequence[str | float]]) -> list[Any]:
        """Run one script once per slice of arguments, in one round trip; each run is atomic.

        Raises:
            RedisFull: Redis ran full; some slices may have run.
            RedisUnreachable: Redis went away; some slices may have run.
        """
        with self._reaching(), self._client.pipeline(transaction=False) as pipeline:
            for arguments in slices:
                self._scripts[script](args=[self._prefix, *arguments], client=pipeline)
            return list(pipeline.execute())

    def info(self) -> dict[str, Any]:
        """What Redis says of itself (INFO).

        Raises:
            RedisUnreachable: Redis does not answer.
        """
        with self._reaching():
            facts: dict[str, Any] = self._client.info()
            return facts

    def close(self) -> None:
        """Give the connections back; a later call opens new ones."""
        self._client.close()

    @contextlib.contextmanager
    def _reaching(self) -> Iterator[None]:
        try:
            yield
        except redis.ResponseError as error:
            refused = _REFUSALS.search(str(error)) or _FORBIDDEN.search(str(error))
            if isinstance(error, _REFUSAL_CLASSES) or refused:
                raise refusal(self._address, error) from error
            raise RestyleError(reason=f"Redis refused a script ({error})") from error
        except (redis.RedisError, OSError) as error:
            raise refusal(self._address, error) from error


def refusal(address: str, error: Exception) -> BoardError:
    """A vendor's error in ours: in its own words, on one line, without its call stack.

    Args:
        address: The URL without its password.
        error: What redis-py or kombu raised.
    """
    text = " ".join(str(error).split()).rpartition(" caused error: ")[2]
    if forbidden := _FORBIDDEN.search(text):
        return RedisForbidden(address=address, reason=forbidden[1].rstrip("."))
    refused = _REFUSALS.search(text)
    reason = (refused[1] if refused else text).rstrip(".") or type(error).__name__
    if isinstance(error, exceptions.OutOfMemoryError) or "maxmemory" in reason:
        return RedisFull(address=address, reason=reason)
    return RedisUnreachable(address=address, reason=reason)
