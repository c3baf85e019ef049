"""Checkpoints: what a training needs to go on, in folders that appear whole or not at all; torch.

Weights and optimizer as safetensors, the rest as JSON; never a pickle. Draws are decided by the
step's number, so no state of a generator is kept.
"""

import json
import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from shared.errors import CheckpointUnusable
from worker.finetune.writing import PART, replaced_folder

TENSORS, FACTS = "training.safetensors", "training.json"
LATEST = "latest"
_NAME = re.compile(r"checkpoint-(\d+)")


@dataclass(frozen=True, slots=True)
class Moment:
    """A training between two steps."""

    #: Steps that are done.
    step: int
    #: What was learned, by name.
    weights: dict[str, Tensor]
    #: The optimizer's own `state_dict()["state"]`: number of the weight → name → value.
    optimizer: dict[int, dict[str, Any]]
    #: Everything else, as JSON has it.
    facts: dict[str, Any]


class Checkpoints:
    """The checkpoints of one training, the newest few of them."""

    def __init__(self, folder: Path, limit: int) -> None:
        """Look at nothing yet.

        Args:
            folder: Where they lie.
            limit: How many are kept.
        """
        self._folder, self._limit = folder, limit

    def all(self) -> list[Path]:
        """Every whole checkpoint, the oldest first."""
        found = self._folder.glob("checkpoint-*") if self._folder.is_dir() else ()
        numbered = [
            (int(match[1]), path) for path in found if (match := _NAME.fullmatch(path.name))
        ]
        return [path for _, path in sorted(numbered)]

    def find(self, name: str) -> Path | None:
        """The checkpoint of a name; for `latest` the newest, or None where there is none yet.

        Raises:
            CheckpointUnusable: A name that is none of them.
        """
        whole = self.all()
        if name == LATEST:
            return whole[-1] if whole else None
        if self._folder / name not in whole:
            reason = f"{self._folder} has {', '.join(path.name for path in whole) or 'none'}"
            raise CheckpointUnusable(checkpoint=name, reason=reason)
        return self._folder / name

    def save(self, moment: Moment) -> Path:
        """Write a checkpoint whole, then remove those over the limit.

        Raises:
            CheckpointFailed: It cannot be written; earlier ones are as they were.
        """
        target = self._folder / f"checkpoint-{moment.step}"
        for left in self._folder.glob(f".checkpoint-*{PART}"):
            shutil.rmtree(left, ignore_errors=True)  # of a run that was killed
        with replaced_folder(target) as fresh:
            tensors, plain = _apart(moment)
            save_file(tensors, fresh / TENSORS)
            facts = moment.facts | {"step": moment.step, "optimizer": plain}
            (fresh / FACTS).write_text(json.dumps(facts))
        for old in self.all()[: -self._limit]:
            shutil.rmtree(old, ignore_errors=True)
        return target


def load(path: Path) -> Moment:
    """Read a checkpoint.

    Raises:
        CheckpointUnusable: It cannot be read.
    """
    try:
        facts = json.loads((path / FACTS).read_text())
        tensors = load_file(path / TENSORS)
        step, plain = int(facts.pop("step")), facts.pop("optimizer")
    except (OSError, ValueError, KeyError, SafetensorError) as error:
        raise CheckpointUnusable(checkpoint=path, reason=f"it cannot be read ({error})") from error
    optimizer: dict[int, dict[str, Any]] = {
        int(number): dict(rest) for number, rest in plain.items()
    }
    weights: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "weights":
            weights[rest] = tensor
        else:
            number, _, field = rest.partition(".")
            optimizer.setdefault(int(number), {})[field] = tensor
    return Moment(step, weights, optimizer, facts)


def _apart(moment: Moment) -> tuple[dict[str, Tensor], dict[int, dict[str, Any]]]:
    """All tensors by name, and what of the optimizer is none."""
    tensors = {f"weights.{name}": weight for name, weight in moment.weights.items()}
    plain: dict[int, dict[str, Any]] = {}
    for number, fields in moment.optimizer.items():
        plain[number] = {k: v for k, v in fields.items() if not isinstance(v, Tensor)}
        held = {k: v for k, v in fields.items() if isinstance(v, Tensor)}
        tensors |= {f"optimizer.{number}.{field}": value for field, value in held.items()}
    return {name: tensor.cpu().contiguous() for name, tensor in tensors.items()}, plain
