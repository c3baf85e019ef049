"""Shapes: cleaning, growing and softening hard masks; pure functions.

Distances are exact Euclidean ones (Felzenszwalb and Huttenlocher, "Distance transforms of sampled
functions", 2012, as OpenCV has it): a radius of a hundred pixels costs what a radius of one does.
All work is done inside the mask's bounding box.
"""

import cv2
import numpy as np
import numpy.typing as npt

from worker.arrays import Grey, Map, Mask

#: A hole under this fraction of the picture is filled: a button, a print, noise. The gap between
#: an arm and the body is some ten times larger and stays open.
HOLE_FRACTION = 0.0005
#: A piece apart is noise when it is under this fraction of the picture ...
ISLAND_FRACTION = 0.001
#: ... and under this fraction of the largest piece.
ISLAND_SHARE = 0.05

#: Labels and areas of an image's connected pieces; label 0 is what lies between them.
Pieces = tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]
#: Rows and columns.
Box = tuple[slice, slice]


def bounding_box(mask: Mask | Grey) -> Box | None:
    """Rows and columns that hold every nonzero pixel; None where there is none."""
    left, top, width, height = cv2.boundingRect(mask.view(np.uint8))
    if not width:
        return None
    return slice(top, top + height), slice(left, left + width)


def clean(
    mask: Mask,
    *,
    hole_fraction: float = HOLE_FRACTION,
    island_fraction: float = ISLAND_FRACTION,
    island_share: float = ISLAND_SHARE,
) -> Mask:
    """Fill small holes, then remove small islands; doing it twice changes nothing.

    A hole is background that the mask encloses; what touches the picture's border is none. The
    largest piece always stays.

    Args:
        mask: bool, H x W.
        hole_fraction: Holes under this fraction of the picture are filled.
        island_fraction: Pieces go that are under this fraction of the picture ...
        island_share: ... and under this fraction of the largest piece.
    """
    box = bounding_box(mask)
    cleaned = mask.copy()
    if box is not None:
        filled = _without_holes(mask[box], hole_fraction * mask.size)
        cleaned[box] = _without_islands(filled, island_fraction * mask.size, island_share)
    return cleaned


def _without_holes(mask: Mask, limit: float) -> Mask:
    # Background reaching the edge of the bounding box goes on outside of it, or is the border's.
    labels, areas = _pieces(~mask, connectivity=4)
    small = areas < limit
    for edge in (labels[0], labels[-1], labels[:, 0], labels[:, -1]):
        small[edge] = False
    small[0] = False
    return np.asarray(mask | small[labels], dtype=np.bool_)


def _without_islands(mask: Mask, limit: float, share: float) -> Mask:
    labels, areas = _pieces(mask, connectivity=8)
    areas[0] = 0
    stays = (areas >= limit) | (areas >= share * areas.max())
    stays[0] = False
    return np.asarray(stays[labels], dtype=np.bool_)


def connected(mask: Mask, seeds: Mask) -> Mask:
    """The pieces of a mask that hold a seed, pieces by their sides: bool, H x W."""
    box = bounding_box(mask)
    kept = np.zeros_like(mask)
    if box is not None:
        labels, areas = _pieces(mask[box], connectivity=4)
        seeded = np.zeros(len(areas), dtype=np.bool_)
        seeded[labels[seeds[box]]] = True
        seeded[0] = False
        kept[box] = seeded[labels]
    return kept


def _pieces(mask: Mask, *, connectivity: int) -> Pieces:
    image = np.ascontiguousarray(mask).view(np.uint8)
    _, labels, stats, _ = cv2.connectedComponentsWithStats(image, connectivity=connectivity)
    return np.asarray(labels, np.int32), np.asarray(stats[:, cv2.CC_STAT_AREA], np.int32)


def grow(mask: Mask, radius_px: int) -> Mask:
    """Every pixel within a radius of the mask, in a new array: bool, H x W."""
    box = bounding_box(mask)
    grown = mask.copy()
    if box is not None and radius_px > 0:
        around = _widened(box, radius_px)
        grown[around] = _distances(~mask[around]) <= radius_px
    return grown


def _widened(box: Box, margin: int) -> Box:
    rows, columns = (slice(max(0, part.start - margin), part.stop + margin) for part in box)
    return rows, columns


def feather(mask: Mask, width_px: int) -> Grey:
    """Soft edge inside a mask: uint8, H x W, 0 outside, rising to 255 over a width.

    Every pixel of the mask gets 1 or more, so that `feather(mask, n) > 0` is the mask. Where the
    picture's own border cuts the mask there is no edge to soften, and no rise.
    """
    box = bounding_box(mask)
    soft = np.zeros(mask.shape, dtype=np.uint8)
    if box is not None:
        around = _widened(box, 1)
        soft[around] = _ramp(mask[around], width_px)
    return soft


def _ramp(mask: Mask, width_px: int) -> Grey:
    """0 outside, 255 from `width_px` inside on; the first pixel inside is at distance 1."""
    if width_px <= 1 or mask.all():
        return np.where(mask, np.uint8(255), np.uint8(0))
    rise = _distances(mask) * np.float32(255 / width_px)
    return np.asarray(np.ceil(np.minimum(rise, 255)), dtype=np.uint8)


def _distances(mask: Mask) -> Map:
    """Distance in pixels from each true pixel to the nearest false one; 0 for the false."""
    image = np.ascontiguousarray(mask).view(np.uint8)
    distances = cv2.distanceTransform(image, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    return np.asarray(distances, dtype=np.float32)
