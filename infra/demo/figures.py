"""Draws the person and the clothes of a look on a canvas, back to front."""

from infra.demo.canvas import Canvas, Outline, Point, along, mirrored, oval, ribbon, smooth
from infra.demo.palette import RGB, darker
from infra.demo.wardrobe import ARMS, LEGS, SLEEVES, Cut, Look, Person, Piece

LABELS = (
    "background",
    "face",
    "neck",
    "arms",
    "hands",
    "legs",
    "hair",
    "top",
    "skirt",
    "trousers",
    "dress",
    "shoes",
    "bag",
)
CODE = {name: code for code, name in enumerate(LABELS)}
_SHOULDER: Point = (0.096, 0.212)
_HIP: Point = (0.050, 0.520)


def draw_figure(canvas: Canvas, look: Look) -> None:
    """The whole person, dressed."""
    person, by_kind = look.person, {piece.garment.kind: piece for piece in look.pieces}
    _hair_behind(canvas, person)
    _legs(canvas, person)
    _torso(canvas, person)
    for kind in ("trousers", "skirt"):
        if kind in by_kind:
            _lower(canvas, person, by_kind[kind])
    upper = by_kind.get("dress") or by_kind["top"]
    _upper(canvas, person, upper)
    _arms(canvas, person, upper)
    _head(canvas, person)


def arm_line(person: Person, side: int) -> list[Point]:
    """Shoulder, elbow and hand of the right (1) or left (-1) arm."""
    elbow, hand = ARMS[person.arms[0 if side > 0 else 1]]
    reach = (person.build - 1) * 0.06
    shoulder = (_SHOULDER[0] * person.build, _SHOULDER[1])
    return [(side * (x + reach * (x > 0.1)), y) for x, y in (shoulder, elbow, hand)]


def leg_line(person: Person, side: int) -> list[Point]:
    """Hip, knee and ankle of a leg."""
    knee, ankle = LEGS[person.legs][0 if side > 0 else 1]
    return [(side * _HIP[0] * person.build, _HIP[1]), knee, ankle]


def _legs(canvas: Canvas, person: Person) -> None:
    for side in (1, -1):
        line = leg_line(person, side)
        canvas.fill(ribbon(line, (0.050, 0.046, 0.036, 0.034, 0.021)), person.skin, CODE["legs"])
        _shoe(canvas, person, line[-1], side)


def _shoe(canvas: Canvas, person: Person, ankle: Point, side: int) -> None:
    x, y = ankle
    if person.boots:
        shaft = [(x, y - 0.105), (x, y - 0.03), (x, y + 0.01)]
        canvas.fill(ribbon(shaft, (0.034, 0.032, 0.030)), person.shoes, CODE["shoes"])
    toe = [(-0.024, -0.012), (0.024, -0.012), (0.042, 0.018), (0.046, 0.036), (-0.026, 0.036)]
    shape = [(x + side * dx, y + dy) for dx, dy in toe]
    canvas.fill(smooth(shape, closed=True), person.shoes, CODE["shoes"])
    sole = [(x - side * 0.026, y + 0.034), (x + side * 0.046, y + 0.034)]
    canvas.stroke(sole, darker(person.shoes, 0.35), 0.007)


def _torso(canvas: Canvas, person: Person) -> None:
    w = person.build
    right = [(0.024, 0.13), (0.026, 0.178), (0.06 * w, 0.192), (0.102 * w, 0.205)]
    right += [(0.092 * w, 0.29), (0.075 * w, 0.385), (0.098 * w, 0.50), (0.0, 0.545)]
    canvas.fill(mirrored(right), person.skin, CODE["neck"])


def _arms(canvas: Canvas, person: Person, upper: Piece) -> None:
    carrying = _bag_side(person)
    for side in (1, -1):
        line = arm_line(person, side)
        canvas.fill(
            ribbon(line, (0.012, 0.029, 0.028, 0.026, 0.024, 0.021, 0.017)),
            person.skin,
            CODE["arms"],
        )
        _sleeve(canvas, line, upper)
        if side == carrying and person.bag is not None:
            _bag(canvas, person.bag, line[-1])
        _hand(canvas, person, line)


def _sleeve(canvas: Canvas, line: Outline, upper: Piece) -> None:
    share = SLEEVES[upper.cut.sleeve]
    if not share:
        return
    code = CODE[upper.garment.kind]
    ease = 0.010 if upper.cut.shape in ("loose", "full") else 0.004
    cuff = 0.027 + ease if share > 0.5 else 0.034 + ease
    widths = (0.022, 0.034, 0.036, 0.036 + ease, (0.036 + cuff) / 2 + ease, cuff)
    canvas.dress([ribbon(along(line, share), widths)], upper.cloth, code)


def _hand(canvas: Canvas, person: Person, line: list[Point]) -> None:
    (ex, ey), (hx, hy) = line[1], line[2]
    length = max(1e-6, ((hx - ex) ** 2 + (hy - ey) ** 2) ** 0.5)
    dx, dy = (hx - ex) / length, (hy - ey) / length
    palm = [(hx - dx * 0.012, hy - dy * 0.012), (hx + dx * 0.018, hy + dy * 0.018)]
    palm.append((hx + dx * 0.042, hy + dy * 0.042))
    canvas.fill(ribbon(palm, (0.017, 0.022, 0.008)), person.skin, CODE["hands"])


def _bag_side(person: Person) -> int:
    low = ("down", "out", "pocket")
    return 1 if person.arms[0] in low else -1 if person.arms[1] in low else 0


def _bag(canvas: Canvas, colour: RGB, hand: Point) -> None:
    x, y = hand[0] * 1.04, hand[1] + 0.02
    handle = [(x - 0.034, y + 0.055), (x - 0.024, y), (x + 0.024, y), (x + 0.034, y + 0.055)]
    canvas.stroke(smooth(handle), darker(colour, 0.25), 0.010)
    body = [(-0.050, 0.05), (0.050, 0.05), (0.062, 0.145), (0.050, 0.155), (-0.050, 0.155)]
    body.append((-0.062, 0.145))
    canvas.fill([(x + dx, y + dy) for dx, dy in body], colour, CODE["bag"])
    flap = [(-0.050, 0.05), (0.050, 0.05), (0.056, 0.088), (-0.056, 0.088)]
    canvas.fill([(x + dx, y + dy) for dx, dy in flap], darker(colour, 0.14))
    canvas.fill(oval((x, y + 0.09), 0.008, 0.008), (236, 206, 128))


def _lower(canvas: Canvas, person: Person, piece: Piece) -> None:
    w, cut = person.build, piece.cut
    if piece.garment.kind == "skirt":
        canvas.dress([mirrored(_skirt_side(w, cut, 0.380))], piece.cloth, CODE["skirt"])
        _folds(canvas, w, cut)
    else:
        canvas.dress(_trousers(person, cut), piece.cloth, CODE["trousers"])
        canvas.soften(
            [(-0.002, 0.53), (0.002, 0.53), (0.001, 0.59), (-0.001, 0.59)], (0, 0, 0), 0.2
        )
    band = [(0.078 * w, 0.377), (0.082 * w, 0.397)]
    canvas.soften(mirrored(band), (20, 16, 24), 0.18)


def _skirt_side(w: float, cut: Cut, waist: float) -> list[Point]:
    hem = {"pencil": 0.100, "a-line": 0.150, "full": 0.205}[cut.shape] * w
    hem = 0.1 * w + (hem - 0.1 * w) * min(1.0, (cut.hem - 0.5) / 0.25)
    hip = 0.108 * w + (0.02 if cut.shape == "full" else 0.0)
    curve = smooth([(0.078 * w, waist), (hip, 0.50), (hem, cut.hem)])
    return [*curve, (hem * 0.55, cut.hem + 0.012), (0.0, cut.hem + 0.016)]


def _folds(canvas: Canvas, w: float, cut: Cut) -> None:
    if cut.shape == "pencil":
        return
    for x in (-0.55, -0.05, 0.45):
        foot = x * 0.22 * w
        fold = [
            (x * 0.11 * w, 0.44),
            (foot + 0.006, cut.hem + 0.006),
            (foot - 0.006, cut.hem + 0.006),
        ]
        canvas.soften(fold, (20, 16, 30), 0.13)


def _trousers(person: Person, cut: Cut) -> list[Outline]:
    w = person.build
    knee, foot = {
        "slim": (0.044, 0.031),
        "straight": (0.052, 0.046),
        "wide": (0.062, 0.070),
        "flared": (0.048, 0.068),
    }[cut.shape]
    outlines: list[Outline] = []
    for side in (1, -1):
        line = [*leg_line(person, side)]
        line[-1] = (line[-1][0], line[-1][1] - 0.945 + cut.hem)
        outlines.append(ribbon(line, (0.056 * w, 0.054 * w, knee, (knee + foot) / 2, foot)))
    seat = [(0.078 * w, 0.378), (0.094 * w, 0.43), (0.107 * w, 0.51), (0.104 * w, 0.56), (0, 0.575)]
    outlines.append(mirrored(seat))
    return outlines


def _upper(canvas: Canvas, person: Person, piece: Piece) -> None:
    w, cut, code = person.build, piece.cut, CODE[piece.garment.kind]
    chest = _chest_side(w, cut, loose=piece.garment.kind == "top")
    outlines: list[Outline] = [mirrored(chest)]
    if piece.garment.kind == "dress":
        outlines.append(mirrored([(0.0, 0.377), *_skirt_side(w, cut, 0.377)]))
    canvas.dress(outlines, piece.cloth, code)
    if piece.garment.kind == "dress":
        _folds(canvas, w, cut)
        canvas.soften(mirrored([(0.078 * w, 0.374), (0.080 * w, 0.392)]), (20, 16, 24), 0.22)


def _chest_side(w: float, cut: Cut, *, loose: bool) -> list[Point]:
    neck = {
        "round": [(0.0, 0.226), (0.022, 0.218), (0.040, 0.186)],
        "v": [(0.0, 0.262), (0.040, 0.186)],
        "boat": [(0.0, 0.204), (0.052, 0.190)],
        "square": [(0.0, 0.232), (0.044, 0.230), (0.048, 0.188)],
    }[cut.neck]
    ease = {"fitted": 0.0, "straight": 0.010, "loose": 0.022}.get(cut.shape, 0.0)
    side = [(0.108 * w, 0.206), (0.100 * w, 0.29), (0.079 * w + ease, 0.385)]
    if loose:
        side += [(0.106 * w + ease * 0.6, cut.hem), (0.0, cut.hem + 0.008)]
    else:
        side += [(0.0, 0.392)]
    return neck + side


def _hair_behind(canvas: Canvas, person: Person) -> None:
    back = darker(person.hair, 0.18)
    shapes: dict[str, list[Outline]] = {
        "bob": [mirrored([(0.0, 0.0), (0.062, 0.03), (0.074, 0.10), (0.070, 0.168), (0.0, 0.172)])],
        "long": [
            mirrored([(0.0, 0.0), (0.060, 0.03), (0.070, 0.12), (0.082, 0.275), (0.0, 0.285)])
        ],
        "bun": [oval((0.0, -0.022), 0.034, 0.030)],
        "curls": [oval((0.0, 0.062), 0.098, 0.090), oval((0.0, 0.11), 0.090, 0.070)],
        "ponytail": [
            smooth(
                [(0.03, 0.03), (0.105, 0.08), (0.112, 0.20), (0.086, 0.26), (0.07, 0.14)],
                closed=True,
            )
        ],
    }
    for shape in shapes.get(person.haircut, []):
        canvas.fill(shape, back, CODE["hair"])


def _head(canvas: Canvas, person: Person) -> None:
    canvas.soften(
        [(-0.026, 0.148), (0.026, 0.148), (0.020, 0.186), (-0.012, 0.176)], (60, 20, 10), 0.2
    )
    for side in (1, -1):
        canvas.fill(
            oval((side * 0.052, 0.094), 0.010, 0.015), darker(person.skin, 0.07), CODE["face"]
        )
    jaw = [
        (0.0, 0.014),
        (0.036, 0.024),
        (0.053, 0.07),
        (0.049, 0.112),
        (0.028, 0.148),
        (0.0, 0.160),
    ]
    canvas.fill(smooth(mirrored(jaw), closed=True), person.skin, CODE["face"])
    _features(canvas, person)
    _hair_front(canvas, person)


def _features(canvas: Canvas, person: Person) -> None:
    ink, lips = (46, 34, 38), (196, 78, 84)
    for side in (1, -1):
        canvas.soften(oval((side * 0.031, 0.116), 0.012, 0.008), (235, 100, 90), 0.30)
        canvas.fill(oval((side * 0.022, 0.092), 0.0055, 0.0075), ink)
        brow = [(side * 0.012, 0.076), (side * 0.022, 0.072), (side * 0.032, 0.076)]
        canvas.stroke(smooth(brow), darker(person.hair, 0.2), 0.004)
    canvas.stroke([(0.0, 0.096), (-0.005, 0.112), (0.002, 0.114)], darker(person.skin, 0.25), 0.003)
    mouth = [(-0.015, 0.128), (0.0, 0.1315), (0.015, 0.128), (0.0, 0.141)]
    canvas.fill(smooth(mouth, closed=True), lips)


def _hair_front(canvas: Canvas, person: Person) -> None:
    cap = [(-0.056, 0.096), (-0.060, 0.050), (-0.040, 0.008), (0.0, -0.008), (0.040, 0.008)]
    cap += [(0.060, 0.050), (0.056, 0.096), (0.047, 0.066)]
    fringe = {
        "short": [(0.030, 0.044), (-0.010, 0.040), (-0.044, 0.060)],
        "bob": [(0.030, 0.058), (0.0, 0.062), (-0.044, 0.064)],
    }.get(person.haircut, [(0.020, 0.038), (-0.018, 0.046), (-0.046, 0.074)])
    canvas.fill(smooth(cap + fringe, closed=True, steps=5), person.hair, CODE["hair"])
