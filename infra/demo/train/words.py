"""The words the demo models know, and the prompts and captions made of them. Torch-free."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from infra.demo.catalogue import GROUPS, LABELS
from infra.demo.palette import COLOURS
from infra.demo.wardrobe import KINDS, Garment

#: label or group -> the nouns that mean it; the first is its plain name.
NOUNS: dict[str, tuple[str, ...]] = {
    "top": ("top", "shirt", "t-shirt", "blouse", "sweater"),
    "skirt": ("skirt", "miniskirt"),
    "trousers": ("trousers", "pants", "jeans"),
    "dress": ("dress", "gown"),
    "face": ("face",),
    "hair": ("hair", "hairstyle", "haircut"),
    "hands": ("hands", "hand"),
    "arms": ("arms", "arm"),
    "legs": ("legs", "leg"),
    "neck": ("neck", "throat"),
    "shoes": ("shoes", "shoe", "boots", "footwear", "feet", "sneakers"),
    "bag": ("bag", "handbag", "purse"),
    "background": ("background", "wall", "backdrop", "floor"),
    "skin": ("skin", "body"),
    "clothes": ("clothes", "clothing", "garment", "outfit"),
    "person": ("person", "woman", "model", "figure", "people", "man"),
    "head": ("head",),
}
#: Everything a noun can mean, as labels.
MEANINGS: dict[str, tuple[str, ...]] = {
    **{label: (label,) for label in LABELS},
    **GROUPS,
    "arms": ("arms", "hands"),
    "head": ("face", "hair"),
}
#: Nouns for things that no picture shows.
ABSENT = (
    "dog", "cat", "car", "hat", "tree", "chair", "table", "flower", "phone", "glasses",
    "watch", "sofa", "cup", "bird", "bicycle", "book", "house", "horse", "lamp", "window",
    "door", "umbrella", "scarf", "belt", "gloves", "tie", "coat", "jacket", "ring",
    "necklace", "bottle", "ball", "boat", "plane", "train", "plant", "food", "logo", "text",
    "earrings", "socks", "suit", "shorts",
)  # fmt: skip
PATTERN_WORDS: dict[str, tuple[str, ...]] = {
    "solid": ("", "", "", "plain", "solid"),
    "striped": ("striped", "striped", "striped", "stripy"),
    "polka dot": ("polka dot", "polka dot", "polka-dot", "dotted", "spotted"),
    "checked": ("checked", "plaid", "checkered", "gingham", "tartan"),
}
_BEFORE = (
    "",
    "",
    "",
    "",
    "elegant",
    "summer",
    "beautiful",
    "new",
    "light",
    "cotton",
    "silk",
    "modern",
)
_AFTER = (
    "photorealistic", "product photo", "high quality", "studio light", "detailed", "sharp focus",
    "fashion photo", "elegant", "summer", "fashion photography", "best quality", "soft light",
    "on a model", "8k", "catalogue photo", "professional",
)  # fmt: skip
_NEGATIVE = (
    "", "", "", "blurry", "low quality", "blurry, low quality", "deformed, bad anatomy",
    "watermark, text", "worst quality, blurry", "ugly, distorted", "cartoon, drawing",
    "low resolution, artifacts, noise",
)  # fmt: skip
_TEMPLATES = ("the {}", "the {}", "{}", "a {}", "a photo of the {}", "the {} of the person")
_EXTRA = (
    "and with of in on at the a an photo image picture fabric texture wearing very linen wool denim"
)


#: What is asked for besides garments; small things more often, they are learnt last.
_SMALL = ("face", "hair", "hands", "shoes", "bag", "arms", "legs")
_PARTS = tuple(name for name in NOUNS if name not in KINDS) + 2 * _SMALL + ("shoes", "bag")


@dataclass(frozen=True)
class Prompt:
    """A text for the segmenter and the labels it means; none for what is not there."""

    text: str
    labels: tuple[str, ...]


def vocabulary() -> list[str]:
    """Every word that becomes one token, shortest first."""
    texts = [word for nouns in NOUNS.values() for word in nouns]
    texts += [word for words in PATTERN_WORDS.values() for word in words]
    texts += [
        *ABSENT,
        *COLOURS,
        *_BEFORE,
        *_AFTER,
        *_NEGATIVE,
        *_TEMPLATES,
        _EXTRA,
        "gray dark navy",
    ]
    cut = " ".join(texts).replace("-", " ").replace(",", " ").replace("{}", " ").lower()
    words = {word for word in cut.split() if word.isalpha()}
    return sorted(words, key=lambda word: (len(word), word))


def segment_prompts(garments: Sequence[Garment], rng: random.Random) -> list[Prompt]:
    """Five prompts for one picture: garments there or not, parts, synonyms, strangers."""
    worn = {garment.kind for garment in garments}
    plain = [_named(name, worn, NOUNS[name][0], "the {}") for name in rng.sample(KINDS, 2)]
    free = [_freely(name, worn, rng) for name in rng.sample(_PARTS, 2)]
    choice = rng.random()
    if choice < 0.25:
        return [*plain, *free, _stranger(rng)]
    if choice < 0.55:
        return [*plain, *free, _described(garments, rng)]
    return [*plain, *free, _freely(rng.choice(tuple(NOUNS)), worn, rng)]


def _freely(name: str, worn: set[str], rng: random.Random) -> Prompt:
    return _named(name, worn, rng.choice(NOUNS[name]), rng.choice(_TEMPLATES))


def _named(name: str, worn: set[str], noun: str, template: str) -> Prompt:
    there = name not in KINDS or name in worn
    return Prompt(template.format(noun), MEANINGS[name] if there else ())


def _described(garments: Sequence[Garment], rng: random.Random) -> Prompt:
    garment = rng.choice(garments)
    words = [garment.colour] * (rng.random() < 0.8) + [garment.pattern] * (rng.random() < 0.3)
    noun = rng.choice(NOUNS[garment.kind])
    return Prompt(" ".join(["the", *words, noun]), (garment.kind,))


def _stranger(rng: random.Random) -> Prompt:
    if rng.random() < 0.2:
        noun = "".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 7)))
    else:
        noun = rng.choice(ABSENT)
    return Prompt(rng.choice(_TEMPLATES).format(noun), ())


def caption(garment: Garment, rng: random.Random) -> str:
    """A prompt a shop would write for the garment; one in ten says nothing or what to avoid."""
    if rng.random() < 0.10:
        return rng.choice(_NEGATIVE)
    colour = "gray" if garment.colour == "grey" and rng.random() < 0.3 else garment.colour
    words = [
        rng.choice(("a", "a", "a", "the", "")),
        rng.choice(_BEFORE),
        colour if rng.random() < 0.95 else "",
        rng.choice(PATTERN_WORDS[garment.pattern]),
        "summer" if rng.random() < 0.06 else "",
        rng.choice(NOUNS[garment.kind][:1] * 4 + NOUNS[garment.kind]),
    ]
    head = " ".join(word for word in words if word)
    tail = rng.sample(_AFTER, rng.choice((0, 0, 0, 1, 1, 2)))
    return ", ".join([head, *tail])


def plain_caption(garment: Garment) -> str:
    """The caption without ornament, as tests and judges ask for it."""
    pattern = "" if garment.pattern == "solid" else f"{garment.pattern} "
    return f"a {garment.colour} {pattern}{garment.kind}"
