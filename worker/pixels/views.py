"""Views: what the painter sees of a picture, one crop at a time; squares at the working size."""

from dataclasses import dataclass

from worker.arrays import Grey, Rgb
from worker.pictures.profiles import ColourSpace
from worker.pixels.composite import cut, cut_mask
from worker.pixels.crops import CropPlan
from worker.pixels.repaint import Repaint


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One crop as the painter gets it, and the soft mask to compare its work by."""

    #: uint8, side x side x 3, sRGB: the source as models see it.
    seen: Rgb
    #: uint8, side x side, 255 = repaint, else 0; the pieces of other crops count as kept.
    mask: Grey
    #: uint8, side x side: how much of the painted pixel the result will take.
    soft: Grey


def views_of(
    picture: Rgb, space: ColourSpace, repaint: Repaint, plan: CropPlan, side: int
) -> list[View]:
    """The views of a plan, in its order.

    Args:
        picture: uint8, H x W x 3.
        space: The colour space that it is in; models see sRGB.
        repaint: The picture's mask.
        plan: The crops of that mask.
        side: The working size in pixels.
    """
    views = []
    for number, crop in enumerate(plan.crops, start=1):
        soft = plan.own(repaint.alpha, number)
        mask = cut_mask(soft, crop, side)
        seen = space.to_srgb(cut(picture, crop, side))
        views.append(View(seen, mask, cut(soft, crop, side)))
    return views
