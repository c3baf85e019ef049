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
from shared.errors import RedisFull, RedisUnreachable, RestyleError
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
_REFUSAL_CLASSES = (
    exceptions.ReadOnlyError,
    exceptions.NoPermissionError,
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
    def of(cls, settings: Settings) -> Self:
        """A lazy connection: nothing is sent before the first call.

        Raises:
            SettingsInvalid: The URL is of no usual form.
        """
        url = settings.redis_url.get_secret_value()
        client = redis.Redis.from_url(
            for_redis_py(url),
            decode_responses=True,
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            health_check_interval=HEALTH_CHECK_SECONDS,
            retry=Retry(ExponentialWithJitterBackoff(base=0.05, cap=1.0), RETRIES),
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
            raise self._refused(error) from error
        except (redis.RedisError, OSError) as error:
            raise self._unreachable(error) from error

    def _refused(self, error: redis.ResponseError) -> RestyleError:
        refusal = _REFUSALS.search(str(error))
        if isinstance(error, exceptions.OutOfMemoryError) or (refusal and "OOM" in refusal[1]):
            return RedisFull(address=self._address, reason=_reason(error))
        if isinstance(error, _REFUSAL_CLASSES) or refusal:
            return self._unreachable(error)
        return RestyleError(reason=f"Redis refused a script ({error})")

    def _unreachable(self, error: Exception) -> RedisUnreachable:
        return RedisUnreachable(address=self._address, reason=_reason(error))


def _reason(error: Exception) -> str:
    """The error's own words on one line, without the call stack of pipeline and script."""
    text = " ".join(str(error).split()).rpartition(" caused error: ")[2]
    refusal = _REFUSALS.search(text)
    return (refusal[1] if refusal else text).rstrip(".") or type(error).__name__
