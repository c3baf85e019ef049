"""A shop that is to be restyled each night: catalogue, style and results in one bucket."""

from datetime import UTC, datetime
from pathlib import Path

from producer.open_models import OpenModels
from producer.schedule import submit_run
from shared.board import StatusBoard
from shared.s3 import ObjectStore
from shared.schedules import Schedule, Slot

NIGHT = Slot(at=datetime(2026, 11, 25, tzinfo=UTC))


class Shop:
    """A bucket with a catalogue, a style and a place for results; and a board."""

    def __init__(self, bucket: Path, folder: Path, board: StatusBoard, store: ObjectStore):
        self.bucket, self.folder, self.board, self.store = bucket, folder, board, store
        self.model = folder / "model"
        self.model.mkdir()
        (self.model / "config.json").write_text("{}")
        (self.model / "weights.safetensors").write_bytes(b"\0" * 16)
        (bucket / "in").mkdir()
        (bucket / "in" / "a.jpg").write_bytes(b"a picture")
        self.write_rows(3)
        self.write_style()

    def write_rows(self, count: int) -> None:
        """The catalogue as it is now."""
        rows = (f"s3://{self.bucket.name}/in/a.jpg,SKU-{n}\n" for n in range(count))
        (self.bucket / "rows.csv").write_text("source,external_id\n" + "".join(rows))

    def write_style(self, **fields: object) -> None:
        """The style as it is now."""
        models = {"segmenter": self.model, "painter": self.model}
        style = {"mask": "the dress", "paint": "a red dress"} | models | fields
        text = "".join(f"{name}: {value}\n" for name, value in style.items())
        (self.bucket / "style.yaml").write_text(text)

    def schedule(self, name: str = "nightly", **changes: object) -> Schedule:
        """A schedule of all that."""
        place = f"s3://{self.bucket.name}/"
        fields = {
            "name": name,
            "cron": "0 1 * * *",
            "timezone": "Europe/Paris",
            "manifest": f"{place}rows.csv",
            "style": f"{place}style.yaml",
            "output": f"{place}out/",
            "created_at": datetime.now(UTC),
        }
        return Schedule(**fields | changes)

    def submit(self, schedule: Schedule | None = None) -> str:
        """What a steward does with the run of one night."""
        schedule = schedule or self.schedule()
        cache = self.folder / "cache"
        return submit_run(
            schedule,
            NIGHT,
            self.board,
            self.store,
            dispatch=lambda: None,
            cache=cache,
            models=OpenModels(),
        )
