"""Styling: what a row's style and models come to, worked out once for all rows that share it."""

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass

from shared.fingerprint import PixelInputs
from shared.jobs import ItemSpec, ResolvedModel
from shared.styles import Style

#: Distinct sets of overrides that are remembered.
REMEMBERED = 4_096


@dataclass(frozen=True, slots=True)
class Styled:
    """A style with a row's overrides applied, and the digests that it stands for."""

    style: Style
    digest: str
    segmenter: str
    painter: str


class Styling:
    """The style of a batch with its models, for one row after the other."""

    def __init__(self, style: Style, models: Mapping[str, ResolvedModel]) -> None:
        self._style, self._models = style, models
        self._overridden = functools.lru_cache(REMEMBERED)(self._override)

    def of(self, spec: ItemSpec) -> Styled:
        """What a row is rendered with."""
        return self._overridden(json.dumps(spec.overrides, sort_keys=True))

    def inputs(self, spec: ItemSpec, *, etag: str, size: int, mask_etag: str | None) -> PixelInputs:
        """All that decides a row's pixels, its source and its supplied mask being these."""
        styled = self.of(spec)
        return PixelInputs(
            source=spec.source,
            source_etag=etag,
            source_size=size,
            mask_etag=mask_etag,
            style=styled.digest,
            segmenter=None if spec.mask else styled.segmenter,
            painter=styled.painter,
            external_id=spec.external_id,
            frozen=spec.frozen.sha256 if spec.frozen else None,
        )

    def _override(self, overrides: str) -> Styled:
        style = self._style.with_overrides(json.loads(overrides))
        segmenter, painter = self._models[style.segmenter], self._models[style.painter]
        return Styled(style, style.digest, segmenter.digest, painter.digest)
