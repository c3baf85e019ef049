"""Edges: what a worker process is joined to, and who is told of its items' steps."""

import mmap
from dataclasses import dataclass
from typing import Self

from shared.board import StatusBoard
from shared.s3 import ObjectStore
from shared.settings import Settings
from worker.work import Told, untold


@dataclass(frozen=True, slots=True)
class Edges:
    """The board, the store, the supervisor, and an ear for what becomes of each item."""

    board: StatusBoard
    store: ObjectStore
    #: Memory that the supervisor reads after the process's death; see `worker.risks`.
    notes: mmap.mmap | None = None
    told: Told = untold

    @classmethod
    def connect(cls, settings: Settings, notes: mmap.mmap | None = None) -> Self:
        """Board and store as the settings name them; nothing is sent yet.

        Raises:
            SettingsInvalid: A URL is of no usual form.
            StorageError: S3 cannot be set up.
        """
        store = ObjectStore.connect(allowed=settings.allowed, pool=2 * settings.threads)
        return cls(StatusBoard.connect(settings), store, notes)
