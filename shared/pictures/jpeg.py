"""JPEG's markers: how often a file asks to be decoded, and whether it comes to its end.

ITU-T T.81, B.1.1. What lies behind the end of the picture (the film of a phone's motion photo, a
depth map) and inside its segments (thumbnails) is not looked at. Not covered: WebP and plain TIFF
files whose end was never written; zeros are valid pixels there.
"""

import re
from dataclasses import dataclass

from shared.errors import ImageBomb, ImageTruncated

#: Progressive pictures have about ten scans; each costs a pass over all pixels, so that thousands
#: of them would keep a worker busy for hours.
MAX_SCANS = 100
#: So many zeros in place of the picture's end: space that an upload reserved and never filled.
BLANK_BYTES = 512

#: A marker in compressed data: not a stuffed zero, a restart, or filling.
NEXT_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
START_OF_SCAN, END_OF_IMAGE = 0xDA, 0xD9


@dataclass(frozen=True, slots=True)
class Course:
    """How the file of a JPEG runs."""

    scans: int
    #: Whether it comes to the marker of its end.
    ends: bool


def check_jpeg(body: bytes, *, source: str) -> None:
    """Refuse a JPEG that no honest encoder or finished upload leaves; other files pass.

    Raises:
        ImageBomb: It asks for far more passes over its pixels than any encoder writes.
        ImageTruncated: Its end is blank.
    """
    if not body.startswith(b"\xff\xd8"):
        return
    course = course_of(body)
    if course.scans > MAX_SCANS:
        reason = f"it asks for over {MAX_SCANS} passes over its pixels"
        raise ImageBomb(source=source, reason=reason)
    if not course.ends and body.endswith(bytes(BLANK_BYTES)):
        raise ImageTruncated(source=source, reason="its end was never written")


def course_of(body: bytes) -> Course:
    """Walk a JPEG's markers up to its end, or until it has too many scans."""
    place, scans = 2, 0
    while scans <= MAX_SCANS and (found := NEXT_MARKER.search(body, place)):
        marker, place = found[0][1], found.end()
        if marker == END_OF_IMAGE:
            return Course(scans, ends=True)
        scans += marker == START_OF_SCAN
        # Every marker that comes here heads a segment, which tells its own length.
        place += int.from_bytes(body[place : place + 2])
    return Course(scans, ends=False)
