"""Whether the models of a style are where its references say."""

from collections.abc import Iterator

from rich.filesize import decimal

from producer.doctor.check import Check, Verdict, failed, ok, warn
from shared.allowed import AllowedPlaces
from shared.errors import RestyleError
from shared.references import Location, locate
from shared.s3 import ObjectStore
from shared.styles import DEFAULT_PAINTER, DEFAULT_SEGMENTER, Style


def check_models(style: Style | None, allowed: AllowedPlaces) -> Iterator[Check]:
    """Segmenter and painter of a style.

    Without a style, the models of a style that names none: whether anybody needs those is not
    known, so where they are missing it is a warning.
    """
    missing: Verdict = "fail" if style else "warn"
    references = {
        "segmenter": style.segmenter if style else DEFAULT_SEGMENTER,
        "painter": style.painter if style else DEFAULT_PAINTER,
    }
    for role, reference in references.items():
        yield _verdict(role, reference, missing, allowed)


def _verdict(role: str, reference: str, missing: Verdict, allowed: AllowedPlaces) -> Check:
    try:
        found = locate(reference, store=lambda: ObjectStore.connect(allowed=allowed))
    except RestyleError as error:
        return failed(role, error, verdict=missing)
    finding = f"{reference}: {_place(found)}"
    return warn(role, finding, found.command) if found.command else ok(role, finding)


def _place(found: Location) -> str:
    size = decimal(found.size) if found.size else "unknown size"
    return f"{size}, {'to be downloaded from' if found.is_remote else 'at'} {found.place}"
