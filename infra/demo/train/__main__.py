"""`python -m infra.demo.train`: every stage of the demo models, in order.

Stages pick up what earlier runs left in the output folder; a finished stage is skipped.
"""

import argparse
from pathlib import Path

import torch

from infra.demo.train import clipseg, evaluate, inpaint, segformer, vae
from infra.demo.train.crops import kept_crops
from infra.demo.train.tokens import write_tokenizer

#: Share of the minutes for each stage; measuring comes on top.
SHARES = {"clipseg": 0.46, "segformer": 0.08, "vae": 0.06, "inpaint": 0.40}
#: The stages of each model.
STAGES = {"clipseg": ("clipseg",), "segformer": ("segformer",), "inpaint": ("vae", "inpaint")}
#: First seed of the inpainter's pictures; the segmenter's start at 0.
CROPS_FROM = 200_000


def train(out: Path, models: Path, minutes: dict[str, float], device: str) -> None:
    """Tokenizer, segmenters, autoencoder, latents and UNet."""
    large = device != "cpu"
    write_tokenizer(out / "tokenizer")
    if minutes["clipseg"]:
        pictures, batch = (40_000, 64) if large else (14_000, 16)
        clipseg.train(
            out / "clipseg", models / "clipseg", minutes["clipseg"], device, pictures, batch
        )
    if minutes["segformer"]:
        pictures, batch = (40_000, 64) if large else (3_000, 12)
        folder, made = out / "segformer", models / "segformer"
        segformer.train(folder, made, minutes["segformer"], device, pictures, batch)
    if not minutes["inpaint"]:
        return
    crops = kept_crops(out / "inpaint", CROPS_FROM, 12_000 if large else 4_200)
    vae.train(crops, out / "inpaint" / "vae", minutes["vae"], device, 64 if large else 8)
    batches = (128, 64) if large else (32, 12)
    inpaint.train(crops, out / "inpaint", models / "inpaint", minutes["inpaint"], device, batches)


def main(arguments: list[str] | None = None) -> None:
    """Reads the budget, trains what is asked for and measures it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("train-out"))
    parser.add_argument("--models", type=Path, default=evaluate.MODELS)
    parser.add_argument("--minutes", type=float, default=120.0, help="for all stages together")
    parser.add_argument("--only", choices=tuple(STAGES), help="train this model alone")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    given = parser.parse_args(arguments)
    torch.set_num_threads(given.threads)
    train(given.out, given.models, budget(given.minutes, given.only), given.device)
    if not given.only:
        evaluate.main(["--models", str(given.models), "--device", given.device])


def budget(minutes: float, only: str | None) -> dict[str, float]:
    """Minutes for each stage; a model trained alone gets them all."""
    wanted = STAGES[only] if only else tuple(SHARES)
    shares = {stage: share if stage in wanted else 0.0 for stage, share in SHARES.items()}
    return {stage: minutes * share / sum(shares.values()) for stage, share in shares.items()}


if __name__ == "__main__":
    main()
