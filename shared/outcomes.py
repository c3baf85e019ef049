"""Outcomes: what a sidecar says of its item, in the few fields that the board keeps."""

from shared.jobs import Result
from shared.keys import S3Address
from shared.sidecars import Sidecar


def result_of(sidecar: Sidecar, address: S3Address, render_seconds: float) -> Result:
    """The result that a sidecar tells of.

    Args:
        sidecar: Of an item that is done.
        address: Where it lies.
        render_seconds: From claim to report.
    """
    return Result(
        fingerprint=sidecar.fingerprint,
        variants=tuple(variant.address for variant in sidecar.variants),
        mask=sidecar.mask.address,
        sidecar=str(address),
        render_seconds=round(render_seconds, 3),
        device_seconds=round(device_seconds(sidecar), 3),
        size=sum(variant.size for variant in sidecar.variants),
        source_sha256=sidecar.source.sha256,
        mask_etag=sidecar.mask.supplied_etag,
    )


def device_seconds(sidecar: Sidecar) -> float:
    """Its part of each call that it was in: the call's time over the requests that shared it."""
    calls = [square.call for variant in sidecar.variants for square in variant.squares]
    calls += [sidecar.mask.call] if sidecar.mask.call else []
    return sum(call.seconds / (1 + call.batch_mates) for call in calls)
