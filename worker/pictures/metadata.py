"""Metadata: what a result's file carries beside its pixels, under the policy of its style."""

from dataclasses import dataclass
from typing import Self

from shared.styles import SourceType, Style
from worker.pictures.exif import with_resolution, without_position
from worker.pictures.images import Picture
from worker.pictures.vocabularies import IPTC_EXT, Name
from worker.pictures.xmp import POSITION, result_xmp

#: A style's word → IPTC's; the address is a name, and its scheme is http.
SOURCE_TYPES: dict[SourceType, str | None] = {
    "composite": "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia",
    "generated": "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia",
    "none": None,
}
#: Containers that tell a resolution in EXIF or not at all.
NO_PLACE_FOR_DPI = frozenset({"WEBP", "AVIF"})
#: Not the painter's reference: it may name a private model. The sidecar does.
AI_SYSTEM = "Restyle"


@dataclass(frozen=True, slots=True)
class Metadata:
    """What a result's file carries beside its pixels."""

    #: The colour profile; None means sRGB.
    icc: bytes | None
    #: With its `Exif` header.
    exif: bytes | None
    xmp: bytes | None
    dpi: int | None
    #: IPTC's address; None where nothing is said.
    source_type: str | None
    #: What was left behind, as clauses.
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, picture: Picture, style: Style, container: str) -> Self:
        """All that the source had, less what the style wants gone, and what it wants said."""
        exif = picture.exif
        if exif and not style.keep_gps:
            exif = without_position(exif)
        xmp = result_xmp(picture.xmp, _said(style), keep_gps=style.keep_gps)
        notes = ((POSITION,) if exif != picture.exif else ()) + xmp.notes
        if picture.dpi and container in NO_PLACE_FOR_DPI:
            exif = with_resolution(exif, picture.dpi)
        return cls(
            picture.icc,
            exif,
            xmp.body,
            picture.dpi,
            SOURCE_TYPES[style.digital_source_type],
            tuple(dict.fromkeys(notes)),
        )


def _said(style: Style) -> dict[Name, str]:
    said = {}
    if source_type := SOURCE_TYPES[style.digital_source_type]:
        said = {"DigitalSourceType": source_type, "AISystemUsed": AI_SYSTEM}
    if style.embed_prompt:
        said["AIPromptInformation"] = style.prompt
    return {(IPTC_EXT, name): text for name, text in said.items()}
