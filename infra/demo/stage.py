"""Stage: a whole installation on one host, for the demo and the benchmarks."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from infra.demo import services
from shared.settings import child_environment

BUCKET = "demo-shop"
#: The worker's own deadline when the stage ends.
DRAIN_SECONDS = 10


class Stage:
    """The demo's servers and commands, all led by one environment."""

    def __init__(
        self,
        folder: Path,
        redis: services.RedisServer,
        s3: services.S3Server,
        settings: Mapping[str, str],
    ) -> None:
        self.folder = folder
        self.redis, self.s3 = redis, s3
        #: The supervisor, once it runs.
        self.worker: subprocess.Popen[bytes] | None = None
        self.bucket = s3.make_bucket(BUCKET)
        (folder / "styles").mkdir(exist_ok=True)
        # Nothing of the user's own: the demo must never meet a production queue or account.
        own = {
            "RESTYLE_CONFIG": os.devnull,
            "RESTYLE_REDIS_URL": redis.url,
            "RESTYLE_OUTPUT": f"s3://{BUCKET}/restyled/",
            "RESTYLE_STYLES": str(folder / "styles"),
            "RESTYLE_DRAIN_SECONDS": str(DRAIN_SECONDS),
            "XDG_CACHE_HOME": str(folder / "cache"),
            "HF_HUB_OFFLINE": "1",
            **settings,
        }
        self.environment = child_environment(s3.environment | own, without=("RESTYLE_", "AWS_"))

    def command(self, *arguments: str) -> list[str]:
        """`restyle …` with this very interpreter."""
        return [sys.executable, "-m", "producer", *arguments]

    def restyle(self, *arguments: str) -> int:
        """Run a command on our terminal and return its exit status."""
        command = self.command(*arguments)
        return subprocess.run(command, env=self.environment, check=False).returncode

    def restyle_json(self, *arguments: str) -> list[Any]:
        """Run a command with `--json` and return the values that it printed, one a line."""
        command = self.command(*arguments, "--json")
        done = subprocess.run(
            command, env=self.environment, check=True, stdout=subprocess.PIPE, text=True
        )
        return [json.loads(line) for line in done.stdout.splitlines()]

    @contextmanager
    def background(self, name: str, command: list[str]) -> Iterator[subprocess.Popen[bytes]]:
        """Run a program beside us, its log in the demo's folder; it is drained at the end."""
        with (self.folder / f"{name}.log").open("ab") as sink:
            process = subprocess.Popen(
                command, env=self.environment, stdout=sink, stderr=sink, start_new_session=True
            )
        try:
            yield process
        finally:
            services.stop(process, seconds=DRAIN_SECONDS + 10)

    @contextmanager
    def back_office(self, port: int) -> Iterator[str]:
        """`restyle serve` on a port of this host, until the block ends; yields its address.

        Raises:
            ServiceError: It ended, or did not answer in time.
        """
        command = self.command("serve", "--port", str(port))
        with services.running(command, port, self.folder / "serve.log", self.environment):
            yield f"http://127.0.0.1:{port}/"


@contextmanager
def running_stage(
    folder: Path, devices: str, settings: Mapping[str, str] | None = None
) -> Iterator[Stage]:
    """Redis, S3, worker and steward, all started here and ended here.

    Args:
        folder: For data and logs.
        devices: As for `restyle-worker`.
        settings: Further variables of all processes.
    """
    with ExitStack() as stack:
        redis = stack.enter_context(services.redis_server(folder / "redis"))
        s3 = stack.enter_context(services.s3_server(folder / "s3"))
        stage = Stage(folder, redis, s3, settings or {})
        worker = [sys.executable, "-m", "worker", "--devices", devices]
        stage.worker = stack.enter_context(stage.background("worker", worker))
        stack.enter_context(stage.background("steward", stage.command("steward")))
        yield stage
