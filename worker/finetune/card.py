"""The card of a fine-tuned model: what it was made of and how, for people and programs; torch-free.

Nothing in it depends on when or where it was made: the same training gives the same card, and
folders of a host stay unknown.
"""

from collections.abc import Sequence
from typing import Any

from shared.jobs import ResolvedModel
from shared.references import parse
from worker.finetune.config import Training
from worker.finetune.journal import SMOOTH_STEPS, Entry

README, SAMPLES, PLOT = "README.md", "samples.png", "loss.png"
#: Of the card's layout.
VERSION = 1
#: Flags that say where something lay, or ran, on one host.
LOCAL = frozenset(
    {"output_dir", "instance_data_dir", "class_data_dir", "resume_from_checkpoint", "device"}
)
#: Flags that do so where they name a directory.
MODELS = ("pretrained_model_name_or_path", "segmenter_name_or_path")


def card_of(
    training: Training,
    base: ResolvedModel,
    data: dict[str, Any],
    entries: Sequence[Entry],
    memory: dict[str, Any],
) -> dict[str, Any]:
    """The card, as JSON has it.

    Args:
        training: Its flags.
        base: The model that it began with.
        data: Digests and counts of pictures.
        entries: All steps.
        memory: The estimate of what a GPU needs.
    """
    metrics = {
        "steps": entries[-1].step if entries else 0,
        "loss_first": _mean(entries[:SMOOTH_STEPS]),
        "loss_last": _mean(entries[-SMOOTH_STEPS:]),
    }
    return {
        "version": VERSION,
        "base": base.model_dump(mode="json", exclude=_unknown(base)),
        "data": data,
        "token": training.rare_words,
        "instance_prompt": training.instance_prompt,
        "class_prompt": training.class_prompt,
        "parameters": _parameters(training),
        "metrics": metrics,
        "memory_estimate": memory,
        "samples": SAMPLES,
        "loss_plot": PLOT,
    }


def readme_of(card: dict[str, Any]) -> str:
    """The card for people, in Markdown."""
    metrics, data, base = card["metrics"], card["data"], card["base"]
    rows = "\n".join(
        f"| `{name}` | {value} |" for name, value in sorted(card["parameters"].items())
    )
    named = f"| base | {base['reference']} |\n" if "reference" in base else ""
    return f"""---
pipeline_tag: image-to-image
library_name: diffusers
tags: [stable-diffusion, inpainting, dreambooth]
---

# {card["instance_prompt"]}

Stable Diffusion inpainting, fine-tuned by Restyle (DreamBooth). The token is `{card["token"]}`; a
style paints with it: `paint: {card["instance_prompt"]}`.

![Pictures that were learned, and what is painted in their places]({SAMPLES})

| | |
|---|---|
{named}| base's digest | `{base["digest"]}` |
| pictures | {data["instances"]}, digest `{data["instances_digest"]}` |
| pictures of the class | {data["classes"]}{_digest(data)} |
| steps | {metrics["steps"]} |
| loss, first and last steps | {metrics["loss_first"]}, {metrics["loss_last"]} |

A loss says that a training ran, not that its pictures please: look at the samples.

![Loss over the steps]({PLOT})

## Parameters

| flag | value |
|---|---|
{rows}
"""


def _parameters(training: Training) -> dict[str, Any]:
    told = training.model_dump(mode="json", exclude=set(LOCAL))
    models = {name: told[name] for name in MODELS if told[name]}
    local = {name for name, model in models.items() if parse(model).kind == "directory"}
    return {name: value for name, value in told.items() if name not in local}


def _unknown(base: ResolvedModel) -> set[str]:
    """What is not told of a base: a directory is known by its digest."""
    return {"reference"} if base.kind == "directory" else set()


def _digest(data: dict[str, Any]) -> str:
    return f", digest `{data['classes_digest']}`" if data["classes_digest"] else ""


def _mean(entries: Sequence[Entry]) -> float:
    return round(sum(entry.loss for entry in entries) / max(1, len(entries)), 6)
