"""Supply: models for items; whom this host lets down is left to others, where there are any."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from shared.errors import ModelInvalid, ModelMissing, ModelUnavailable, RestyleError
from shared.jobs import ResolvedModel
from worker.models.fetch import ModelStore
from worker.models.rests import Rests
from worker.work import Elsewhere

#: What says that a model cannot be had on this host, and nothing of the model itself.
HOSTS_FAULTS = (ModelMissing, ModelUnavailable)


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
            ModelInvalid: Nobody can load it: so many items need not wait for as many tries.
        """
        for model in filter(None, models):
            error = self._rests.of(model)
            if error:
                self._leave_to_others(model, error)
                raise error

    @contextmanager
    def using(self, model: ResolvedModel) -> Iterator[Path]:
        """The model's local directory, for the time in which it is asked to work.

        Raises:
            Elsewhere: It cannot be had here, and another worker may have it.
            RestyleError: As `ModelStore.fetch`, and whatever the block raises.
        """
        try:
            with self._store.using(model) as directory:
                yield directory
        except (*HOSTS_FAULTS, ModelInvalid) as error:
            self._rests.begin(model, error)
            self._tell()
            self._leave_to_others(model, error)
            raise
        self._rests.end(model)

    def held(self, model: ResolvedModel) -> AbstractContextManager[Path]:
        """As `ModelStore.using`, for a model that has worked already."""
        return self._store.using(model)

    def _leave_to_others(self, model: ResolvedModel, error: RestyleError) -> None:
        """Stop the item where the fault is this host's, and others may have the model."""
        if isinstance(error, HOSTS_FAULTS) and self._may_others(model.reference):
            raise Elsewhere(error.code)
