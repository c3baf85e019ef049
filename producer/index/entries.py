"""Entry: one earlier result, or one that a person rejected, and all that decided its pixels."""

import json
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from producer.styling import Styling
from shared.fingerprint import RENDERER_VERSION, PixelInputs
from shared.jobs import Batch, Item, Result
from shared.keys import ResultKeys
from shared.original import Original


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What became of an item under an output prefix.

    What decided its pixels is told apart, to say what changed.
    """

    external_id: str
    source: str
    etag: str
    #: In bytes.
    size: int
    #: SHA-256 (hex) of the source's bytes, where it is known.
    sha256: str | None
    #: s3:// address of the supplied mask.
    mask: str | None
    mask_etag: str | None
    #: Digests of style, segmenter (None where a mask was supplied) and painter.
    style: str
    segmenter: str | None
    painter: str
    renderer: int
    fingerprint: str
    #: Names of the variants below the output prefix, variant 1 first.
    variants: list[str]
    #: The batch that it was rendered in, and when that or itself came about (ISO 8601, UTC).
    batch: str
    at: str
    #: Where a person had it rendered under other wishes: what was asked of the item before.
    stands_for: Original | None = None
    #: A person rejected its mask or its result, and there are no files.
    rejected: bool = False

    @classmethod
    def of(cls, item: Item, batch: Batch, styling: Styling) -> "Entry":
        """The entry of an item of a batch that is done or was rejected."""
        spec, result = item.spec, _painted(item)
        mask_etag = result.mask_etag if result else None
        inputs = styling.inputs(spec, etag=str(spec.etag), size=spec.size or 0, mask_etag=mask_etag)
        variants = item.result.variants if item.result else ()
        return cls(
            external_id=spec.external_id,
            source=inputs.source,
            etag=inputs.source_etag,
            size=inputs.source_size,
            sha256=result.source_sha256 if result else None,
            mask=spec.mask,
            mask_etag=mask_etag,
            style=inputs.style,
            segmenter=inputs.segmenter,
            painter=inputs.painter,
            renderer=RENDERER_VERSION,
            fingerprint=result.fingerprint if result else inputs.fingerprint,
            variants=[address.removeprefix(batch.output) for address in variants],
            batch=batch.batch_id,
            at=_since(item, batch).isoformat(),
            stands_for=spec.stands_for,
            rejected=item.result is None,
        )

    @classmethod
    def parse(cls, line: str | bytes) -> "Entry":
        """The entry of a line that `dump` wrote.

        Raises:
            ValueError: It is none.
        """
        values = json.loads(line)
        if not isinstance(values, list) or len(values) != len(NAMES):
            msg = f"it is no list of {len(NAMES)} values"
            raise ValueError(msg)
        named = dict(zip(NAMES, values, strict=True))
        if named["stands_for"] is not None:
            named["stands_for"] = Original.model_validate(named["stands_for"])
        return cls(**named)

    def dump(self) -> str:
        """One line of JSON: the fields' values in their order."""
        values: list[Any] = [getattr(self, name) for name in NAMES]
        if self.stands_for is not None:
            values[NAMES.index("stands_for")] = self.stands_for.model_dump()
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

    @property
    def asked(self) -> Original:
        """What was asked of the item, whatever a person made of it since."""
        if self.stands_for is not None:
            return self.stands_for
        return Original(
            style=self.style,
            segmenter=self.segmenter,
            painter=self.painter,
            mask_etag=self.mask_etag,
        )

    def answers(self, inputs: PixelInputs) -> bool:
        """Whether it is what this makes of the item, or a person's re-render of that."""
        if self.fingerprint == inputs.fingerprint:
            return True
        return self.stands_for is not None and not self._differences(inputs)

    def result(self, output: str) -> Result:
        """The result, as the item had it that was rendered."""
        keys = ResultKeys.of(output, self.source, self.fingerprint)
        return Result(
            fingerprint=self.fingerprint,
            variants=tuple(output + name for name in self.variants),
            mask=str(keys.mask),
            sidecar=str(keys.sidecar),
            render_seconds=0.0,
            source_sha256=self.sha256,
            mask_etag=self.mask_etag,
        )

    def changes(self, inputs: PixelInputs) -> list[str]:
        """What differs from what decides the item now, whose fingerprint is another one.

        Returns:
            One or more of source, mask, style, model, renderer.
        """
        # A worker of another release may have rendered it, whose version nobody noted.
        return self._differences(inputs) or ["renderer"]

    def _differences(self, inputs: PixelInputs) -> list[str]:
        asked, models = self.asked, (inputs.segmenter, inputs.painter)
        compared = {
            "source": (self.source, self.etag, self.size)
            != (inputs.source, inputs.source_etag, inputs.source_size),
            "mask": asked.mask_etag != inputs.mask_etag,
            "style": asked.style != inputs.style,
            "model": _models_differ((asked.segmenter, asked.painter), models),
            "renderer": self.renderer != RENDERER_VERSION,
        }
        return [name for name, differs in compared.items() if differs]


def _painted(item: Item) -> Result | None:
    return item.result or (item.held.result if item.held else None)


def _since(item: Item, batch: Batch) -> datetime:
    """A decision counts from when it was made, whatever another batch did before."""
    return max(batch.submitted_at, item.decided_at or batch.submitted_at)


def _models_differ(old: tuple[str | None, str], new: tuple[str | None, str]) -> bool:
    """A segmenter that came or went with a supplied mask is a change of the mask only."""
    return old[1] != new[1] or (None not in (old[0], new[0]) and old[0] != new[0])


#: Names of an entry's fields, in the order of its values in a segment.
NAMES: tuple[str, ...] = tuple(field.name for field in fields(Entry))
