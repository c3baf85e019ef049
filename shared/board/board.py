"""The status board: the truth about batches, items, claims and workers, on one Redis."""

from typing import Self, TypedDict

from shared.board.access import Access
from shared.board.audit import Audit
from shared.board.claims import Claims
from shared.board.connection import Connection
from shared.board.control import Control
from shared.board.dead import Dead
from shared.board.deliveries import Deliveries
from shared.board.dispatching import Dispatching
from shared.board.feed import Feed
from shared.board.publication import Publication
from shared.board.requests import Requests
from shared.board.restoration import Restoration
from shared.board.review import Review
from shared.board.schedules import Schedules
from shared.board.search import Search
from shared.board.server import Server
from shared.board.turns import Turns
from shared.board.workers import Workers
from shared.settings import Settings


class HurryOf(TypedDict):
    """What is asked of a connection of somebody who looks on."""

    answer_seconds: float
    retries: int


#: How long somebody waits who looks on.
HURRY: HurryOf = {"answer_seconds": 4.0, "retries": 1}


class StatusBoard(
    Restoration,
    Search,
    Feed,
    Dispatching,
    Claims,
    Control,
    Review,
    Publication,
    Schedules,
    Workers,
    Dead,
    Deliveries,
    Turns,
    Requests,
    Access,
    Audit,
    Server,
):
    """All that the rooms ask of the board; safe for threads.

    Every call is one or a few atomic scripts, timed by Redis' own clock. A batch's counts sum to
    its total, and each item is in exactly one state, before and after every one of them. A
    single Redis (6.2 or newer) is needed, not a cluster.
    """

    @classmethod
    def connect(cls, settings: Settings, *, hurried: bool = False) -> Self:
        """The board at `redis_url`, under the keys of `namespace`; nothing is sent yet.

        Args:
            settings: Name the server.
            hurried: Somebody waits for the answer: a Redis that hangs is away after seconds, not
                after a minute.

        Raises:
            SettingsInvalid: The URL is of no usual form.
        """
        return cls(Connection.of(settings, **HURRY) if hurried else Connection.of(settings))

    def close(self) -> None:
        """Give the connections back; a later call opens new ones."""
        self._connection.close()
