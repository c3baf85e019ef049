"""Models paint in these tests; and one worker process's parts, in this process."""

import io
from datetime import UTC, datetime

import numpy as np
import pytest
from PIL import Image

from producer.steward import Ending
from shared.board import StatusBoard
from shared.jobs import Batch, ItemSpec, Message, ResolvedModel
from shared.references import tree_digest
from shared.s3 import ObjectStore
from shared.settings import Settings, load_settings
from shared.styles import parse_style
from tests import tiny_models as builders
from tests.lost_shop import Shop
from tests.nights import Nights
from tests.reviews import Reviewer
from worker.bootstrap import WorkerProcess, build
from worker.devices import Device

LIMITS = Settings().limits


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """The machine is shared by all tests that run at once."""
    builders.torch.set_num_threads(1)


OWNER = "test/cpu/0"


@pytest.fixture
def board(restyle_environment):
    """The board of this test's namespace."""
    made = StatusBoard.connect(load_settings())
    yield made
    made.close()


@pytest.fixture
def new_process(restyle_environment):
    """Build and start a worker process's parts, in this process, under the settings of now."""
    made = []

    def new() -> WorkerProcess:
        made.append(build(Device("cpu"), OWNER, load_settings()))
        made[-1].start()
        return made[-1]

    yield new
    for process in made:
        process.close()


@pytest.fixture
def process(new_process):
    """A worker process's parts under the default settings."""
    return new_process()


@pytest.fixture
def photo(bucket):
    """A picture and its mask in the bucket."""
    pixels = np.random.default_rng(1).integers(0, 256, (150, 100, 3), dtype=np.uint8)
    mask = np.zeros((150, 100), dtype=np.uint8)
    mask[60:100, 30:70] = 255
    (bucket / "photo.png").write_bytes(_png(pixels))
    (bucket / "mask.png").write_bytes(_png(mask))
    return pixels, mask


def _png(pixels):
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def place(board, bucket, tiny_painter):
    """Put a one-item batch on the board; returns the item's message.

    Its mask is supplied, or found by the segmenter in the directory `finder`.
    """

    def _place(batch_id="b", *, model=None, digest=None, etag=None, finder=None, **style):
        model = model or ResolvedModel(
            reference=str(tiny_painter),
            kind="directory",
            digest=digest or tree_digest(tiny_painter),
        )
        fields = {"mask": "the dress", "paint": "a red dress", "working_size": 64, "steps": 2}
        fields |= {"painter": model.reference, **style}
        models = {model.reference: model}
        if finder:
            models[str(finder)] = ResolvedModel(
                reference=str(finder), kind="directory", digest=tree_digest(finder)
            )
            fields["segmenter"] = str(finder)
        batch = Batch(
            batch_id=batch_id,
            submitted_at=datetime.now(UTC),
            output=f"s3://{bucket.name}/out/",
            style=parse_style(fields, where="test"),
            models=models,
            total=1,
            manifest_digest="0" * 64,
        )
        address = f"s3://{bucket.name}/"
        spec = ItemSpec(
            number=0,
            external_id="sku",
            source=address + "photo.png",
            mask=None if finder else address + "mask.png",
            etag=etag,
            size=etag and 1,
        )
        board.open_batch(batch)
        board.add_items(batch_id, [spec])
        board.seal_batch(batch_id)
        return Message(batch_id=batch_id, number=0)

    return _place


@pytest.fixture(scope="session")
def store(rclone_server):
    """One store for all: making a client takes longer than most tests."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in rclone_server.environment.items():
            patch.setenv(name, value)
        return ObjectStore.connect()


@pytest.fixture
def shop(restyle_environment, bucket, tmp_path, store):
    """A shop whose bucket holds one source."""
    (bucket / "in").mkdir()
    (bucket / "in" / "0.jpg").write_bytes(b"a picture")
    shop = Shop(tmp_path, bucket, store)
    yield shop
    shop.board.close()


@pytest.fixture
def ended(shop):
    """A shop whose batch of five has ended: one is done, one failed, the rest was cancelled."""
    shop.submit()
    shop.render(0)
    shop.fail(1)
    shop.board.cancel("spring")
    assert Ending(shop.board, shop.store, LIMITS).end_batches() == ["spring"]
    return shop


@pytest.fixture
def archived(ended):
    """The same shop, after the batch has left the board."""
    assert ended.retire() == ["spring"]
    return ended


@pytest.fixture
def nights(shop):
    """A catalogue before its first night."""
    return Nights(shop)


@pytest.fixture
def second(nights):
    """A catalogue after its first night."""
    nights.submit("first")
    nights.render("first")
    return nights


@pytest.fixture
def reviewer(shop):
    """Who holds and decides items of the shop."""
    return Reviewer(shop)
