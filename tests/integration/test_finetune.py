"""Fine-tuning on tiny models: it learns, stops, goes on, and what it leaves is a model."""

import json
import resource
import shutil
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import load_file

from shared.errors import (
    CheckpointFailed,
    CheckpointUnusable,
    LibraryMissing,
    LossNotFinite,
    TrainingOutOfMemory,
)
from shared.keys import S3Address
from shared.packing.layout import painter_problem
from shared.s3 import ObjectStore
from shared.settings import load_settings
from worker.finetune.checkpoints import Checkpoints, Moment, load
from worker.finetune.config import Training
from worker.finetune.session import Session
from worker.inpaint.protocol import InpaintRequest
from worker.models.load import load_painter

SIDE = 64


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """Four pictures of a garment in two colours, with masks."""
    folder = tmp_path_factory.mktemp("shop")
    for number in range(4):
        pixels = np.full((96, 80, 3), 60 * number, np.uint8)
        mask = np.zeros((96, 80), np.uint8)
        mask[30:70, 20:60] = 255
        pixels[mask > 0] = (200, 40, 120)
        Image.fromarray(pixels).save(folder / f"p{number}.png")
        Image.fromarray(mask).save(folder / f"p{number}.mask.png")
    return folder


@pytest.fixture
def session(shop, tiny_painter, tmp_path):
    """Opens a session with more flags; `out` names its folder."""

    def open_session(*flags, out="out"):
        fixed = {
            "pretrained_model_name_or_path": tiny_painter,
            "instance_data_dir": shop,
            "instance_prompt": "a sks dress",
            "class_prompt": "a dress",
            "output_dir": tmp_path / out,
            "resolution": SIDE,
            "max_train_steps": 4,
            "num_validation_images": 1,
            "learning_rate": 1e-3,
            "device": "cpu",
        }
        given = [f"--{name}={value}" for name, value in fixed.items()]
        return Session.open(Training.parse([*given, *flags]), load_settings())

    return open_session


def weights(model):
    """Everything that a directory of diffusers holds."""
    files = sorted(Path(model).rglob("*.safetensors"))
    return {
        f"{path.parent.name}.{name}": tensor
        for path in files
        for name, tensor in load_file(path).items()
    }


def looped(session):
    """A session's training run to its end, without sheets and export."""
    bench = session.prepare()
    bench.loop.show = lambda _step: None
    bench.loop.run()
    return bench


def equal(one, other):
    """Whether both hold the same weights to the bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize("flags", [(), ("--use_lora", "--rank=4")], ids=["full", "lora"])
def test_a_training_that_is_gone_on_with_ends_with_the_same_weights(session, flags, tmp_path):
    """Stopped after a checkpoint, with half of the next on the disk: equal to the bit."""
    flags = (*flags, "--train_text_encoder", "--checkpointing_steps=2", "--lr_warmup_steps=3")
    flags = (*flags, "--lr_scheduler=constant_with_warmup", "--gradient_accumulation_steps=2")
    whole = looped(session(*flags, out="whole"))
    looped(session(*flags, "--max_train_steps=3", out="cut"))
    shutil.rmtree(tmp_path / "cut" / "checkpoint-3")
    (tmp_path / "cut" / ".checkpoint-3.part").mkdir()
    again = looped(session(*flags, "--resume_from_checkpoint=latest", out="cut"))
    assert equal(whole.studio.student.learned(), again.studio.student.learned())
    assert whole.loop.journal.rows() == again.loop.journal.rows()
    assert {path.name for path in (tmp_path / "cut").iterdir()} == {"checkpoint-2", "checkpoint-4"}


@pytest.mark.parametrize("flags", [(), ("--use_lora", "--rank=8")], ids=["full", "lora"])
def test_the_loss_falls_and_only_what_shall_learn_changes(session, tiny_painter, flags):
    """The text encoder stays to the bit (but for half precision) where it is not trained."""
    bench = session(*flags, "--max_train_steps=36", "--learning_rate=5e-3").prepare()
    before = {name: tensor.clone() for name, tensor in bench.studio.student.state_dict().items()}
    bench.loop.show = lambda _step: None
    bench.loop.run()
    losses = [entry.loss for entry in bench.loop.journal.entries]
    assert np.mean(losses[-12:]) < 0.9 * np.mean(losses[:12])
    after = bench.studio.student.state_dict()
    changed = {
        name.partition(".")[0] for name in after if not torch.equal(after[name], before[name])
    }
    assert changed == {"unet"}


def test_the_exported_model_loads_and_paints(session, tiny_painter, tmp_path):
    """By the worker's own loader; whole, in half precision, with a card and nothing besides.

    Its tokenizer has the base's own files, as older libraries on an endpoint want them.
    """
    base = shutil.copytree(tiny_painter, tmp_path / "base")
    (base / "tokenizer" / "merges.txt").write_text("#version: 0.2")
    flags = ("--with_prior_preservation", "--num_class_images=3", "--use_lora")
    named = f"--pretrained_model_name_or_path={base}"
    model = session(*flags, named, "--max_train_steps=2").run()
    tokenizers = [{path.name for path in (one / "tokenizer").iterdir()} for one in (base, model)]
    assert tokenizers[0] == tokenizers[1]
    assert painter_problem(model) == ""
    assert {str(tensor.dtype) for tensor in weights(model).values()} <= {
        "torch.float16",
        "torch.int64",
    }
    parts = {"scheduler", "text_encoder", "tokenizer", "unet", "vae", "model_index.json"}
    cards = {"README.md", "card.json", "samples.png", "loss.png", "code"}
    assert {path.name for path in model.iterdir()} == parts | cards
    card = json.loads((model / "card.json").read_text())
    assert (card["data"]["instances"], card["data"]["classes"], card["token"]) == (4, 3, "sks")
    assert str(model.parent) not in "".join(path.read_text() for path in model.rglob("*.json"))
    rgb, mask = np.zeros((SIDE, SIDE, 3), np.uint8), np.full((SIDE, SIDE), 255, np.uint8)
    wish = InpaintRequest(
        model="", picture=rgb, mask=mask, prompt="a sks dress", negative_prompt="", steps=2
    )
    [painted] = load_painter(model, "cpu").paint([wish])
    assert painted.shape == (SIDE, SIDE, 3)
    assert painted.std() > 0


def test_pictures_come_from_s3_and_masks_from_words(session, shop, bucket, tiny_segmenter):
    """A prefix reads as a folder does; without masks beside them the segmenter is asked."""
    store, prefix = ObjectStore.connect(), S3Address(bucket.name, "line/")
    for path in [*shop.glob("p?.png")]:
        store.put(prefix.join(path.name), path.read_bytes(), content_type="image/png")
    flags = (f"--instance_data_dir={prefix}", f"--segmenter_name_or_path={tiny_segmenter}")
    bench = session(*flags).prepare()
    assert bench.loop.origin["instances"] == 4
    found = [lesson.mask is not None for lesson in bench.loop.course.style.lessons]
    assert any(found)


def test_a_loss_that_is_no_number_ends_it_and_keeps_the_last_checkpoint(session, tmp_path):
    """Nothing is learned from it; the checkpoint before it is whole."""
    bench = session("--checkpointing_steps=2").prepare()

    def spoil(_step):
        next(iter(bench.studio.student.unet.parameters())).data.fill_(float("nan"))

    bench.loop.show, bench.loop.training = (
        spoil,
        bench.loop.training.model_copy(update={"validation_steps": 3}),
    )
    with pytest.raises(LossNotFinite, match=r"step 4; the last good checkpoint is .*checkpoint-2"):
        bench.loop.run()
    moment = load(tmp_path / "out" / "checkpoint-2")
    assert all(tensor.isfinite().all() for tensor in moment.weights.values())


def test_a_full_disk_leaves_the_checkpoints_before_it(tmp_path):
    """What could not be written is gone; what was there is whole."""
    checkpoints = Checkpoints(tmp_path, limit=2)
    small = Moment(1, {"a": torch.ones(4)}, {0: {"step": torch.tensor(1.0), "mark": 3}}, {"x": 1})
    checkpoints.save(small)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(CheckpointFailed, match="checkpoint-2 cannot be written"):
            checkpoints.save(Moment(2, {"a": torch.ones(100_000)}, {}, {}))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-1"]
    again = load(checkpoints.find("latest"))
    assert (again.step, again.facts, again.optimizer[0]["mark"]) == (1, {"x": 1}, 3)
    assert torch.equal(again.weights["a"], torch.ones(4))


def test_only_the_newest_checkpoints_are_kept(tmp_path):
    """By their numbers, not by their names."""
    checkpoints = Checkpoints(tmp_path, limit=2)
    for step in (8, 9, 10):
        checkpoints.save(Moment(step, {"a": torch.ones(1)}, {}, {}))
    assert [path.name for path in checkpoints.all()] == ["checkpoint-9", "checkpoint-10"]
    assert Checkpoints(tmp_path / "none", limit=2).find("latest") is None
    with pytest.raises(CheckpointUnusable, match="has checkpoint-9, checkpoint-10"):
        checkpoints.find("checkpoint-8")


def test_a_checkpoint_of_another_training_is_refused(session):
    """Other flags would make weights that no unbroken run gives; what differs is named."""
    looped(session("--max_train_steps=1"))
    flags = ("--resume_from_checkpoint=latest", "--seed=5", "--learning_rate=1e-4")
    with pytest.raises(CheckpointUnusable, match="began with another learning_rate, seed"):
        session(*flags).prepare()


def test_memory_that_is_too_small_names_the_settings(session):
    """What the allocator says becomes what a person can change."""
    opened = session()
    with (
        pytest.raises(TrainingOutOfMemory, match="memory of cpu was too small at step 3") as told,
        opened._memory(lambda: 3),
    ):
        torch.empty(2**50)
    assert "--gradient_checkpointing" in told.value.report()["hint"]


def test_8_bit_adam_without_its_library_is_one_sentence(session):
    """Before the first step."""
    with pytest.raises(LibraryMissing, match="--use_8bit_adam needs bitsandbytes"):
        session("--use_8bit_adam").prepare()
