"""Results: painted squares become pictures at full size, proved, encoded and uploaded."""

import hashlib
from dataclasses import dataclass, replace

from shared.jobs import Result
from shared.keys import ResultKeys, S3Address
from shared.s3 import ObjectStore
from worker.arrays import Rgb
from worker.composite import check_kept, largest_difference_outside, paste
from worker.crops import CropPlan
from worker.drift import Drift, Square
from worker.encoding import Encoded, encode, encode_mask, output_container
from worker.images import Limits, Picture, decode
from worker.order import Order
from worker.repaint import Repaint
from worker.sidecar import Account, Painted, Proof, failure_address, sidecar
from worker.timings import Timings


@dataclass(frozen=True, slots=True)
class Painting:
    """What the models made of one picture."""

    picture: Picture
    mask: Repaint
    plan: CropPlan
    #: The painted squares at the working size: for each variant, one a crop.
    squares: list[list[Square]]


class ResultWriter:
    """Writes results; shared by all item threads of a process."""

    def __init__(self, store: ObjectStore, limits: Limits, device: str) -> None:
        self._store = store
        self._limits = limits
        self._device = device

    def write(self, order: Order, painting: Painting, times: Timings) -> Result:
        """Composite, encode and upload all variants, then the mask, then the sidecar.

        The sidecar comes last: where it lies, everything that it names lies too.
        """
        claim, fingerprint = order.claim, order.fingerprint(painting.mask.etag)
        keys = ResultKeys.of(order.batch.output, claim.spec.source, fingerprint)
        variants = tuple(
            self._variant(order, painting, number, keys, times)
            for number in range(1, len(painting.squares) + 1)
        )
        with times.stage("encode"):
            mask = encode_mask(painting.mask.stored)
        with times.stage("upload"):
            self._store.put(keys.mask, mask, content_type="image/png")
        account = self._account(order, fingerprint, painting, variants, str(keys.mask), times)
        body = sidecar(claim, order.batch, account)
        self._store.put(keys.sidecar, body, content_type="application/json")
        if claim.fence > 1:
            # An earlier try may have left word that the item failed.
            self._store.delete(failure_address(order.batch, claim))
        return Result(
            fingerprint=fingerprint,
            variants=tuple(variant.address for variant in variants),
            mask=str(keys.mask),
            sidecar=str(keys.sidecar),
            render_seconds=round(times.total_seconds, 3),
        )

    def _variant(
        self, order: Order, painting: Painting, number: int, keys: ResultKeys, times: Timings
    ) -> Painted:
        source, alpha = painting.picture, painting.mask.alpha
        squares = painting.squares[number - 1]
        with times.stage("composite"):
            # Here, and nowhere else, painted colours enter the source's picture.
            painted = [square.rgb for square in squares]
            rgb = paste(source.rgb, painted, painting.plan, alpha)
            before = check_kept(source.rgb, rgb, alpha, name=str(order.source))
        container = output_container(order.style.output_format, source)
        with times.stage("encode"):
            result = replace(source, rgb=rgb)
            encoded = encode(result, container, background=order.style.background)
            after = self._difference_after(encoded, painting, order)
        address = keys.variant(number, encoded.extension)
        with times.stage("upload"):
            self._store.put(address, encoded.body, content_type=encoded.content_type)
        proof = Proof(outside_before_encoding=before, outside_after_decoding=after)
        drift = tuple(square.drift for square in squares)
        return _painted(address, order.seed(number), encoded, proof, drift)

    def _difference_after(self, encoded: Encoded, painting: Painting, order: Order) -> int:
        """What the encoder did to the kept pixels; also shows that the upload can be read."""
        # Our own bytes, whatever they weigh: a lossless result may be larger than any source.
        limits = replace(self._limits, max_bytes=len(encoded.body))
        again = decode(encoded.body, source="the encoded result", limits=limits)
        kept = painting.picture.rgb if again.alpha is not None else _seen(painting, order)
        return largest_difference_outside(kept, again.rgb, painting.mask.alpha)

    def _account(
        self,
        order: Order,
        fingerprint: str,
        painting: Painting,
        variants: tuple[Painted, ...],
        mask: str,
        times: Timings,
    ) -> Account:
        (width, height), spec = painting.picture.size, order.claim.spec
        return Account(
            fingerprint=fingerprint,
            source_etag=str(spec.etag),
            source_size=spec.size or 0,
            width=width,
            height=height,
            notes=painting.picture.notes,
            style=order.style,
            segmenter=order.segmenter,
            painter=order.painter,
            mask=mask,
            mask_area=painting.mask.area,
            crops=painting.plan.crops,
            variants=variants,
            device=self._device,
            timings_seconds=times.as_dict(),
        )


def _seen(painting: Painting, order: Order) -> Rgb:
    return painting.picture.flattened(order.style.background)


def _painted(
    address: S3Address, seed: int, encoded: Encoded, proof: Proof, drift: tuple[Drift | None, ...]
) -> Painted:
    return Painted(
        address=str(address),
        seed=seed,
        sha256=hashlib.sha256(encoded.body).hexdigest(),
        size=len(encoded.body),
        proof=proof,
        drift=drift,
    )
