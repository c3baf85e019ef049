"""Serving: the same looks at a large batch over HTTP, while its items are being claimed."""

import http.client
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial

from infra.bench.measure import Ratio
from infra.bench.polling import BATCH, CLAIMS_PER_SECOND, ROUNDS, await_claims, claimer, percentile
from infra.bench.submission import ITEMS, board_settings, fill, spec_of
from infra.bench.yard import Yard, open_yard
from infra.demo import services
from shared.board import StatusBoard
from shared.review import Filter
from shared.settings import child_environment
from shared.states import ItemState

ROOT = f"/api/v1/batches/{BATCH}"
MOST_MILLISECONDS = 15.0
#: Items of a page, and changes of an answer, as the page in the browser asks for them.
PAGE, CHANGES = 100, 50
AGAINST = f"the board alone; {ITEMS:,} items, {CLAIMS_PER_SECOND} claims/s"


def serving() -> list[Ratio]:
    """99th percentiles over one connection to `restyle serve`, in milliseconds."""
    with open_yard(0.0) as yard:
        board = StatusBoard.connect(board_settings(yard, BATCH))
        fill(board, [spec_of(number) for number in range(ITEMS)], BATCH)
        with _served(yard) as ask, claimer(yard.redis.url):
            await_claims(board)
            ratios = _ratios(board, ask)
        board.close()
    return ratios


def _ratios(board: StatusBoard, ask: Callable[[str], None]) -> list[Ratio]:
    queued = Filter(states=frozenset({ItemState.QUEUED}))
    newest, middle = max(board.status(BATCH).cursor - CHANGES, 0), ITEMS // 2
    changes = f"/changes?cursor={newest}&limit={CHANGES}"
    page = f"/items?state=queued&after={middle}&limit={PAGE}"
    return [
        _ratio("status", partial(ask, ""), partial(board.status, BATCH)),
        _ratio(
            "changes",
            partial(ask, changes),
            partial(board.changes, BATCH, after=newest, limit=CHANGES),
        ),
        _ratio(
            f"page of {PAGE} items",
            partial(ask, page),
            partial(board.find, BATCH, queued, after=middle, limit=PAGE),
        ),
    ]


def _ratio(name: str, over_http: Callable[[], object], bare: Callable[[], object]) -> Ratio:
    ours, baseline = (min(percentile(act) for _ in range(ROUNDS)) for act in (over_http, bare))
    limit = MOST_MILLISECONDS
    title = f"HTTP {name}, p99"
    return Ratio(title, ours, baseline, "ms", AGAINST, more_is_better=False, limit=limit)


@contextmanager
def _served(yard: Yard) -> Iterator[Callable[[str], None]]:
    """Asks for a path below the batch's, over a connection that stays open."""
    port = services.free_port()
    own = {"RESTYLE_REDIS_URL": yard.redis.url, "RESTYLE_NAMESPACE": BATCH}
    environment = child_environment(yard.s3.environment | own, without=("RESTYLE_", "AWS_"))
    command = [sys.executable, "-m", "producer", "serve", "--port", str(port)]
    log = yard.folder / "serve.log"
    with services.running(command, port, log, environment):
        connection = http.client.HTTPConnection("127.0.0.1", port)

        def ask(path: str) -> None:
            connection.request("GET", ROOT + path)
            answer = connection.getresponse()
            if answer.read() and answer.status != http.client.OK:
                raise SystemExit(f"{path} was answered by {answer.status}")

        yield ask
        connection.close()
