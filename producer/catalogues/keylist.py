"""KeyList: SageMaker's plain manifest, a JSON array of a prefix and of keys below it."""

from collections.abc import Iterator
from typing import Any

from producer.catalogues.entry import Entry, Picture, Recognised
from producer.problems import RowProblem
from producer.rows import Row

#: How it is shown.
KEY_LIST = Recognised("sagemaker-manifest", "SageMaker manifest", (), ("prefix", "keys"))


class KeyList:
    """The keys of a manifest; the prefix is number 1, the first key number 2."""

    recognised = KEY_LIST

    def __init__(self, content: list[Any]) -> None:
        self._content = content

    def entries(self) -> Iterator[Entry]:
        """Every key."""
        prefix = self._content[0].get("prefix")
        if not isinstance(prefix, str):
            yield Entry("", [RowProblem(1, "prefix", "is missing, or no text")])
            return
        for number, key in enumerate(self._content[1:], 2):
            yield Entry("", [_picture(number, prefix, key)])


def _picture(number: int, prefix: str, key: object) -> Picture | RowProblem:
    if isinstance(key, str):
        return Picture(Row(number, {"source": prefix + key}))
    return RowProblem(number, "", "is no text")
