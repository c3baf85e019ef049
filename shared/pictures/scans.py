"""Scans: a JPEG may ask to be decoded over and over, at full size, in a few bytes a time."""

from shared.errors import ImageBomb

#: What a scan of a JPEG begins with (ITU-T T.81, B.1.1.3); compressed data never holds it.
START_OF_SCAN = b"\xff\xda"
#: Progressive pictures have about ten scans, thumbnails add some; each costs a pass over all
#: pixels, so that thousands of them would keep a worker busy for hours.
MAX_SCANS = 100


def check_scans(body: bytes, *, source: str) -> None:
    """Refuse a JPEG of far more scans than any encoder writes; other files pass.

    Raises:
        ImageBomb: It has.
    """
    if not body.startswith(b"\xff\xd8"):
        return
    scans = body.count(START_OF_SCAN)
    if scans > MAX_SCANS:
        reason = f"it asks for {scans:,} passes over its pixels, the limit is {MAX_SCANS}"
        raise ImageBomb(source=source, reason=reason)
