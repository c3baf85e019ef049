"""Original: what was first asked of an item that is rendered again under other wishes."""

from shared.record import Record


class Original(Record):
    """All that decides the pixels that a re-render stands for, but for the source.

    Whoever compares an item with what is asked of it compares with this: a person's re-render is
    no change of the catalogue.
    """

    #: Digest of the style with the first row's overrides.
    style: str
    #: Digest of the segmenter; None where that row supplied a mask.
    segmenter: str | None
    #: Digest of the painter.
    painter: str
    #: ETag of the mask that it supplied.
    mask_etag: str | None
