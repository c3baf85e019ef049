"""Stage: builds the scene of a run, and takes it down again."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from pydantic import SecretStr

from infra.chaos.faulty_s3 import faulty_s3
from infra.chaos.kept_redis import KeptRedis
from infra.chaos.orders import Orders
from infra.chaos.processes import Program
from infra.chaos.scene import Scene
from shared.board import StatusBoard
from shared.queue import Publisher, celery_app
from shared.settings import Settings, child_environment

#: Short times, so that what takes minutes in production takes seconds here.
SETTINGS: dict[str, object] = {
    "namespace": "chaos",
    "lease_seconds": 3,
    "hang_seconds": 2,
    "drain_seconds": 8,
    "republish_seconds": 2,
    "max_batch": 4,
    "batch_wait_seconds": 0.02,
    "max_retries": 20,
    "max_deliveries": 100,
    "window": 32,
    "log_format": "json",
}
#: Between two beats of the steward, in seconds.
BEAT_SECONDS = 1


@contextmanager
def staged(orders: Orders, seed: int, hosts: int) -> Iterator[Scene]:
    """Redis and S3 that run, hosts and a steward that are still to be started.

    Args:
        orders: For the hosts and their children.
        seed: Of S3's faults.
        hosts: How many.
    """
    folder, path = orders.folder, str(orders.write())
    with ExitStack() as stack:
        redis = stack.enter_context(KeptRedis(folder / "redis"))
        s3, led = stack.enter_context(faulty_s3(seed))
        os.environ.update(led)  # noqa: TID251 - leads our own boto3 to the run's server
        chosen = {"threads": orders.threads, **SETTINGS}
        settings = Settings.model_validate({"redis_url": SecretStr(redis.url), **chosen})
        board = stack.enter_context(closing(StatusBoard.connect(settings)))
        host = ("infra.chaos.host", path)
        steward = ("producer", "steward", "--interval", str(BEAT_SECONDS))
        scene = Scene(
            orders,
            settings,
            _environment(folder, redis.url, chosen, led),
            board,
            Publisher(celery_app(settings)),
            redis,
            s3,
            [Program(f"host-{n}", host, folder / f"host-{n}.log") for n in range(1, hosts + 1)],
            Program("steward", steward, folder / "steward.log"),
        )
        try:
            yield scene
        finally:
            for program in scene.programs:
                program.stop()


def _environment(
    folder: Path, redis_url: str, chosen: Mapping[str, object], led: Mapping[str, str]
) -> dict[str, str]:
    """Of every process of the run; nothing of the user's own."""
    own = {f"RESTYLE_{name.upper()}": str(value) for name, value in chosen.items()}
    own |= {
        "RESTYLE_CONFIG": os.devnull,
        "RESTYLE_REDIS_URL": redis_url,
        "XDG_CACHE_HOME": str(folder / "cache"),
        "HF_HUB_OFFLINE": "1",
        "OMP_NUM_THREADS": "1",
    }
    return child_environment({**led, **own}, without=("RESTYLE_", "AWS_"))
