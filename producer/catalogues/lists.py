"""Lists: what answers a list of keys: the list of its results, in its order.

Items without a result are not in it: whoever reads it next would take their sources for results.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping

from producer.catalogues.inventory import INVENTORY
from producer.catalogues.keylist import KEY_LIST
from producer.catalogues.objectlist import OBJECT_LIST, encoded
from producer.catalogues.publisher import Publisher
from producer.result_row import ResultRow
from shared.keys import S3Address


def object_list(outcomes: Iterable[ResultRow], publisher: Publisher) -> Iterator[str]:
    """Lines of Bucket,Key for S3 Batch Operations."""
    for address in _addresses(outcomes, publisher):
        yield f"{address.bucket},{encoded(address.key)}\n"


def key_list(outcomes: Iterable[ResultRow], publisher: Publisher) -> Iterator[str]:
    """A JSON array of the output's prefix and of keys below it, a key a line."""
    prefix = publisher.batch.output
    yield f"[{json.dumps({'prefix': prefix}, ensure_ascii=False)}"
    for address in _addresses(outcomes, publisher):
        yield f",\n {json.dumps(str(address).removeprefix(prefix), ensure_ascii=False)}"
    yield "]\n"


def _addresses(outcomes: Iterable[ResultRow], publisher: Publisher) -> Iterator[S3Address]:
    for outcome in outcomes:
        if found := publisher.address(outcome, outcome.source):
            yield S3Address.parse(found)


#: Format → its answer.
LISTS: Mapping[str, Callable[[Iterable[ResultRow], Publisher], Iterator[str]]] = {
    OBJECT_LIST.format: object_list,
    INVENTORY.format: object_list,
    KEY_LIST.format: key_list,
}
