"""Exports of shops for tests: the files, and what submits one and writes it back."""

import io
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from producer.as_source import Told, Wish, write_back
from producer.catalogues import LISTS
from producer.manifest import open_manifest
from producer.result_row import ResultRow
from shared.jobs import Batch, ItemSpec, KeptCatalogue
from shared.reading import AS_IT_STANDS, Reading
from shared.s3 import ObjectStore
from shared.states import ItemState
from shared.styles import Style

#: A file for each kind of catalogue, with the header of a real export.
FILES = Path(__file__).parent / "catalogues"
STYLE = Style(name="spring", mask_prompt=("the dress",), prompt="a red dress")
OUT = "s3://shop/out/"
#: Catalogues that come back as the same file, and where their addresses lie.
REWRITES = {
    "shopify.csv": "https://cdn.shopify.com/s/files/1/0001/products/=s3://shop/",
    "shopify-older.csv": "https://cdn.shopify.com/s/files/1/0001/products/=s3://shop/",
    "woocommerce.csv": "https://shop.example/wp-content/uploads/=s3://shop/",
    "magento.csv": "/=s3://shop/",
    "akeneo.csv": "=s3://shop/",
    "commercetools.csv": "https://images.ct.example/=s3://shop/",
    "google.tsv": "https://cdn.example/=s3://shop/",
    "sagemaker.manifest": "https://cdn.example/=s3://shop/",
}


def result_of(spec: ItemSpec) -> str:
    """A result's address that tells whose it is."""
    return f"{OUT}{spec.number} {spec.external_id}.v1.jpg"


class Shop:
    """A catalogue on disk, submitted and written back."""

    def __init__(self, path: Path, store: ObjectStore, reading: Reading = AS_IT_STANDS) -> None:
        self.path, self.store, self.reading = path, store, reading
        with open_manifest(str(path), STYLE, store, reading=reading) as manifest:
            self.specs = list(manifest.specs())
            form = manifest.recognised.format if manifest.recognised else "own"
            kept = KeptCatalogue(
                address=str(path), format=form, reading=reading.model_dump(mode="json")
            )
            self.batch = Batch(
                batch_id="spring",
                submitted_at=datetime(2026, 11, 24, tzinfo=UTC),
                output=OUT,
                style=STYLE,
                models={},
                total=manifest.total,
                manifest_digest=manifest.digest,
                catalogue=kept,
            )
        self.told = Told()

    @property
    def comes_back(self) -> bool:
        """Whether it is written back as the same file."""
        return self.batch.catalogue.format not in {"openai-batch", *LISTS}

    def outcomes(self, result: Callable[[ItemSpec], str | None]) -> list[ResultRow]:
        """What became of each item: done with this result, or failed."""
        return [_outcome(spec, result(spec)) for spec in self.specs]

    def written(self, result: Callable[[ItemSpec], str | None] = result_of, **wish) -> bytes:
        """The bytes that are written back."""
        sink = io.BytesIO()
        rows = self.outcomes(result)
        self.told = write_back(self.batch, rows, self.store, Wish(**wish), sink)
        return sink.getvalue()


def _outcome(spec: ItemSpec, result: str | None) -> ResultRow:
    facts = {"external_id": spec.external_id, "source": spec.source}
    if result is None:
        said = {"code": "mask_empty", "message": "There is no dress."}
        return ResultRow(state=ItemState.FAILED, **facts, **said)
    return ResultRow(state=ItemState.DONE, variants=(result,), sidecar=f"{OUT}s.json", **facts)
