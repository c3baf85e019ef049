"""Planning: a catalogue that has not changed, planned and submitted again, by listing.

The demo's S3 server, with a real object for each source; the index is that of an ended batch.
"""

import csv
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from infra.bench.earlier import Night
from infra.bench.measure import Ratio, best_seconds
from infra.bench.submission import board_settings
from infra.bench.yard import Yard, style_file
from infra.demo import services
from producer.index import Entry, Measured, Work, write_segment
from producer.parallel import in_parallel
from producer.styling import Styling
from producer.submission import Submission
from producer.submit import submit
from shared.board import StatusBoard
from shared.jobs import ItemSpec
from shared.keys import S3Address
from shared.references import resolve
from shared.s3 import ObjectStore
from shared.styles import load_style

ITEMS = 100_000
#: Objects of one folder.
FOLDER = 1_000
#: Objects that the baseline asks for one by one, and its threads.
ASKED, THREADS = 2_000, 16
OUTPUT = "s3://catalogue/out/"
MOST_SECONDS = 120.0


def planning() -> list[Ratio]:
    """An unchanged catalogue of 100,000 sources: nothing is queued, and that within two minutes."""
    with demo_yard() as yard:
        manifest, style = _stock(yard), style_file(yard.folder)
        _index(yard, style)
        seconds = best_seconds(lambda: _submit(yard, manifest, style), 1)
        asked = best_seconds(lambda: _ask(yard), 1) / ASKED * ITEMS
    against = f"a HEAD for each source, {THREADS} at a time ({ASKED:,} of them)"
    what = "an unchanged catalogue of 100,000"
    limit = MOST_SECONDS
    return [Ratio(what, seconds, asked, "seconds", against, more_is_better=False, limit=limit)]


@contextmanager
def demo_yard() -> Iterator[Yard]:
    """A yard with the S3 server of the demo, whose objects are files."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        redis = stack.enter_context(services.redis_server(folder / "redis"))
        s3 = stack.enter_context(services.s3_server(folder / "s3"))
        os.environ.update(s3.environment)  # noqa: TID251 - leads boto3 to the bench's server
        yield Yard(folder, redis, s3, ObjectStore.connect())


def _source(number: int) -> S3Address:
    return S3Address("catalogue", f"in/{number // FOLDER:03d}/{number:06d}.jpg")


def _body(number: int) -> bytes:
    return f"picture {number}".encode()


def _stock(yard: Yard) -> Path:
    """Put the sources where the server keeps its objects, and write the manifest."""
    bucket = yard.s3.make_bucket("catalogue")
    path = yard.folder / "catalogue.csv"
    with path.open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["external_id", "source"])
        for number in range(ITEMS):
            address = _source(number)
            place = bucket / address.key
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(_body(number))
            rows.writerow([f"SKU-{number:06d}", str(address)])
    return path


def _index(yard: Yard, style: Path) -> None:
    """Write the index of a night that rendered all of it."""
    read = load_style(style)
    models = {name: resolve(name, store=yard.store) for name in (read.segmenter, read.painter)}
    styling = Styling(read, models)
    styled = styling.of(ItemSpec(number=0, external_id="any", source=str(_source(0))))
    work = Work.of(styled, supplied_mask=False)
    measured = Measured(work=work, items=ITEMS, device_seconds=0.5 * ITEMS, size=200_000 * ITEMS)
    write_segment(OUTPUT, "first-night", _entries(styling), [measured], yard.store)


def _entries(styling: Styling) -> Iterator[Entry]:
    night = Night(styling, OUTPUT)
    for number in range(ITEMS):
        body = _body(number)
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        yield night.entry(f"SKU-{number:06d}", str(_source(number)), etag, len(body))


def _submit(yard: Yard, manifest: Path, style: Path) -> None:
    board = StatusBoard.connect(board_settings(yard, "planning"))
    request = Submission(str(manifest), style, OUTPUT, "second-night")
    receipt = submit(request, board, yard.store, cache=yard.folder, dispatch=lambda: None)
    board.close()
    if receipt.status.batch.unchanged != ITEMS or receipt.status.open:
        raise SystemExit(f"something was taken for new or changed: {receipt.plan}")


def _ask(yard: Yard) -> None:
    for _ in in_parallel(lambda number: yard.store.head(_source(number)), range(ASKED), THREADS):
        pass
