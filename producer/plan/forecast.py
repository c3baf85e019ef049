"""Forecast: what a plan's rows will cost, by what such items have cost before; an estimate."""

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pydantic import Field

from producer.index import Measured, Work
from producer.watch import at_work
from shared.board import StatusBoard
from shared.record import Record


class Forecast(Record):
    """An estimate, and what it rests on; None where there is no basis for a number."""

    #: Items that will be rendered.
    images: int = Field(ge=0)
    #: Of these, such whose kind of work (model, size, steps) was never measured in this output.
    unknown: int = Field(0, ge=0)
    device_seconds: float | None = None
    bytes_to_write: int | None = None
    #: Devices that are at work now, and items of all batches that go before or beside these.
    devices: int = 0
    ahead: int = 0
    finish_at: datetime | None = None
    #: What the numbers rest on, as a sentence.
    basis: str

    @classmethod
    def of(
        cls, wanted: Mapping[Work, int], history: Mapping[Work, Measured], board: StatusBoard
    ) -> "Forecast":
        """The forecast for numbers of items by their kind of work.

        Raises:
            BoardError: Redis did not answer.
        """
        images = sum(wanted.values())
        known = {work: history[work] for work in wanted if work in history and wanted[work]}
        unknown = images - sum(wanted[work] for work in known)
        backlog = board.backlog()
        fields = {
            "images": images,
            "unknown": unknown,
            "devices": len(at_work(board.workers())),
            "ahead": sum(backlog.waiting.values()) + backlog.claimed,
        }
        if not known or not images:
            basis = "nothing to render" if not images else "no history yet"
            return cls.model_validate(fields | {"basis": basis})
        return cls.model_validate(fields | _estimated(wanted, known, fields))


def _estimated(
    wanted: Mapping[Work, int], known: Mapping[Work, Measured], fields: Mapping[str, int]
) -> dict[str, object]:
    seconds = sum(wanted[work] * one.device_seconds / one.items for work, one in known.items())
    size = sum(wanted[work] * one.size / one.items for work, one in known.items())
    counted = sum(wanted[work] for work in known)
    mean = seconds / counted
    seconds, size = seconds + mean * fields["unknown"], size * fields["images"] / counted
    finish = None
    if fields["devices"]:
        # What is ahead is taken to cost as much as these do.
        wait = (seconds + mean * fields["ahead"]) / fields["devices"]
        finish = datetime.now(UTC) + timedelta(seconds=wait)
    return {
        "device_seconds": round(seconds, 1),
        "bytes_to_write": round(size),
        "finish_at": finish,
        "basis": _basis(known, fields),
    }


def _basis(known: Mapping[Work, Measured], fields: Mapping[str, int]) -> str:
    items = sum(one.items for one in known.values())
    kinds = Counter(f"{work.working_size} px, {work.steps} steps" for work in known)
    named = "; ".join(kinds) if len(kinds) < 3 else f"{len(kinds)} kinds of work"
    basis = f"the mean of {items:,} images by the same model ({named}) in this output"
    if fields["unknown"]:
        basis += f"; {fields['unknown']:,} images are of a kind without history, counted alike"
    devices = fields["devices"]
    at_work = "device is" if devices == 1 else "devices are"
    return f"{basis}; {devices:,} {at_work} at work now"
