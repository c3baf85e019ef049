"""Fine-tuning in processes of its own: killed and gone on with, and two that learn together."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from shared.settings import child_environment

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]

#: Seconds that a training of a few steps may take on a busy machine.
PATIENCE_SECONDS = 300


@pytest.fixture
def flags(tiny_painter, tmp_path):
    """The flags of a short training, less its output."""
    shop = tmp_path / "shop"
    shop.mkdir()
    for number in range(3):
        pixels = np.random.default_rng(number).integers(0, 256, (80, 80, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(shop / f"p{number}.png")
    given = {"pretrained_model_name_or_path": tiny_painter, "instance_data_dir": shop}
    given |= {"instance_prompt": "a sks dress", "token": "sks", "resolution": 64, "device": "cpu"}
    given |= {"learning_rate": 1e-3, "num_validation_images": 1, "checkpointing_steps": 2}
    return [f"--{name}={value}" for name, value in given.items()]


def start(*arguments):
    """A process of this repository, on one core: several that wait for each other spin."""
    environment = child_environment(
        {"PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    )
    return subprocess.Popen(
        [sys.executable, *arguments], env=environment, stderr=subprocess.PIPE, text=True
    )


def finish(process):
    """Wait for it to end well."""
    _, told = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, told[-2_000:]


def weights(model):
    """Those of the UNet."""
    return load_file(model / "unet" / "diffusion_pytorch_model.safetensors")


def test_a_killed_training_ends_with_the_weights_of_an_unbroken_one(flags, tmp_path):
    """SIGKILL after the first checkpoint, then `latest`: the exported weights are equal."""
    flags = ["-m", "worker", "finetune", *flags, "--max_train_steps=20"]
    finish(start(*flags, f"--output_dir={tmp_path / 'whole'}"))
    cut = tmp_path / "cut"
    process = start(*flags, f"--output_dir={cut}")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not list(cut.glob("checkpoint-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    assert not (cut / "model").exists()
    finish(start(*flags, f"--output_dir={cut}", "--resume_from_checkpoint=latest"))
    whole, again = weights(tmp_path / "whole" / "model"), weights(cut / "model")
    assert all(torch.equal(whole[name], again[name]) for name in whole)


def test_two_processes_learn_as_one_with_twice_the_batch(flags, tmp_path):
    """Under `accelerate launch` (gloo): gradients meet, one writes; equal up to rounding."""
    flags = [*flags, "--max_train_steps=2"]
    launch = (
        "-m",
        "accelerate.commands.launch",
        "--multi_gpu",
        "--num_processes=2",
        "--num_machines=1",
    )
    launch += ("--mixed_precision=no", "--dynamo_backend=no", "--main_process_port=0")
    finish(start(*launch, "-m", "worker.finetune", *flags, f"--output_dir={tmp_path / 'two'}"))
    one = ("-m", "worker.finetune", *flags, "--train_batch_size=2")
    finish(start(*one, f"--output_dir={tmp_path / 'one'}"))
    card = json.loads((tmp_path / "two" / "model" / "card.json").read_text())
    assert card["metrics"]["steps"] == 2
    assert card["data"]["processes"] == 2
    other = json.loads((tmp_path / "one" / "model" / "card.json").read_text())
    assert card["metrics"] == pytest.approx(other["metrics"], rel=1e-4)
    # Adam makes a whole step of the sign of a gradient that is next to nothing: means, not maxima.
    together, alone = weights(tmp_path / "two" / "model"), weights(tmp_path / "one" / "model")
    apart = torch.cat([(together[name] - alone[name]).float().flatten() for name in alone])
    assert float(apart.abs().mean()) < 1e-5
