"""Rendering: one picture, painted at once by the workers of everything else, to try a style.

It is a batch of one item on the urgent lane, whose pictures and results lie under a prefix of
their own. No gate holds it, and nobody reviews it: whoever asked is looking.
"""

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from producer.open_models import OpenModels
from producer.recording import write_batch
from producer.uploads import Upload
from shared.board import StatusBoard
from shared.errors import BatchExists, BatchUnknown, RenderingUnknown
from shared.jobs import Batch, Item, ItemSpec, ResolvedModel
from shared.keys import S3Address, is_rendering, rendering_prefix
from shared.s3 import ObjectStore
from shared.styles import Style

#: What a rendering's style says, whatever it was made from.
UNATTENDED = {"gate": "off", "review": "none"}
#: What uploads are called, so that equal ones under one seed give equal pictures.
UPLOADED = "upload"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What somebody wants to see."""

    #: The picture, in S3 or by its bytes.
    image: S3Address | Upload
    #: What is repainted of it; None where the style's words find it.
    mask: S3Address | Upload | None
    style: Style
    #: s3://bucket/prefix/ that renderings lie under.
    output: str
    #: Which models it may name.
    models: OpenModels


def place_rendering(
    wish: Wish,
    board: StatusBoard,
    store: ObjectStore,
    *,
    resolve: Callable[[str], ResolvedModel],
    dispatch: Callable[[], object],
) -> str:
    """Check what is wished for, store what was uploaded, and queue it before everything else.

    Args:
        wish: What is wished for.
        board: Gets the batch of one.
        store: Has the picture, or gets it.
        resolve: Finds a model reference's digest.
        dispatch: One step of a dispatcher, so that an idle worker begins at once.

    Returns:
        Its id.

    Raises:
        ModelError: A model reference leads nowhere, or may not be named.
        StorageError: The picture is not there, or a place may not be read or written.
        BoardError: Redis is away, full or unsafe.
    """
    board.refuse_new_work()
    references = {wish.style.segmenter, wish.style.painter}
    wish.models.check(references)
    models = {name: resolve(name) for name in sorted(references)}
    rendering_id = f"{datetime.now(UTC):%Y%m%d-%H%M%S}-rendering-{secrets.token_hex(6)}"
    prefix = rendering_prefix(wish.output, rendering_id)
    spec = _spec(wish, prefix, store)
    batch = Batch(
        batch_id=rendering_id,
        submitted_at=datetime.now(UTC),
        output=str(prefix),
        style=wish.style.with_overrides(UNATTENDED),
        models=models,
        total=1,
        manifest_digest=hashlib.sha256(spec.model_dump_json().encode()).hexdigest(),
        lane="urgent",
    )
    _queue(batch, spec, board, store)
    dispatch()
    return rendering_id


def _queue(batch: Batch, spec: ItemSpec, board: StatusBoard, store: ObjectStore) -> None:
    write_batch(batch, store)  # it also proves that the output can be written
    if not board.open_batch(batch):
        raise BatchExists(batch=batch.batch_id, difference="a rendering of the same moment")
    board.add_items(batch.batch_id, [spec])
    board.seal_batch(batch.batch_id)


def _spec(wish: Wish, prefix: S3Address, store: ObjectStore) -> ItemSpec:
    image, mask = wish.image, wish.mask
    if isinstance(image, Upload):
        source, name = prefix.join(f"source.{image.extension}"), UPLOADED
        etag, size = image.store(source, store), len(image.content)
    else:
        found = store.head(image)
        source, name, etag, size = image, image.key, found.etag, found.size
    if isinstance(mask, Upload):
        place = prefix.join(f"supplied-mask.{mask.extension}")
        mask.store(place, store)
        mask = place
    elif mask is not None:
        store.head(mask)
    supplied = str(mask) if mask else None
    return ItemSpec(
        number=0, external_id=name, source=str(source), mask=supplied, etag=etag, size=size
    )


def rendering(rendering_id: str, board: StatusBoard) -> Item:
    """How a rendering stands.

    Raises:
        RenderingUnknown: There is none of this id, or it was long ago.
        BoardError: Redis did not answer.
    """
    try:
        batch = board.status(rendering_id).batch
    except BatchUnknown as error:
        raise RenderingUnknown(rendering=rendering_id) from error
    if not is_rendering(batch.output, rendering_id):
        raise RenderingUnknown(rendering=rendering_id)
    return board.item(rendering_id, 0)
