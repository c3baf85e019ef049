"""Relocation: a result's files and its sidecar, as they lie under another prefix."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, Self

from shared.errors import SidecarInvalid
from shared.keys import ResultKeys, S3Address
from shared.results import Result
from shared.sidecars import Sidecar


class Move(NamedTuple):
    """A file and where it belongs."""

    old: S3Address
    new: S3Address


@dataclass(frozen=True, slots=True)
class Relocation:
    """All that a sidecar names beside itself, and that sidecar as it reads elsewhere."""

    sidecar: Sidecar
    #: Where that sidecar belongs.
    address: S3Address
    files: tuple[Move, ...]

    @classmethod
    def of(cls, sidecar: Sidecar, address: S3Address, prefix: S3Address) -> Self:
        """What a sidecar that lies at an address becomes under another prefix.

        Raises:
            SidecarInvalid: Its address is no sidecar's.
        """
        keys = ResultKeys.named(address)
        if keys is None:
            raise SidecarInvalid(sidecar=address, reason="its name is no sidecar's")
        beside = f"{address.folder}{keys.stem}.{keys.mark}."
        told = sidecar.model_dump(mode="json")
        files = tuple(
            Move(S3Address.parse(name), _under(name, address.folder, prefix))
            for name in dict.fromkeys(_texts(told))
            if name.startswith(beside)
        )
        names = {str(old): str(new) for old, new in files}
        moved = Sidecar.model_validate(_renamed(told, names))
        return cls(moved, replace(keys, output=prefix).sidecar, files)

    def result(self, result: Result) -> Result:
        """What the board has of it, as it reads there."""
        names = {str(old): str(new) for old, new in self.files} | {
            result.sidecar: str(self.address)
        }
        return Result.model_validate(_renamed(result.model_dump(mode="json"), names))


def _under(name: str, old: S3Address, new: S3Address) -> S3Address:
    return new.join(name.removeprefix(str(old)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict | list):
        for member in value.values() if isinstance(value, dict) else value:
            yield from _texts(member)


def _renamed(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {name: _renamed(member, names) for name, member in value.items()}
    if isinstance(value, list):
        return [_renamed(member, names) for member in value]
    return names.get(value, value) if isinstance(value, str) else value
