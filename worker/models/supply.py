"""Supply: models for items; whom this host lets down is left to others, where there are any."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from shared.errors import RestyleError
from shared.jobs import ResolvedModel
from worker.models.fetch import ModelStore
from worker.models.rests import FAULTS, Rests
from worker.work import Elsewhere


class Supply:
    """Hands out models; shared by all item threads of a process."""

    def __init__(
        self,
        store: ModelStore,
        rests: Rests,
        *,
        may_others: Callable[[str], bool],
        tell: Callable[[], None],
    ) -> None:
        """Hand out nothing yet.

        Args:
            store: Where models come from.
            rests: Where their failures are kept.
            may_others: Whether another worker may have the model of a reference.
            tell: Called when a model begins to rest, for the others to know.
        """
        self._store = store
        self._rests = rests
        self._may_others = may_others
        self._tell = tell

    def refuse_resting(self, *models: ResolvedModel | None) -> None:
        """Stop an item whose model rests, before anything is fetched for it.

        Raises:
            Elsewhere: Another worker may have the model.
            ModelUnavailable: None may.
            ModelMissing: None may, and here it is missing.
        """
        for model in filter(None, models):
            error = self._rests.of(model)
            if error:
                raise self._verdict(model, error)

    @contextmanager
    def using(self, model: ResolvedModel) -> Iterator[Path]:
        """The model's local directory, for the time in which it is asked to work.

        Raises:
            Elsewhere: It cannot be had here, and another worker may have it.
            RestyleError: As `ModelStore.fetch`, and whatever the block raises.
        """
        try:
            yield self._store.fetch(model)
        except FAULTS as error:
            self._rests.begin(model, error)
            self._tell()
            raise self._verdict(model, error) from error
        self._rests.end(model)

    def fetch(self, model: ResolvedModel) -> Path:
        """As `ModelStore.fetch`, for a model that has worked already."""
        return self._store.fetch(model)

    def _verdict(self, model: ResolvedModel, error: RestyleError) -> Exception:
        return Elsewhere(error.code) if self._may_others(model.reference) else error
