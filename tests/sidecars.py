"""A sidecar as a worker writes one, for the tests of its readers."""

from datetime import UTC, datetime

from shared.facts import Call, MaskFacts
from shared.jobs import ResolvedModel
from shared.sampling import Sampling
from shared.sidecars import (
    CropFacts,
    DeviceFacts,
    DriftFacts,
    ModelFacts,
    Proof,
    Renderer,
    Sidecar,
    SourceFacts,
    SquareFacts,
    VariantFacts,
    WorkerFacts,
    WrittenFacts,
)
from shared.styles import Style

STYLE = Style(mask="the dress", paint="a red dress", seed=7)
MODEL = ResolvedModel(reference="org/model", kind="hub", digest="c" * 40)


def sidecar_of(bucket: str = "shop", *, variants: int = 1, **fields: object) -> Sidecar:
    """The sidecar of SKU-1, whose outputs lie under out/."""
    style = STYLE.with_overrides({"variants": variants})
    made = [_variant(bucket, number) for number in range(1, variants + 1)]
    usual = {
        "batch_id": "summer",
        "number": 3,
        "external_id": "SKU-1",
        "fingerprint": "f" * 64,
        "rendered_at": datetime(2026, 11, 24, tzinfo=UTC),
        "renderer": Renderer(version=1, libraries={"torch": "2.9.0"}),
        "worker": WorkerFacts(owner="host/cpu", deliveries=1, retries=0),
        "device": DeviceFacts(name="cpu", hardware="x86_64, AVX2", precision="float32"),
        "source": _source(bucket),
        "style": style,
        "style_digest": style.digest,
        "models": ModelFacts(segmenter=MODEL, painter=MODEL),
        "sampling": Sampling(scheduler="euler", steps=25),
        "mask": _mask(bucket),
        "crops": (CropFacts(left=-2, top=0, side=90),),
        "variants": tuple(made),
        "timings_seconds": {"fetch": 0.1, "inpaint": 3.0},
    }
    return Sidecar.model_validate(usual | fields)


def _source(bucket: str) -> SourceFacts:
    address = f"s3://{bucket}/in/1.jpg"
    return SourceFacts(address=address, etag="e", size=9, sha256="0" * 64, width=60, height=80)


def _mask(bucket: str) -> MaskFacts:
    return MaskFacts(
        address=f"s3://{bucket}/out/1.ffffffffffff.mask.png",
        sha256="1" * 64,
        supplied=None,
        supplied_etag=None,
        area=0.25,
        call=Call(batch_mates=4, seconds=0.2),
    )


def _square() -> SquareFacts:
    drift = DriftFacts(before=5.5, after=1.5)
    return SquareFacts(call=Call(batch_mates=7, seconds=2.5), drift=drift)


def _variant(bucket: str, number: int) -> VariantFacts:
    return VariantFacts(
        address=f"s3://{bucket}/out/1.ffffffffffff.v{number}.png",
        seed=number,
        sha256="2" * 64,
        size=100,
        written=WrittenFacts(
            container="PNG",
            options={"compress_level": 1},
            digital_source_type=None,
            carries=("xmp",),
            notes=(),
        ),
        proof=Proof(outside_before_encoding=0, outside_after_decoding=0),
        squares=(_square(),),
    )
