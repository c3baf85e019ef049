"""Prompts: what of a style's or an item's prompts is too long for the models that read them."""

from collections.abc import Mapping
from pathlib import Path

from shared.jobs import ItemSpec, ResolvedModel
from shared.references import local_directory
from shared.styles import Style
from shared.tokens import prompt_notes

#: The fields of a style that decide what is read, and by whom.
READ_FIELDS = frozenset(
    {"prompt", "negative_prompt", "mask_prompt", "protect_prompts", "segmenter", "painter"}
)


class PromptNotes:
    """Tells of prompts that are cut off, as far as their models are on this host."""

    def __init__(self, style: Style, models: Mapping[str, ResolvedModel], cache: Path) -> None:
        """Look for the models.

        Args:
            style: The batch's.
            models: References, resolved; those that could not be are missing.
            cache: Restyle's cache folder.
        """
        self._style = style
        self._directories = {name: local_directory(models[name], cache) for name in models}

    def of_style(self) -> tuple[str, ...]:
        """Of the batch's own prompts, as clauses."""
        return self._of(self._style)

    def of_item(self, spec: ItemSpec) -> tuple[str, ...]:
        """Of the prompts that a row gives instead, likewise."""
        if not READ_FIELDS & spec.overrides.keys():
            return ()
        return self._of(self._style.with_overrides(spec.overrides))

    def _of(self, style: Style) -> tuple[str, ...]:
        find = self._directories.get
        return prompt_notes(style, find(style.segmenter), find(style.painter))
