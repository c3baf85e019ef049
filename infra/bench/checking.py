"""Checking: headers read per second from a local S3, against fetching every picture whole."""

import io
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from PIL import Image

from infra.bench.measure import Ratio, best_seconds
from infra.demo import services
from producer.check import Draft, check
from producer.check.report import THREADS
from producer.parallel import in_parallel
from shared.keys import S3Address
from shared.pictures.limits import Limits
from shared.s3 import ObjectStore
from shared.styles import parse_style
from worker.pictures.images import decode

PICTURES = 600
#: As a studio camera's JPEG for the web.
SIZE = (1_200, 1_600)
LIMITS = Limits(max_bytes=50_000_000, max_side=16_384, max_pixels=64_000_000)


def checking() -> Ratio:
    """Pictures per second of a whole `restyle check`."""
    with tempfile.TemporaryDirectory() as folder, _shop(Path(folder)) as (prefix, model):
        store = ObjectStore.connect()
        style = parse_style(_style(model), where="bench")
        ours = best_seconds(lambda: check(Draft(str(prefix), style), store, LIMITS, Path()), 2)
        whole = best_seconds(lambda: _fetch_whole(store, prefix), 1)
    against = "every picture fetched and decoded in as many threads"
    return Ratio("check", PICTURES / ours, PICTURES / whole, "images/s", against, limit=100)


@contextmanager
def _shop(folder: Path) -> Iterator[tuple[S3Address, Path]]:
    """A bucket of pictures, and a directory that passes for a model."""
    rng = np.random.default_rng(0)
    small = rng.integers(0, 256, (SIZE[1] // 8, SIZE[0] // 8, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(small).resize(SIZE, Image.Resampling.BICUBIC).save(file, "JPEG", quality=92)
    model = folder / "model"
    model.mkdir()
    (model / "weights.safetensors").write_bytes(b"\0" * 16)
    with services.s3_server(folder) as server:
        bucket = server.make_bucket("shop")
        for number in range(PICTURES):
            (bucket / f"{number:06d}.jpg").write_bytes(file.getvalue())
        os.environ.update(server.environment)  # noqa: TID251 - leads boto3 to the bench's server
        yield S3Address("shop", ""), model


def _style(model: Path) -> dict[str, str]:
    models = {"segmenter": str(model), "painter": str(model)}
    return {"mask": "the dress", "paint": "a red dress", **models}


def _fetch_whole(store: ObjectStore, prefix: S3Address) -> None:
    def fetch(address: S3Address) -> None:
        decode(store.get(address), source=str(address), limits=LIMITS)

    addresses = (info.address for info in store.list(prefix))
    for _ in in_parallel(fetch, addresses, THREADS):
        pass
