"""Publisher: which address stands for an item's result when a catalogue is written back."""

from dataclasses import dataclass

from producer.result_row import ResultRow
from shared.errors import AddressUncovered
from shared.jobs import Batch
from shared.keys import S3Address
from shared.reading import Reading, origin_of
from shared.urls import mask_url


@dataclass(frozen=True, slots=True)
class Publisher:
    """Finds public addresses of results."""

    batch: Batch
    #: Its rewrites lead from S3 to where the public finds things.
    reading: Reading
    #: Which of an item's variants stands in the place of its source, from 1.
    variant: int = 1

    def address(self, outcome: ResultRow | None, like: str) -> str | None:
        """The address of an item's variant, of the kind of its source's; None without a result.

        Raises:
            AddressUncovered: No rewrite leads to the result.
        """
        if outcome is None or len(outcome.variants) < self.variant:
            return None
        return self.published(outcome.variants[self.variant - 1], like)

    def published(self, address: str, like: str) -> str:
        """The public address of an S3 address, of the kind of another one.

        Raises:
            AddressUncovered: No rewrite leads there.
        """
        if found := self.reading.publish(address, like):
            return found
        public, folder = f"{origin_of(like)}/".removeprefix("/"), S3Address.parse(address).folder
        raise AddressUncovered(address=address, old=mask_url(like), public=public, folder=folder)
