"""KnownLabels: whether prompts name labels of their segmenter, told before anything is queued.

A segmenter whose config.json cannot be had here (an archive in S3 that is not unpacked, a hub that
is switched off) is taken at its word: the worker checks each item's prompts again.
"""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

from producer.manifest import Manifest
from producer.problems import RowProblem
from shared.errors import LabelUnknown, ModelInvalid
from shared.jobs import ResolvedModel
from shared.labels import Labels, read_labels
from shared.references import config_directory
from shared.styles import Style

#: The fields of a style that decide which label of which segmenter is meant.
LABEL_FIELDS = frozenset({"mask_prompt", "protect_prompts", "segmenter"})
#: Those that hold prompts.
PROMPT_FIELDS = ("mask_prompt", "protect_prompts")


class KnownLabels:
    """The labels of a batch's segmenters, each read when it is first asked for."""

    def __init__(self, models: Mapping[str, ResolvedModel], cache: Path) -> None:
        """Read nothing yet.

        Args:
            models: References, resolved; those that could not be are missing.
            cache: Restyle's cache folder.
        """
        self._models, self._cache = models, cache
        self._of = lru_cache(maxsize=None)(self._read)

    def check(self, style: Style) -> None:
        """Let a style pass whose segmenter knows what its prompts name.

        Raises:
            LabelUnknown: One names no label.
        """
        for field in PROMPT_FIELDS:
            self._check(style, field)

    def notes(self, style: Style) -> Iterator[str]:
        """Which labels stand for prompts that are the name of none, as clauses."""
        labels = self._of(style.segmenter)
        if labels is None:
            return
        for prompt in (*style.mask_prompt, *style.protect_prompts):
            try:
                chosen = labels.read_as(prompt)
            except LabelUnknown:
                continue
            if chosen:
                yield f'"{prompt}" is taken for the segmenter\'s {chosen}'

    def problems(self, manifest: Manifest, style: Style) -> Iterator[RowProblem]:
        """The first unknown label of each row that gives words, or a segmenter, of its own."""
        if not LABEL_FIELDS & manifest.overridden or not any(map(self._of, manifest.models)):
            return
        for spec in manifest.specs():
            if spec.mask is None and LABEL_FIELDS & spec.overrides.keys():
                # A row's overrides were checked when it was read.
                wrong = self._problem(style.model_copy(update=spec.overrides))
                if wrong:
                    yield RowProblem(manifest.row_of(spec.number) or 0, *wrong)

    def _problem(self, style: Style) -> tuple[str, str] | None:
        """The field and what is wrong with it."""
        for field in PROMPT_FIELDS:
            try:
                self._check(style, field)
            except LabelUnknown as error:
                return field, str(error).rstrip(".")
        return None

    def _check(self, style: Style, field: str) -> None:
        labels = self._of(style.segmenter)
        if labels is not None:
            for prompt in getattr(style, field):
                labels.select(prompt)

    def _read(self, reference: str) -> Labels | None:
        model = self._models.get(reference)
        directory = config_directory(model, self._cache) if model else None
        try:
            return read_labels(directory, reference) if directory else None
        except ModelInvalid:  # a painter, or what the worker refuses in its own words
            return None
