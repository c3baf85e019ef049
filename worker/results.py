"""Results: painted squares become pictures at full size, proved, encoded and uploaded."""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import NamedTuple

from shared.errors import RestyleError
from shared.jobs import Batch, Claim, Held, Result
from shared.keys import ResultKeys, S3Address
from shared.outcomes import held_of, result_of
from shared.pictures.limits import Limits
from shared.s3 import ObjectStore
from shared.sampling import sampling_of
from shared.sidecars import (
    CropFacts,
    DeviceFacts,
    DriftFacts,
    ModelFacts,
    Proof,
    Sidecar,
    SourceFacts,
    SquareFacts,
    VariantFacts,
    WrittenFacts,
    dump_sidecar,
)
from worker.arrays import Rgb
from worker.companions import Companions, CompanionWriter, tile_of
from worker.cores import Cores
from worker.order import Order
from worker.pictures.encoding import Encoded, encode, output_container
from worker.pictures.images import Picture
from worker.pictures.readback import read_back
from worker.pixels.composite import check_kept, largest_difference_outside, paste
from worker.pixels.crops import CropPlan
from worker.pixels.drift import Square
from worker.pixels.repaint import Repaint
from worker.sidecar import failure_address, failure_sidecar, renderer, worker_facts
from worker.timings import Timings
from worker.waiting import Answer


@dataclass(frozen=True, slots=True)
class Painting:
    """What the models made of one picture."""

    picture: Picture
    #: Of the source's file, in hex.
    source_sha256: str
    mask: Repaint
    plan: CropPlan
    #: The painted squares, sRGB at the working size: for each variant, one a crop.
    squares: list[list[Answer[Square]]]
    #: What a person should know of how they were painted, as clauses.
    notes: tuple[str, ...] = ()


class _Variant(NamedTuple):
    facts: VariantFacts
    #: uint8, H x W x 3, sRGB: it made small.
    tile: Rgb


class ResultWriter:
    """Writes results; shared by all item threads of a process."""

    def __init__(
        self,
        store: ObjectStore,
        limits: Limits,
        cores: Cores,
        companions: CompanionWriter,
        device: Callable[[], DeviceFacts],
    ) -> None:
        """Write nothing yet; `device` is asked when a sidecar is due, once models are loaded."""
        self._store = store
        self._limits = limits
        self._cores = cores
        self._companions = companions
        self._device = device

    def write(self, order: Order, painting: Painting, times: Timings) -> Result | Held:
        """Composite, encode and upload all variants, then what is beside them, then the sidecar.

        The sidecar comes last: where it lies, everything that it names lies too. Under
        `review: required` all of it goes to staging, and waits for a person.
        """
        claim, held = order.claim, order.style.review == "required"
        keys = order.keys(painting.mask.etag, staged=held)
        numbers = range(1, len(painting.squares) + 1)
        variants = [self._variant(order, painting, number, keys, times) for number in numbers]
        tiles = [variant.tile for variant in variants]
        beside = self._companions.write(order, keys, painting.picture, painting.mask, tiles, times)
        facts = tuple(variant.facts for variant in variants)
        sidecar = self._sidecar(order, painting, facts, beside, times)
        with times.stage("upload"):
            self._store.put(keys.sidecar, dump_sidecar(sidecar), content_type="application/json")
        if claim.fence > 1:
            # An earlier try may have left word that the item failed.
            self._store.delete(failure_address(order.batch, claim))
        outcome_of = held_of if held else result_of
        return outcome_of(sidecar, keys.sidecar, times.total_seconds)

    def write_failure(self, batch: Batch, claim: Claim, error: RestyleError) -> S3Address:
        """Upload the sidecar that says why there is no result; returns its address."""
        address, told = failure_address(batch, claim), failure_sidecar(claim, batch, error)
        self._store.put(address, dump_sidecar(told), content_type="application/json")
        return address

    def _variant(
        self, order: Order, painting: Painting, number: int, keys: ResultKeys, times: Timings
    ) -> _Variant:
        source, alpha = painting.picture, painting.mask.alpha
        squares = painting.squares[number - 1]
        with self._cores.held(order.lane), times.stage("composite"):
            # Here, and nowhere else, painted colours enter the source's picture and its space.
            painted = [source.space.from_srgb(square.value.rgb) for square in squares]
            rgb = paste(source.rgb, painted, painting.plan, alpha)
            before = check_kept(source.rgb, rgb, alpha, name=str(order.source))
            result = replace(source, rgb=rgb)
            small = tile_of(result, order.style.background)
        container = output_container(order.style.output_format, source)
        with self._cores.held(order.lane), times.stage("encode"):
            encoded = encode(result, container, order.style)
            after = self._difference_after(encoded, painting, order)
        address = keys.variant(number, encoded.extension)
        with times.stage("upload"):
            self._store.put(address, encoded.body, content_type=encoded.content_type)
        proof = Proof(outside_before_encoding=before, outside_after_decoding=after)
        facts = _variant_facts(address, order.seed(number), encoded, proof, squares)
        return _Variant(facts, small)

    def _difference_after(self, encoded: Encoded, painting: Painting, order: Order) -> int:
        """What the encoder did to the kept pixels; also shows that the file says what it should."""
        again = read_back(
            encoded,
            size=painting.picture.size,
            style=order.style,
            limits=self._limits,
            source=str(order.source),
        )
        kept = painting.picture.rgb if again.alpha is not None else _seen(painting, order)
        return largest_difference_outside(kept, again.rgb, painting.mask.alpha)

    def _sidecar(
        self,
        order: Order,
        painting: Painting,
        variants: tuple[VariantFacts, ...],
        beside: Companions,
        times: Timings,
    ) -> Sidecar:
        spec = order.claim.spec
        return Sidecar(
            batch_id=order.claim.batch_id,
            number=spec.number,
            external_id=spec.external_id,
            fingerprint=order.fingerprint(painting.mask.etag),
            rendered_at=datetime.now(UTC),
            renderer=renderer(),
            worker=worker_facts(order.claim),
            device=self._device(),
            source=_source_facts(order, painting),
            style=order.style,
            style_digest=order.style.digest,
            models=ModelFacts(segmenter=order.segmenter, painter=order.painter),
            sampling=sampling_of(order.style),
            mask=beside.mask,
            crops=tuple(CropFacts(**asdict(crop)) for crop in painting.plan.crops),
            variants=variants,
            thumbnails=str(beside.thumbnails),
            notes=painting.notes,
            timings_seconds=times.as_dict(),
        )


def _seen(painting: Painting, order: Order) -> Rgb:
    return painting.picture.flattened(order.style.background)


def _source_facts(order: Order, painting: Painting) -> SourceFacts:
    (width, height), spec = painting.picture.size, order.claim.spec
    return SourceFacts(
        address=spec.source,
        etag=str(spec.etag),
        size=spec.size or 0,
        sha256=painting.source_sha256,
        width=width,
        height=height,
        notes=painting.picture.notes,
    )


def _variant_facts(
    address: S3Address,
    seed: int,
    encoded: Encoded,
    proof: Proof,
    squares: Sequence[Answer[Square]],
) -> VariantFacts:
    return VariantFacts(
        address=str(address),
        seed=seed,
        sha256=hashlib.sha256(encoded.body).hexdigest(),
        size=len(encoded.body),
        written=_written_facts(encoded),
        proof=proof,
        squares=tuple(_square_facts(square) for square in squares),
    )


def _square_facts(square: Answer[Square]) -> SquareFacts:
    drift = square.value.drift
    return SquareFacts(call=square.call, drift=DriftFacts(**asdict(drift)) if drift else None)


def _written_facts(encoded: Encoded) -> WrittenFacts:
    metadata = encoded.metadata
    kinds = {"icc": metadata.icc, "exif": metadata.exif, "xmp": metadata.xmp}
    return WrittenFacts(
        container=encoded.container,
        options=dict(encoded.options),
        digital_source_type=metadata.source_type,
        carries=tuple(kind for kind, content in kinds.items() if content),
        notes=metadata.notes,
    )
