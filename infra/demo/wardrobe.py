"""What a drawn person is and wears, chosen by seed: pose, build, garments, colours."""

import random
from dataclasses import dataclass, replace

from infra.demo.canvas import Cloth, Point
from infra.demo.palette import COLOURS, HAIRS, RGB, SKINS, WALLS, second_of, shade_of

KINDS = ("top", "skirt", "trousers", "dress")
PATTERNS = ("solid", "striped", "polka dot", "checked")
HAIRCUTS = ("bob", "long", "bun", "short", "curls", "ponytail")
SLEEVES = {"none": 0.0, "cap": 0.22, "short": 0.42, "elbow": 0.62, "long": 0.95}
NECKS = ("round", "v", "boat", "square")
SHAPES = {
    "skirt": ("pencil", "a-line", "full"),
    "dress": ("pencil", "a-line", "full"),
    "trousers": ("slim", "straight", "wide", "flared"),
    "top": ("fitted", "straight", "loose"),
}
#: How low a garment ends, in figure units.
HEMS = {"top": (0.47, 0.53), "skirt": (0.64, 0.86), "dress": (0.65, 0.87), "trousers": (0.90, 0.94)}
#: Elbow and hand of a right arm, in figure units from the middle.
ARMS: dict[str, tuple[Point, Point]] = {
    "down": ((0.142, 0.362), (0.150, 0.505)),
    "out": ((0.172, 0.350), (0.218, 0.480)),
    "hip": ((0.205, 0.345), (0.112, 0.440)),
    "pocket": ((0.166, 0.365), (0.122, 0.500)),
    "wave": ((0.186, 0.285), (0.222, 0.140)),
}
#: Knees and ankles of the right and the left leg.
LEGS: dict[str, tuple[tuple[Point, Point], tuple[Point, Point]]] = {
    "stand": (((0.058, 0.735), (0.062, 0.945)), ((-0.058, 0.735), (-0.062, 0.945))),
    "wide": (((0.078, 0.735), (0.098, 0.940)), ((-0.078, 0.735), (-0.098, 0.940))),
    "step": (((0.060, 0.735), (0.052, 0.945)), ((-0.092, 0.725), (-0.088, 0.925))),
    "ease": (((0.096, 0.725), (0.080, 0.930)), ((-0.056, 0.735), (-0.060, 0.945))),
}


@dataclass(frozen=True)
class Garment:
    """The facts of one garment, in the words that prompts use."""

    kind: str
    colour: str
    pattern: str


@dataclass(frozen=True)
class Cut:
    """How a garment is made: its shape, hem, sleeves and neck, in figure units."""

    shape: str
    hem: float
    sleeve: str
    neck: str


@dataclass(frozen=True)
class Piece:
    """A garment with its cut and cloth."""

    garment: Garment
    cut: Cut
    cloth: Cloth


@dataclass(frozen=True)
class Person:
    """All that the figure's drawing needs besides the garments."""

    skin: RGB
    hair: RGB
    haircut: str
    build: float
    arms: tuple[str, str]
    legs: str
    shoes: RGB
    boots: bool
    bag: RGB | None


@dataclass(frozen=True)
class Studio:
    """The wall, the shape on it and where the person stands."""

    wall: RGB
    accent: RGB
    scene: str
    height: float
    shift: float


@dataclass(frozen=True)
class Look:
    """One catalogue picture in words and numbers; its pixels follow from it."""

    person: Person
    pieces: tuple[Piece, ...]
    studio: Studio

    @property
    def garments(self) -> tuple[Garment, ...]:
        """The facts of all garments, the top first."""
        return tuple(piece.garment for piece in self.pieces)


def look_of(seed: int) -> Look:
    """The look that belongs to a seed."""
    rng = random.Random(seed)
    person = _person(rng)
    kinds = rng.choices((("dress",), ("top", "skirt"), ("top", "trousers")), (36, 32, 32))[0]
    colours = rng.sample(list(COLOURS), len(kinds))
    pieces = tuple(_piece(rng, kind, colour) for kind, colour in zip(kinds, colours, strict=True))
    if any(piece.cut.shape == "pencil" for piece in pieces):
        person = replace(person, legs="stand")  # a narrow hem leaves no room for a stride
    return Look(person, pieces, _studio(rng))


def _piece(rng: random.Random, kind: str, colour: str) -> Piece:
    pattern = rng.choices(PATTERNS, (0.28, 0.26, 0.23, 0.23))[0]
    cloth = Cloth(
        shade_of(colour, rng),
        second_of(colour),
        pattern,
        _period(rng, pattern),
        rng.uniform(-0.06, 0.06),
    )
    return Piece(Garment(kind, colour, pattern), _cut(rng, kind), cloth)


def _period(rng: random.Random, pattern: str) -> float:
    spans = {"striped": (0.058, 0.078), "polka dot": (0.054, 0.066), "checked": (0.062, 0.080)}
    return rng.uniform(*spans.get(pattern, (0.07, 0.07)))


def _cut(rng: random.Random, kind: str) -> Cut:
    return Cut(
        rng.choice(SHAPES[kind]),
        rng.uniform(*HEMS[kind]),
        rng.choice(tuple(SLEEVES)),
        rng.choice(NECKS),
    )


def _person(rng: random.Random) -> Person:
    arms = rng.choices(tuple(ARMS), (30, 22, 20, 18, 10), k=2)
    return Person(
        skin=rng.choice(SKINS),
        hair=rng.choice(HAIRS),
        haircut=rng.choice(HAIRCUTS),
        build=rng.uniform(0.94, 1.12),
        arms=(arms[0], "down" if arms == ["wave", "wave"] else arms[1]),
        legs=rng.choice(tuple(LEGS)),
        shoes=shade_of(rng.choice(tuple(COLOURS)), rng),
        boots=rng.random() < 0.25,
        bag=shade_of(rng.choice(tuple(COLOURS)), rng) if rng.random() < 0.45 else None,
    )


def _studio(rng: random.Random) -> Studio:
    wall, accent = rng.choice(WALLS)
    return Studio(
        wall,
        accent,
        rng.choice(("plain", "arch", "sun", "floor", "split")),
        rng.uniform(0.85, 0.91),
        rng.uniform(-0.03, 0.03),
    )
