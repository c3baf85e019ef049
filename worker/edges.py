"""Edges: what a worker process is joined to, and who is told of its items' steps."""

from dataclasses import dataclass
from typing import Self

from shared.board import StatusBoard
from shared.s3 import ObjectStore
from shared.settings import Settings
from worker.work import Told, untold


@dataclass(frozen=True, slots=True)
class Edges:
    """The board, the store, and an ear for what becomes of each item."""

    board: StatusBoard
    store: ObjectStore
    told: Told = untold

    @classmethod
    def connect(cls, settings: Settings) -> Self:
        """Both as the settings name them; nothing is sent yet.

        Raises:
            SettingsInvalid: A URL is of no usual form.
            StorageError: S3 cannot be set up.
        """
        store = ObjectStore.connect(allowed=settings.allowed, pool=2 * settings.threads)
        return cls(StatusBoard.connect(settings), store)
