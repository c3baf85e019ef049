"""As source: the very catalogue that was submitted, with its results in the pictures' places."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import IO

from producer.catalogues import LISTS, Answerable, Entry, Outcomes, Picture, Publisher
from producer.lines import Encoding
from producer.origin import open_origin
from producer.result_row import ResultRow
from producer.rows import Row
from producer.sifting import located
from shared.errors import CatalogueMissing, RecordInvalid
from shared.jobs import Batch
from shared.reading import Reading, Rewrite
from shared.s3 import ObjectStore


@dataclass(slots=True)
class Told:
    """What was written back."""

    #: Items of the batch.
    items: int = 0
    #: Those of them that have no result of the wanted variant, and keep their old address.
    without: int = 0


@dataclass(frozen=True, slots=True)
class Wish:
    """How a person wants a catalogue written back."""

    #: Which of an item's variants stands in the place of its source, from 1.
    variant: int = 1
    #: Where the public finds results; they come before those of the submission.
    rewrites: tuple[Rewrite, ...] = ()


def write_back(
    batch: Batch, outcomes: Iterable[ResultRow], store: ObjectStore, wish: Wish, sink: IO[bytes]
) -> Told:
    """Write a batch's catalogue with its results.

    Args:
        batch: Which batch.
        outcomes: What became of its items, in manifest order.
        store: Holds the catalogue as it was submitted.
        wish: Which variant, and where the public finds results.
        sink: Gets the bytes.

    Raises:
        CatalogueMissing: The batch was not made from such a file.
        AddressUncovered: A result has no public address.
        RecordInvalid: The file is not the one that was submitted.
        StorageError: The file cannot be fetched.
    """
    kept = batch.catalogue
    if kept is None:
        raise CatalogueMissing(batch=batch.batch_id, reason="it was made from a listed prefix")
    told, reading = Told(), Reading.model_validate(kept.reading)
    rewrites = (*wish.rewrites, *reading.rewrites)
    publisher = Publisher(batch, Reading(rewrites=rewrites), wish.variant)
    counted = _counted(outcomes, wish.variant, told)
    if answer := LISTS.get(kept.format):
        sink.writelines(part.encode() for part in answer(counted, publisher))
        return told
    with open_origin(kept.address, store) as origin, origin.catalogue(reading) as catalogue:
        if not isinstance(catalogue, Answerable) or origin.path is None:
            raise RecordInvalid(record=kept.address, reason="it is no catalogue")
        matching = Matching(counted, reading)
        texts = (
            catalogue.answer(entry, matching.outcomes(entry), publisher)
            for entry in catalogue.entries()
        )
        sink.writelines(Encoding.of(origin.path).encoded(texts))
    if not matching.is_complete:
        raise RecordInvalid(record=kept.address, reason="it does not name the batch's items")
    return told


def _counted(outcomes: Iterable[ResultRow], variant: int, told: Told) -> Iterator[ResultRow]:
    for outcome in outcomes:
        told.items += 1
        told.without += len(outcome.variants) < variant
        yield outcome


class Matching:
    """Joins the pictures of a catalogue with what became of them: both are in manifest order."""

    def __init__(self, outcomes: Iterator[ResultRow], reading: Reading) -> None:
        """Take the outcomes of all items, and the reading of the submission."""
        self._outcomes = outcomes
        self._reading = reading
        self._next = next(outcomes, None)
        self._is_readable = True
        #: Address in the catalogue → outcome, for the product that is being read.
        self._known: dict[str, ResultRow] = {}

    @property
    def is_complete(self) -> bool:
        """Whether every row could be read, and every item was named."""
        return self._is_readable and self._next is None

    def outcomes(self, entry: Entry) -> Outcomes:
        """What became of the pictures of an entry; entries come in their order."""
        if entry.fresh:
            self._known.clear()
        pictures = [one for one in entry.found if isinstance(one, Picture)]
        self._is_readable &= len(pictures) == len(entry.found)
        found = {picture: self._outcome(picture) for picture in pictures}
        return {picture: outcome for picture, outcome in found.items() if outcome}

    def _outcome(self, picture: Picture) -> ResultRow | None:
        address = str(picture.row.cells.get("source"))
        if picture.again:
            return self._known.get(address)
        if outcome := self._taken(picture.row):
            self._known[address] = outcome
        return outcome

    def _taken(self, row: Row) -> ResultRow | None:
        outcome = self._next
        if outcome is None or not self._names(row, outcome):
            return None  # a pattern left it out
        self._next = next(self._outcomes, None)
        return outcome

    def _names(self, row: Row, outcome: ResultRow) -> bool:
        found = located(row, self._reading)
        if not isinstance(found, Row) or found.cells.get("source") != outcome.source:
            return False
        name = found.cells.get("external_id")
        return name is None or str(name) == outcome.external_id
