"""The sidecar's form: what is written reads back; what is none is refused in one sentence."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import MaskEmpty, SidecarInvalid
from shared.facts import Call
from shared.jobs import Failure
from shared.outcomes import device_seconds
from shared.sidecars import (
    FailedSource,
    FailureSidecar,
    Renderer,
    WorkerFacts,
    dump_sidecar,
    parse_sidecar,
)
from tests.sidecars import sidecar_of

WHERE = "s3://shop/out/1.ffffffffffff.json"
BODY = dump_sidecar(sidecar_of(variants=2))


def read(body: bytes):
    """Parse under a name that errors must show."""
    return parse_sidecar(body, where=WHERE)


def changed(*path: str | int, value: object) -> bytes:
    """The usual sidecar with one value replaced."""
    fields = json.loads(BODY)
    place = fields
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return json.dumps(fields).encode()


def test_a_sidecar_reads_back_as_itself():
    """Dump and parse are inverse, for results and for failures."""
    assert read(BODY) == sidecar_of(variants=2)
    failure = FailureSidecar(
        batch_id="summer",
        number=3,
        external_id="SKU-1",
        failed_at=datetime(2026, 11, 24, tzinfo=UTC),
        renderer=Renderer(version=1, libraries={}),
        worker=WorkerFacts(owner="host/cpu", deliveries=2, retries=1),
        source=FailedSource(address="s3://shop/in/1.jpg"),
        style={"prompt": "a red dress", "steps": 1},
        error=Failure.of(MaskEmpty(source="s3://shop/in/1.jpg", reason="nothing was found")),
    )
    assert read(dump_sidecar(failure)) == failure


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "it is no JSON"),
        (b"\xff\xd8\xff\xe0", "it is no JSON"),
        (b'{"state": "done", "area": NaN}', "it is no JSON"),
        (b"[" * 100_000, "it is no JSON"),
        (b"[]", "it is no JSON object"),
        (b"{}", "batch_id: is missing"),
        (b'{"state": "failed"}', "batch_id: is missing"),
        (changed("version", value=2), "version: should be 1, not 2"),
        (changed("state", value="held"), "state"),
        (changed("colour", value="red"), "colour: unknown field"),
        (changed("source", "address", value="/etc/passwd"), "source.address: is no S3 address"),
        (changed("source", "address", value="s3://shop/in/"), "since it names no object"),
        (changed("variants", 0, "address", value="s3://shop/../x"), "variants.0.address"),
        (changed("variants", 1, "seed", value=2**63), "variants.1.seed"),
        (changed("variants", value=[]), "variants"),
        (changed("crops", value=[{"left": 0, "top": 0, "side": 9}] * 2), "it names 2 crops"),
        (changed("models", "segmenter", value=None), "either supplied or found"),
        (changed("mask", "supplied", value="s3://shop/m.png"), "either supplied or found"),
        (changed("style", "variants", value=3), "it names 2 variants of the style's 3"),
        (changed("batch_id", value="../.."), "batch_id"),
        (changed("style", "steps", value=0), "style.steps"),
        (changed("fingerprint", value="f"), "fingerprint"),
    ],
)
def test_what_is_no_sidecar_is_refused_by_name(body, reason):
    """Hostile or foreign JSON is `sidecar_invalid`, with what is wrong and where it lay."""
    with pytest.raises(SidecarInvalid) as caught:
        read(body)
    assert reason in str(caught.value)
    assert WHERE in str(caught.value)
    assert len(str(caught.value)) < 1_000


@given(st.binary(max_size=200) | st.integers(0, len(BODY) - 1).map(lambda end: BODY[:end]))
def test_no_bytes_bring_another_error_out(body):
    """Whatever the bytes, it is `SidecarInvalid`."""
    with pytest.raises(SidecarInvalid):
        read(body)


def test_an_items_device_seconds_are_its_part_of_each_call():
    """A mask's call of its own, and each square's part of a call that others shared."""
    told = sidecar_of("shop", variants=2)
    square = told.variants[0].squares[0]
    shared = square.model_copy(update={"call": Call(batch_mates=3, seconds=2.0)})
    variants = tuple(one.model_copy(update={"squares": (shared,)}) for one in told.variants)
    mask = told.mask.model_copy(update={"call": Call(batch_mates=0, seconds=0.25)})
    told = told.model_copy(update={"variants": variants, "mask": mask})
    assert device_seconds(told) == 0.25 + 2 * 2.0 / 4
