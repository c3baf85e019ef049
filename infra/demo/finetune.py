"""`python -m infra.demo.finetune`: does the painter learn a print from a dozen drawn pictures?

The base never saw the print. It is trained twice, with prior preservation and without, and each
time is asked for the token and for the class alone, in places that no training saw.
"""

import argparse
import json
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from infra.demo.catalogue import draw, mask_of
from infra.demo.finetune_sheet import Panel, figure
from infra.demo.print import print_share, printed
from shared.settings import load_settings
from worker.arrays import Grey, Rgb
from worker.finetune.config import Training
from worker.finetune.session import Session
from worker.inpaint.protocol import InpaintRequest
from worker.models.load import load_painter
from worker.pixels.composite import cut, cut_mask
from worker.pixels.crops import crop_around

BASE = Path(__file__).parent / "models" / "inpaint"
FIGURE = Path(__file__).parent / "finetune.png"
TOKEN, CLASS = "a sks dress", "a dress"
SIDE = 128
#: Pictures that are learned, and the first seeds of these and of the places that are painted.
PICTURES, LEARNED_FROM, PLACES_FROM = 12, 900_000, 950_000
#: How a picture is painted, as the models' card has it.
STEPS, GUIDANCE = 25, 6.5


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """A square with a dress to be repainted."""

    rgb: Rgb
    mask: Grey


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What a model paints into the places."""

    token: list[Rgb]
    plain: list[Rgb]


def write_pictures(folder: Path, number: int = PICTURES) -> None:
    """The pictures to learn, each with its true mask."""
    folder.mkdir(parents=True, exist_ok=True)
    for place, drawing in enumerate(printed(LEARNED_FROM, number)):
        drawing.image.save(folder / f"dress-{place}.png")
        mask = mask_of(drawing, "dress").astype(np.uint8) * 255
        Image.fromarray(mask).save(folder / f"dress-{place}.mask.png")


def places(number: int) -> list[Place]:
    """Squares around dresses of the catalogue itself, whose people no training saw."""
    found: list[Place] = []
    seed = PLACES_FROM
    while len(found) < number:
        drawing = draw(seed, (224, 288))
        seed += 1
        if drawing.garments[0].kind == "dress":
            mask = mask_of(drawing, "dress").astype(np.uint8) * 255
            crop = crop_around(mask, SIDE)
            rgb = cut(np.asarray(drawing.image), crop, SIDE)
            found.append(Place(rgb, cut_mask(mask, crop, SIDE)))
    return found


def train(out: Path, pictures: Path, *flags: str) -> Path:
    """Fine-tune the demo's painter; the model's directory."""
    fixed = {
        "pretrained_model_name_or_path": BASE,
        "instance_data_dir": pictures,
        "instance_prompt": TOKEN,
        "class_prompt": CLASS,
        "output_dir": out,
        "resolution": SIDE,
        "train_batch_size": 4,
        "learning_rate": 3e-4,
        "lr_warmup_steps": 10,
        "lr_scheduler": "cosine",
        "sample_batch_size": 8,
        "validation_steps": 1_000_000,
        "checkpointing_steps": 1_000_000,
        "checkpoints_total_limit": 1,
        "device": "cpu",
    }
    given = [f"--{name}={value}" for name, value in fixed.items()]
    training = Training.parse([*given, "--train_text_encoder", *flags])
    return Session.open(training, load_settings()).run()


def answers(model: Path, where: Sequence[Place]) -> Answers:
    """What a model paints for the token and for the class alone, with the same seeds."""
    painter = load_painter(model, "cpu")
    token, plain = (
        [
            painted
            for start in range(0, len(where), 8)
            for painted in painter.paint(_requests(where[start : start + 8], prompt, start))
        ]
        for prompt in (TOKEN, CLASS)
    )
    return Answers(token, plain)


def _requests(where: Sequence[Place], prompt: str, seed: int) -> list[InpaintRequest]:
    return [
        InpaintRequest(
            model="",
            picture=place.rgb,
            mask=place.mask,
            prompt=prompt,
            negative_prompt="",
            steps=STEPS,
            guidance_scale=GUIDANCE,
            seed=seed + number,
        )
        for number, place in enumerate(where)
    ]


def share(painted: Sequence[Rgb], where: Sequence[Place]) -> float:
    """Mean share of the repainted area that shows the print."""
    shares = [print_share(rgb, place.mask > 0) for rgb, place in zip(painted, where, strict=True)]
    return round(float(np.mean(shares)), 3)


def drift(before: Sequence[Rgb], after: Sequence[Rgb], where: Sequence[Place]) -> float:
    """Mean difference in levels (0..255) inside the masks."""
    rows = zip(before, after, where, strict=True)
    return round(float(np.mean([_difference(*row) for row in rows])), 1)


def _difference(before: Rgb, after: Rgb, place: Place) -> float:
    inside: NDArray[np.bool_] = place.mask > 0
    return float(np.abs(before.astype(float) - after)[inside].mean())


def main(arguments: list[str] | None = None) -> None:
    """Train twice, paint, measure, and draw the figure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("train-out/finetune"))
    parser.add_argument("--figure", type=Path, default=FIGURE)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--places", type=int, default=24)
    given = parser.parse_args(arguments)
    for name in ("pictures", "bare", "prior"):  # of an earlier run
        shutil.rmtree(given.out / name, ignore_errors=True)
    write_pictures(given.out / "pictures")
    steps = f"--max_train_steps={given.steps}"
    prior = ("--with_prior_preservation", "--num_class_images=48")
    models = {
        "base": BASE,
        "without prior preservation": train(given.out / "bare", given.out / "pictures", steps),
        "with prior preservation": train(
            given.out / "prior", given.out / "pictures", steps, *prior
        ),
    }
    where = places(given.places)
    found = {name: answers(model, where) for name, model in models.items()}
    figures = {name: _figures(found["base"], one, where) for name, one in found.items()}
    panels = [Panel(name, one.token, one.plain, figures[name]) for name, one in found.items()]
    learned = [np.asarray(drawing.image) for drawing in printed(LEARNED_FROM, 6)]
    drawn = figure(learned, [place.rgb for place in where], panels)
    # A palette halves the file; refined, so that its colours are the paintings'.
    small = drawn.quantize(256, Image.Quantize.MAXCOVERAGE, kmeans=4, dither=Image.Dither.NONE)
    small.save(given.figure, optimize=True)
    print(json.dumps(figures, indent=2))


def _figures(base: Answers, one: Answers, where: Sequence[Place]) -> dict[str, float]:
    return {
        "print for the token": share(one.token, where),
        "print for the class": share(one.plain, where),
        "drift of the class": drift(base.plain, one.plain, where),
    }


if __name__ == "__main__":
    main()
