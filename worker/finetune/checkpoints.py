"""Checkpoints: what a training needs to go on, in folders that appear whole or not at all; torch.

Weights and optimizer as safetensors, the rest as JSON; never a pickle. Draws are decided by the
step's number, so no state of a generator is kept.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor

from shared.errors import CheckpointUnusable, TrainingInvalid
from shared.wording import first_problems
from worker.finetune.journal import Row
from worker.finetune.nested import flattened, unflattened
from worker.finetune.writing import PART, replaced_folder

TENSORS, FACTS = "training.safetensors", "training.json"
LATEST = "latest"
_NAME = re.compile(r"checkpoint-(\d+)")


class Facts(BaseModel):
    """What is known of a training between two steps, beside its tensors."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: The flags that decide what a step does.
    training: dict[str, Any]
    #: Digests of what is learned from, and how many processes do.
    origin: dict[str, Any]
    #: As `Journal.rows` has it.
    journal: tuple[Row, ...]
    #: Of gradients in float16; None where there is none.
    scaler: dict[str, Any] | None = None


class _Written(BaseModel):
    """The file of everything that is no tensor."""

    model_config = ConfigDict(extra="forbid")

    step: int
    #: Number of the weight → dotted name → value.
    optimizer: dict[int, dict[str, Any]]
    facts: Facts


@dataclass(frozen=True, slots=True)
class Moment:
    """A training between two steps."""

    #: Steps that are done.
    step: int
    #: What was learned, by name.
    weights: dict[str, Tensor]
    #: The optimizer's own `state_dict()["state"]`: number of the weight → name → value, which may
    #: be a dict of such names.
    optimizer: dict[int, dict[str, Any]]
    facts: Facts


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

    def refuse_begun(self) -> None:
        """Refuse to begin where an earlier training left checkpoints: the two would be mixed.

        Raises:
            TrainingInvalid: There are some.
        """
        if whole := self.all():
            reason = (
                f"{self._folder} holds {whole[-1].name} of an earlier training; give another "
                f"--output_dir, or go on with it: --resume_from_checkpoint {LATEST}"
            )
            raise TrainingInvalid(reason=reason)

    def save(self, moment: Moment) -> Path:
        """Write a checkpoint whole, then remove those over the limit, the oldest first.

        Later ones go, too: a training that went back to an earlier one has left their way.

        Raises:
            CheckpointFailed: It cannot be written; earlier ones are as they were.
        """
        target = self._folder / f"checkpoint-{moment.step}"
        for left in self._folder.glob(f".checkpoint-*{PART}"):
            shutil.rmtree(left, ignore_errors=True)  # of a run that was killed
        with replaced_folder(target) as fresh:
            tensors, rest = _apart(moment)
            save_file(tensors, fresh / TENSORS)
            written = _Written(step=moment.step, optimizer=rest, facts=moment.facts)
            (fresh / FACTS).write_text(written.model_dump_json())
        whole = self.all()
        here = whole.index(target) + 1
        for other in whole[: max(0, here - self._limit)] + whole[here:]:
            shutil.rmtree(other, ignore_errors=True)
        return target


def load(path: Path) -> Moment:
    """Read a checkpoint.

    Raises:
        CheckpointUnusable: It cannot be read.
    """
    try:
        written = _Written.model_validate_json((path / FACTS).read_bytes())
        tensors = load_file(path / TENSORS)
    except (OSError, ValidationError, SafetensorError) as error:
        told = first_problems(error, ()) if isinstance(error, ValidationError) else error
        raise CheckpointUnusable(checkpoint=path, reason=f"it cannot be read ({told})") from error
    flat = {number: list(fields.items()) for number, fields in written.optimizer.items()}
    weights: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        kind, _, rest = name.partition(".")
        if kind == "weights":
            weights[rest] = tensor
        else:
            number, _, field = rest.partition(".")
            flat.setdefault(int(number), []).append((field, tensor))
    optimizer = {number: unflattened(fields) for number, fields in flat.items()}
    return Moment(written.step, weights, optimizer, written.facts)


def _apart(moment: Moment) -> tuple[dict[str, Tensor], dict[int, dict[str, Any]]]:
    """All tensors by name, and what of the optimizer is none."""
    tensors = {f"weights.{name}": weight for name, weight in moment.weights.items()}
    rest: dict[int, dict[str, Any]] = {}
    for number, fields in moment.optimizer.items():
        flat = flattened(fields)
        rest[number] = {k: v for k, v in flat.items() if not isinstance(v, Tensor)}
        held = {k: v for k, v in flat.items() if isinstance(v, Tensor)}
        tensors |= {f"optimizer.{number}.{field}": value for field, value in held.items()}
    # Copies, since several weights may share one tensor, which the format refuses.
    copies = {name: one.detach().to("cpu", copy=True) for name, one in tensors.items()}
    return {name: one.contiguous() for name, one in copies.items()}, rest
