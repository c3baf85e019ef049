"""A whole installation: command line, worker and steward as processes on the test's servers."""

import json
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydantic import SecretStr

from infra.demo import services
from infra.demo.catalogue import draw
from shared.board import StatusBoard
from shared.settings import Settings

DEMO_MODELS = Path(services.__file__).parent / "models"


@dataclass
class Installation:
    """Programs of one environment; whatever is started here is ended with the test."""

    folder: Path
    bucket: Path
    environment: dict[str, str]
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def prefix(self) -> str:
        """The bucket as an address."""
        return f"s3://{self.bucket.name}/"

    def command(self, *arguments: str) -> list[str]:
        """`restyle …` with this very interpreter."""
        return [sys.executable, "-m", "producer", *arguments]

    def restyle(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `restyle …` to its end."""
        return subprocess.run(
            self.command(*arguments),
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )

    def json(self, *arguments: str) -> list[Any]:
        """The JSON values, one a line, that a command prints."""
        done = self.restyle(*arguments, "--json")
        return [json.loads(line) for line in done.stdout.splitlines()]

    def start(self, *command: str, **changes: str) -> subprocess.Popen[bytes]:
        """Start a program of ours beside the test, its log in the folder."""
        log = self.folder / f"{len(self.processes)}-{command[0]}.log"
        with log.open("wb") as sink:
            process = subprocess.Popen(
                [sys.executable, "-m", *command],
                env=self.environment | changes,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
            )
        self.processes.append(process)
        return process

    def worker(self, **changes: str) -> subprocess.Popen[bytes]:
        """Start `restyle-worker` on the CPU."""
        return self.start("worker", "--devices", "cpu", **changes)

    def submit(self, rows: list[dict[str, Any]], style: str, *options: str) -> str:
        """Submit rows (JSONL) under a style (YAML) and return the batch's id."""
        manifest, path = self.folder / "manifest.jsonl", self.folder / "style.yaml"
        manifest.write_text("\n".join(json.dumps(row) for row in rows))
        path.write_text(style)
        batch_id = f"b-{uuid.uuid4().hex[:8]}"
        # Whatever other tests have rendered of it.
        files = ("--manifest", str(manifest), "--style", str(path), "--force")
        done = self.restyle(
            "submit", *files, "--output", self.prefix + "out/", "--batch-id", batch_id, *options
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return batch_id

    def shelve(self, folder: str) -> dict[str, str]:
        """A row of a drawn picture with a mask of its own, so that nothing is segmented."""
        shelf = self.bucket / folder
        shelf.mkdir()
        draw(5, (240, 320)).image.save(shelf / "photo.png")
        mask = np.zeros((320, 240), np.uint8)
        mask[100:200, 80:160] = 255
        Image.fromarray(mask).save(shelf / "mask.png")
        address = f"{self.prefix}{folder}/"
        return {"source": address + "photo.png", "mask": address + "mask.png"}

    def counts(self, batch_id: str) -> dict[str, int]:
        """The batch's counts, read from the board itself: a process for each look is too slow."""
        with self.board() as board:
            return {str(state): count for state, count in board.status(batch_id).counts.items()}

    @contextmanager
    def board(self) -> Iterator[StatusBoard]:
        """The board itself."""
        settings = Settings(
            redis_url=SecretStr(self.environment["RESTYLE_REDIS_URL"]),
            namespace=self.environment["RESTYLE_NAMESPACE"],
        )
        with closing(StatusBoard.connect(settings)) as board:
            yield board

    def workers(self) -> list[str]:
        """The owners of the workers that have reported to the board."""
        with self.board() as board:
            return [worker.owner for worker in board.workers()]

    def items(self, batch_id: str) -> dict[str, Any]:
        """The batch's items by external id."""
        return {item["spec"]["external_id"]: item for item in self.json("items", batch_id)}

    def logs(self) -> str:
        """Everything that the started programs wrote."""
        return "\n".join(path.read_text() for path in sorted(self.folder.glob("*.log")))


def wait_until(condition: Callable[[], Any], *, seconds: float = 60.0) -> Any:
    """The first true value of the condition; a failure that says so after the time is over."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    pytest.fail(f"the condition did not come true within {seconds:g} s")
