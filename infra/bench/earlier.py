"""Earlier results, as an ended batch leaves them in the index, made without rendering anything."""

from dataclasses import dataclass

from producer.index import Entry
from producer.styling import Styling
from shared.fingerprint import RENDERER_VERSION
from shared.jobs import ItemSpec
from shared.keys import ResultKeys


@dataclass(frozen=True, slots=True)
class Night:
    """A night that rendered what it is asked for."""

    styling: Styling
    #: s3://bucket/prefix/ that its results went under.
    output: str

    def entry(self, external_id: str, source: str, etag: str, size: int) -> Entry:
        """The entry of one result, of a source of so many bytes."""
        spec = ItemSpec(number=0, external_id=external_id, source=source)
        inputs = self.styling.inputs(spec, etag=etag, size=size, mask_etag=None)
        keys = ResultKeys.of(self.output, source, inputs.fingerprint)
        return Entry(
            external_id=external_id,
            source=source,
            etag=etag,
            size=size,
            sha256="0" * 64,
            mask=None,
            mask_etag=None,
            style=inputs.style,
            segmenter=inputs.segmenter,
            painter=inputs.painter,
            renderer=RENDERER_VERSION,
            fingerprint=inputs.fingerprint,
            variants=[str(keys.variant(1, "jpg")).removeprefix(self.output)],
            batch="first-night",
            at="2026-11-23T01:00:00+00:00",
        )
