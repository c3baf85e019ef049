"""Lending: the models that a training needs, kept in the host's cache until it ends."""

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from accelerate import Accelerator

from shared.jobs import ResolvedModel
from shared.references import resolve
from shared.s3 import ObjectStore
from shared.settings import Settings, cache_path
from worker.models.fetch import ModelStore


@dataclass(frozen=True, slots=True)
class Lending:
    """Fetches models, the first process of a host before the others."""

    settings: Settings
    accelerator: Accelerator
    #: Holds what is fetched.
    held: ExitStack

    def connect(self) -> ObjectStore:
        """S3, as the settings name it."""
        return ObjectStore.connect(allowed=self.settings.allowed)

    def fetch(self, reference: str) -> tuple[ResolvedModel, Path]:
        """A model and its directory.

        Raises:
            ModelError: It cannot be had.
            StorageError: S3 does not serve it.
        """
        objects, settings = self.connect(), self.settings
        store = ModelStore(
            objects,
            cache_path(),
            max_bytes=settings.max_model_bytes,
            cache_bytes=settings.model_cache_bytes,
        )
        model = resolve(reference, store=objects)
        with self.accelerator.local_main_process_first():
            return model, self.held.enter_context(store.using(model))
