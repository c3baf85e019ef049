"""Inspection: one item's source and mask, by their headers alone."""

from dataclasses import dataclass

from producer.check.finding import Finding
from producer.prompts import PromptNotes
from shared.errors import CredentialsMissing, MaskMismatch, RestyleError, StorageUnavailable
from shared.jobs import ItemSpec
from shared.keys import S3Address
from shared.pictures.header import Header, read_header
from shared.pictures.limits import Limits, check_shape, sides
from shared.s3 import ObjectStore

#: What says nothing about the item: it ends the check.
FAULTS = (CredentialsMissing, StorageUnavailable)


@dataclass(frozen=True, slots=True)
class Inspected:
    """What the headers of one item say."""

    #: None where the source cannot be used.
    header: Header | None
    finding: Finding | None = None
    notes: tuple[Finding, ...] = ()


class Inspector:
    """Inspects items; shared by the threads of a check."""

    def __init__(self, store: ObjectStore, limits: Limits, prompts: PromptNotes) -> None:
        self._store = store
        self._limits = limits
        self._prompts = prompts

    def inspect(self, spec: ItemSpec) -> Inspected:
        """Read the headers of an item's source and supplied mask.

        Raises:
            CredentialsMissing: For S3.
            StorageUnavailable: S3 does not answer.
        """
        try:
            header = self._header(spec.source, spec.etag)
            check_shape(header.size, source=spec.source)
            if spec.mask is not None:
                self._check_mask(spec.mask, spec.source, header)
        except FAULTS:
            raise
        except RestyleError as error:
            return Inspected(None, Finding.of("item", spec.external_id, error))
        notes = (Finding.note(spec.external_id, str(note)) for note in self._prompts.of_item(spec))
        return Inspected(header, notes=tuple(notes))

    def _header(self, address: str, etag: str | None = None) -> Header:
        with self._store.open(S3Address.parse(address), etag=etag) as file:
            return read_header(file, byte_count=file.size, source=address, limits=self._limits)

    def _check_mask(self, mask: str, source: str, header: Header) -> None:
        size = self._header(mask).size
        # An EXIF turn of either swaps its sides; a worker knows, a header alone may not.
        if sorted(size) != sorted(header.size):
            facts = {"mask_size": sides(size), "source_size": sides(header.size)}
            raise MaskMismatch(mask=mask, source=source, **facts)
