"""Office: what the routes work with, made at one place."""

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from producer.backoffice.links import Links
from producer.backoffice.paces import Paces
from producer.batches import BatchReader
from shared.board import StatusBoard
from shared.dispatch import Dispatcher
from shared.queue import Publisher, celery_app
from shared.s3 import ObjectStore
from shared.settings import Settings, cache_path


@dataclass(frozen=True, slots=True)
class Office:
    """The settings, and the few things that every route shares; safe for threads."""

    settings: Settings
    board: StatusBoard
    store: ObjectStore
    #: One step of the dispatcher: what was submitted or approved goes to the workers at once.
    dispatch: Callable[[], object]
    #: The folder for model archives.
    cache: Path
    links: Links = field(init=False)
    paces: Paces = field(default_factory=Paces)

    def __post_init__(self) -> None:
        """Make what follows from the rest."""
        object.__setattr__(self, "links", Links(self.store))

    @property
    def reader(self) -> BatchReader:
        """Reads batches, those that have left the board too."""
        return BatchReader(self.board, lambda: self.store)


@contextmanager
def open_office(settings: Settings) -> Iterator[Office]:
    """An office on the services that the settings name, while the context lasts.

    Raises:
        SettingsInvalid: Redis' URL is of no usual form.
        StorageMisconfigured: An S3 endpoint, region or profile that cannot be used.
        CredentialsMissing: Half a pair of keys.
    """
    store = ObjectStore.connect(allowed=settings.allowed)
    with (
        closing(StatusBoard.connect(settings, hurried=True)) as board,
        celery_app(settings) as queue,
    ):
        dispatcher = Dispatcher(board, Publisher(queue), settings)
        yield Office(settings, board, store, dispatcher.step, cache_path())
