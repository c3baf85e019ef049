"""The colours of the drawn catalogue: garments, skins, hair and studio walls."""

import colorsys
import random

RGB = tuple[int, int, int]

#: name -> ranges of hue in degrees, saturation and value; names are what prompts say.
COLOURS: dict[str, tuple[tuple[int, int], tuple[float, float], tuple[float, float]]] = {
    "red": ((353, 361), (0.78, 0.90), (0.78, 0.88)),
    "orange": ((22, 29), (0.82, 0.95), (0.92, 0.99)),
    "yellow": ((46, 52), (0.72, 0.88), (0.93, 0.99)),
    "green": ((118, 140), (0.52, 0.70), (0.50, 0.64)),
    "teal": ((174, 183), (0.68, 0.85), (0.52, 0.64)),
    "blue": ((215, 226), (0.68, 0.82), (0.68, 0.84)),
    "purple": ((270, 282), (0.50, 0.66), (0.54, 0.68)),
    "pink": ((330, 338), (0.40, 0.54), (0.93, 0.99)),
    "brown": ((20, 27), (0.52, 0.64), (0.40, 0.50)),
    "black": ((220, 260), (0.05, 0.18), (0.11, 0.17)),
    "white": ((30, 60), (0.00, 0.03), (0.95, 0.99)),
    "grey": ((200, 240), (0.02, 0.07), (0.50, 0.60)),
}
SKINS: tuple[RGB, ...] = (
    (253, 222, 200),
    (245, 203, 172),
    (230, 180, 144),
    (205, 149, 110),
    (168, 112, 78),
    (128, 82, 58),
    (92, 60, 46),
)
HAIRS: tuple[RGB, ...] = (
    (38, 30, 32),
    (66, 43, 34),
    (104, 66, 42),
    (150, 98, 56),
    (214, 170, 98),
    (172, 74, 40),
    (176, 174, 178),
)
#: Wall and accent tones: pale, so that the clothes speak.
WALLS: tuple[tuple[RGB, RGB], ...] = (
    ((246, 238, 228), (236, 217, 198)),
    ((232, 239, 240), (207, 223, 226)),
    ((244, 232, 232), (233, 208, 207)),
    ((235, 240, 230), (212, 223, 202)),
    ((240, 237, 245), (219, 212, 232)),
    ((247, 242, 226), (237, 224, 188)),
    ((240, 240, 238), (221, 221, 218)),
    ((229, 235, 245), (203, 215, 234)),
)
_LIGHT: RGB = (250, 248, 244)
_DARK: RGB = (62, 64, 74)


def shade_of(name: str, rng: random.Random) -> RGB:
    """One shade of the named colour."""
    hue, saturation, value = (rng.uniform(*span) for span in COLOURS[name])
    red, green, blue = colorsys.hsv_to_rgb((hue % 360) / 360, saturation, value)
    return round(red * 255), round(green * 255), round(blue * 255)


def second_of(name: str) -> RGB:
    """The neutral that goes with the colour in a pattern; never another colour's name."""
    return _DARK if name == "white" else _LIGHT


def darker(colour: RGB, by: float) -> RGB:
    """The colour with `by` (0..1) of its light taken away; a negative `by` lightens it."""
    if by < 0:
        red, green, blue = (round(c + (255 - c) * -by) for c in colour)
    else:
        red, green, blue = (round(c * (1 - by)) for c in colour)
    return red, green, blue
