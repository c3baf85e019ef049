"""Orders: what the processes of a chaos run are told; a file that their command lines name."""

from pathlib import Path
from typing import Literal, Self

from pydantic import BaseModel, ConfigDict

from infra.chaos.asks import Asks

#: Bugs that a run may be given on purpose, to see that its invariants catch them.
Plant = Literal["none", "no-fence", "commit-first", "blame-mates"]


class Orders(BaseModel):
    """What a host and its children need to know; settings come from the environment."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path
    plant: Plant = "none"
    #: Devices of a host, and item threads of a device.
    devices: int = 1
    threads: int = 8

    @classmethod
    def read(cls, path: str) -> Self:
        """The orders in a file."""
        return cls.model_validate_json(Path(path).read_text())

    def write(self) -> Path:
        """Write them into their folder."""
        for name in ("asks", "crashes"):
            (self.folder / name).mkdir(parents=True)
        self.path.write_text(self.model_dump_json())
        return self.path

    @property
    def path(self) -> Path:
        """Their own file; what runs under its name belongs to this run."""
        return self.folder / "orders.json"

    @property
    def journal(self) -> Path:
        """What the children note."""
        return self.folder / "journal"

    @property
    def asks(self) -> Asks:
        """What children are asked for."""
        return Asks(self.folder / "asks")

    @property
    def crashes(self) -> Path:
        """A file here says that the crash at a boundary has happened."""
        return self.folder / "crashes"
