"""Outcomes: what a sidecar says of its item, in the few fields that the board keeps."""

from shared.facts import Call
from shared.jobs import Held, Result
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
        gate=sidecar.mask.gate,
        thumbnails=sidecar.thumbnails,
    )


def held_of(sidecar: Sidecar, address: S3Address, render_seconds: float) -> Held:
    """What waits for a person to publish it: the result that a sidecar in staging tells of."""
    result = result_of(sidecar, address, render_seconds)
    return Held(
        stage="result",
        gate=result.gate,
        map=sidecar.mask.map,
        thumbnails=result.thumbnails,
        result=result,
        device_seconds=result.device_seconds,
    )


def device_seconds(sidecar: Sidecar) -> float:
    """Its part of each call that it was in: the call's time over the requests that shared it."""
    calls = [square.call for variant in sidecar.variants for square in variant.squares]
    calls += [sidecar.mask.call] if sidecar.mask.call else []
    return sum(own_seconds(call) for call in calls)


def own_seconds(call: Call) -> float:
    """The part of a call's time that one of its requests stands for."""
    return call.seconds / (1 + call.batch_mates)
