"""Matching: which item of a batch a sidecar tells of, however many share its name.

It is an item's own by batch and number; or by its fingerprint, for equal fingerprints are equal
pixels, whichever batch wrote them last. Not covered: an item whose fingerprint only its claim knew
(no ETag was submitted, or it has a mask of its own), and whose equal result another batch wrote
over before its own batch ended: it is rendered again, into the same keys.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import NamedTuple

from producer.recovery.written import WrittenRow
from producer.retrieval import RecordedRows
from shared.fingerprint import PixelInputs
from shared.jobs import Batch, ItemSpec
from shared.keys import ResultKeys, S3Address
from shared.s3.info import ObjectInfo
from shared.sidecars import Sidecar

#: How far S3's clock and that of the host that submitted may be apart.
CLOCK_SLACK = timedelta(hours=1)


class Match(NamedTuple):
    """The item of a sidecar."""

    spec: ItemSpec
    #: The sidecar is of this very batch, not of another one with equal pixels.
    own: bool


class Matching:
    """Knows a batch's items by their names and, as far as they can be told, fingerprints."""

    def __init__(self, batch: Batch, rows: RecordedRows, written: Mapping[str, WrittenRow]) -> None:
        self._batch = batch
        self._rows = rows
        self._written = written
        self._since = batch.submitted_at - CLOCK_SLACK
        self._stems: set[str] = set()
        self._numbers: dict[str, int] = {}
        for spec in rows.specs():
            self._learn(spec)
        self._marks = {fingerprint[:12] for fingerprint in self._numbers}

    def _learn(self, spec: ItemSpec) -> None:
        fingerprint = self.fingerprint(spec)
        self._stems.add(self.keys(spec, fingerprint or "").stem)
        if fingerprint:
            self._numbers[fingerprint] = spec.number

    def fingerprint(self, spec: ItemSpec) -> str | None:
        """The item's fingerprint, where it can be told without its claim."""
        row = self._written.get(spec.external_id)
        if row and row.fingerprint:
            return row.fingerprint
        if spec.etag and spec.size is not None and spec.mask is None:
            return PixelInputs.of(self._batch, spec, mask_etag=None).fingerprint
        return None

    def keys(self, spec: ItemSpec, fingerprint: str) -> ResultKeys:
        """The keys of an item's files under a fingerprint, or under what stands for one."""
        return ResultKeys.of(self._batch.output, spec.source, fingerprint)

    def wanted(self, keys: ResultKeys, info: ObjectInfo) -> bool:
        """Whether a file may be of an item of ours.

        Of a catalogue that was restyled often, what is older than the batch is another's.
        """
        recent = info.modified >= self._since
        return keys.stem in self._stems and (recent or keys.mark in self._marks)

    def match(self, told: Sidecar, address: S3Address) -> Match | None:
        """The item of a sidecar that lies at an address; None where it is of no item of ours."""
        own = told.batch_id == self._batch.batch_id
        number = told.number if own else self._numbers.get(told.fingerprint)
        if number is None or number >= self._batch.queued:
            return None
        spec = self._rows.spec(number)
        keys = self.keys(spec, told.fingerprint)
        if replace(keys, output=address.folder).sidecar != address:
            return None
        if own and not self._tells_of(told, spec):
            return None
        return Match(spec, own)

    def _tells_of(self, told: Sidecar, spec: ItemSpec) -> bool:
        """Whether a sidecar of this batch and number is not of another batch of the same name.

        Its ETag may be another than the submitted one: a retry takes the source as it is then.
        """
        style, models = self._batch.style.with_overrides(spec.overrides), self._batch.models
        segmenter = models.get(style.segmenter) if spec.mask is None else None
        return (
            told.external_id == spec.external_id
            and (told.source.address, told.mask.supplied) == (spec.source, spec.mask)
            and told.style == style
            and (told.models.segmenter, told.models.painter)
            == (segmenter, models.get(style.painter))
        )
