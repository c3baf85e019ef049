"""The status board: atomic moves on Redis, each a Lua script."""

from shared.board.access import AccessToken, StoredToken
from shared.board.audit import Act
from shared.board.board import StatusBoard
from shared.board.claims import PinnedSource, Renewal
from shared.board.dead import DeadMessage
from shared.board.deliveries import Delivery, DeliveryState, TakenDelivery, Try
from shared.board.dispatching import Backlog, Swept
from shared.board.feed import Changes
from shared.board.publication import Reviewed
from shared.board.restoration import PastItem
from shared.board.retirement import RetiredBatch
from shared.board.review import Decided, Undone
from shared.board.search import Page
from shared.board.server import ServerFacts
from shared.board.workers import WorkerRecord

__all__ = [
    "AccessToken",
    "Act",
    "Backlog",
    "Changes",
    "DeadMessage",
    "Decided",
    "Delivery",
    "DeliveryState",
    "Page",
    "PastItem",
    "PinnedSource",
    "Renewal",
    "RetiredBatch",
    "Reviewed",
    "ServerFacts",
    "StatusBoard",
    "StoredToken",
    "Swept",
    "TakenDelivery",
    "Try",
    "Undone",
    "WorkerRecord",
]
