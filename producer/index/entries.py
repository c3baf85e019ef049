"""Entry: one earlier result, and all that decided its pixels."""

import json
from dataclasses import dataclass, fields
from typing import Any

from producer.styling import Styling
from shared.fingerprint import RENDERER_VERSION, PixelInputs
from shared.jobs import Batch, Item, Result
from shared.keys import ResultKeys


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A result under an output prefix; what decided it is told apart, to say what changed."""

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

    @classmethod
    def of(cls, item: Item, result: Result, batch: Batch, styling: Styling) -> "Entry":
        """The entry of an item of a batch that is done."""
        spec = item.spec
        inputs = styling.inputs(
            spec, etag=str(spec.etag), size=spec.size or 0, mask_etag=result.mask_etag
        )
        return cls(
            external_id=spec.external_id,
            source=inputs.source,
            etag=inputs.source_etag,
            size=inputs.source_size,
            sha256=result.source_sha256,
            mask=spec.mask,
            mask_etag=inputs.mask_etag,
            style=inputs.style,
            segmenter=inputs.segmenter,
            painter=inputs.painter,
            renderer=RENDERER_VERSION,
            fingerprint=result.fingerprint,
            variants=[address.removeprefix(batch.output) for address in result.variants],
            batch=batch.batch_id,
            at=batch.submitted_at.isoformat(),
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
        return cls(**dict(zip(NAMES, values, strict=True)))

    def dump(self) -> str:
        """One line of JSON: the fields' values in their order."""
        values: list[Any] = [getattr(self, name) for name in NAMES]
        return json.dumps(values, ensure_ascii=False, separators=(",", ":"))

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
        models = (inputs.segmenter, inputs.painter)
        compared = {
            "source": (self.source, self.etag, self.size)
            != (inputs.source, inputs.source_etag, inputs.source_size),
            "mask": self.mask_etag != inputs.mask_etag,
            "style": self.style != inputs.style,
            "model": _models_differ((self.segmenter, self.painter), models),
            "renderer": self.renderer != RENDERER_VERSION,
        }
        # A worker of another release may have rendered it, whose version nobody noted.
        return [name for name, differs in compared.items() if differs] or ["renderer"]


def _models_differ(old: tuple[str | None, str], new: tuple[str | None, str]) -> bool:
    """A segmenter that came or went with a supplied mask is a change of the mask only."""
    return old[1] != new[1] or (None not in (old[0], new[0]) and old[0] != new[0])


#: Names of an entry's fields, in the order of its values in a segment.
NAMES: tuple[str, ...] = tuple(field.name for field in fields(Entry))
