"""The root of the tree, and the registry of its codes."""

from collections.abc import Iterator, Mapping
from typing import ClassVar


class RestyleError(Exception):
    """Something went wrong inside Restyle; the log has the whole story."""

    #: Stable, snake_case name of what happened.
    code: ClassVar[str] = "internal"
    #: Whether the same call may succeed later without anybody changing anything.
    retryable: ClassVar[bool] = False
    #: One sentence for a person: what and where. Its fields are the keyword arguments.
    sentence: ClassVar[str] = "Restyle failed unexpectedly: {reason}."
    #: What to do about it.
    hint: ClassVar[str] = "Retry the item; if it fails again, report it with the worker's log."

    def __init__(self, **facts: object) -> None:
        self.facts = facts
        super().__init__(self.sentence.format(**facts))

    def report(self) -> dict[str, object]:
        """The error as every surface shows it: `code`, `message`, `hint`, `details`."""
        details = {name: _plain(value) for name, value in self.facts.items()}
        hint = self.hint.format(**self.facts)
        return {"code": self.code, "message": str(self), "hint": hint, "details": details}


def _plain(value: object) -> object:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, Mapping):
        return {str(name): _plain(part) for name, part in value.items()}
    return str(value)


def registry() -> dict[str, type[RestyleError]]:
    """Every concrete error class by its code; abstract branches carry no sentence of their own."""
    return {cls.code: cls for cls in _walk(RestyleError) if "code" in vars(cls)}


def _walk(cls: type[RestyleError]) -> Iterator[type[RestyleError]]:
    yield cls
    for child in cls.__subclasses__():
        yield from _walk(child)
