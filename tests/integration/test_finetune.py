"""Fine-tuning on tiny models: it learns, stops, goes on, and what it leaves is a model."""

import json
import resource
import shutil
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
import torch
from accelerate import DistributedType
from accelerate.state import AcceleratorState
from PIL import Image
from safetensors.torch import load_file

from shared.errors import (
    CheckpointFailed,
    CheckpointUnusable,
    ClassPicturesOther,
    HalfTooSmall,
    LibraryMissing,
    LossNotFinite,
    TrainingInvalid,
    TrainingOutOfMemory,
)
from shared.keys import S3Address
from shared.packing import pack
from shared.packing.layout import painter_problem
from shared.s3 import ObjectStore
from shared.settings import load_settings
from worker.finetune.checkpoints import Checkpoints, Facts, Moment, load
from worker.finetune.config import Training
from worker.finetune.finite import refuse_spoiled
from worker.finetune.memory import Act
from worker.finetune.occupation import LOCK, occupied
from worker.finetune.opening import apart, refuse_configured
from worker.finetune.resuming import Resuming
from worker.finetune.session import Session
from worker.finetune.shortage import shortage_told
from worker.finetune.writing import replaced_folder
from worker.inpaint.protocol import InpaintRequest
from worker.models.load import load_painter

SIDE = 64
FACTS = Facts(training={}, origin={"base": "x"}, journal=((1, 0.5, 0.25, 0.25),))


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
    with session.held:
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
    assert {path.name for path in (tmp_path / "cut").iterdir()} == {
        *("checkpoint-2", "checkpoint-4", LOCK)
    }


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

    Tokenizer and extractor are the base's own files, as libraries on an endpoint want them.
    """
    base = shutil.copytree(tiny_painter, tmp_path / "base")
    (base / "tokenizer" / "merges.txt").write_text("#version: 0.2")
    extractor = {"feature_extractor": ["transformers", "CLIPImageProcessor"]}
    (base / "feature_extractor").mkdir()
    (base / "feature_extractor" / "preprocessor_config.json").write_text("{}")
    index = base / "model_index.json"
    index.write_text(json.dumps(json.loads(index.read_text()) | extractor))
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
    assert extractor.items() <= json.loads((model / "model_index.json").read_text()).items()
    parts = {"scheduler", "text_encoder", "tokenizer", "unet", "vae", "model_index.json"}
    parts |= {"feature_extractor"}
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


def test_where_a_training_lay_does_not_show(session, tiny_painter, tiny_segmenter, tmp_path):
    """The same base in two folders, two outputs: archives of one digest, without a path in them."""
    digests = set()
    for name in ("one", "two"):
        models = {"pretrained_model": tiny_painter, "segmenter": tiny_segmenter}
        copies = {kind: tmp_path / f"{kind}-{name}" for kind in models}
        flags = [f"--{kind}_name_or_path={copies[kind]}" for kind in models]
        for kind, model in models.items():
            shutil.copytree(model, copies[kind])
        model = session(*flags, "--max_train_steps=1", out=name).run()
        texts = [path for path in model.rglob("*") if path.suffix in {".json", ".md"}]
        assert not [path for path in texts if str(tmp_path) in path.read_text()]
        digests.add(pack(model, tmp_path / f"{name}.tar.gz"))
    assert len(digests) == 1


def test_pictures_come_from_s3_and_masks_from_words(session, shop, bucket, tiny_segmenter):
    """A prefix reads as a folder does; without masks beside them the segmenter is asked."""
    store, prefix = ObjectStore.connect(), S3Address(bucket.name, "line/")
    for path in [*shop.glob("p?.png")]:
        store.put(prefix.join(path.name), path.read_bytes(), content_type="image/png")
    flags = (f"--instance_data_dir={prefix}", f"--segmenter_name_or_path={tiny_segmenter}")
    bench = session(*flags).prepare()
    assert bench.loop.origin["instances"] == 4
    found = sum(lesson.mask is not None for lesson in bench.loop.course.style.lessons)
    assert found > 0
    told = {"given": 0, "found": found, "random": 4 - found}
    assert bench.loop.origin["instances_masks"] == told
    assert len(bench.loop.origin["segmenter"]) == 64


def test_pictures_of_the_class_are_painted_beside_those_that_are_there(session, shop, tmp_path):
    """Into a folder that comes with them; given ones stay to the byte, whatever their numbers."""
    place = tmp_path / "new" / "dresses"
    flags = ("--with_prior_preservation", f"--class_data_dir={place}")
    session(*flags, "--num_class_images=1", out="one").prepare()
    painted = {"class-0.png", "class-0.mask.png", "painted.json"}
    assert {path.name for path in place.iterdir()} == painted
    for number in (2, 3):
        shutil.copyfile(shop / "p1.png", place / f"class-{number}.png")
    before = {path.name: path.read_bytes() for path in place.iterdir()}
    bench = session(*flags, "--num_class_images=5", out="two").prepare()
    assert bench.loop.origin["classes"] == 5
    after = {path.name: path.read_bytes() for path in place.glob("*")}
    assert before.items() <= after.items()
    assert {name for name in after if name.endswith(".png") and "mask" not in name} == {
        f"class-{number}.png" for number in range(5)
    }
    other = (*flags, "--class_prompt=a long dress", f"--instance_data_dir={place}")
    with pytest.raises(ClassPicturesOther, match="another class_prompt, places"):
        session(*other, out="three").prepare()


def test_a_loss_that_is_no_number_ends_it_and_keeps_the_last_checkpoint(session, tmp_path):
    """Nothing is learned from it; the checkpoint before it is whole."""
    bench = session("--checkpointing_steps=2").prepare()

    def spoil(_step):
        next(iter(bench.studio.student.unet.parameters())).data.fill_(float("nan"))

    bench.loop.show, bench.loop.training = (
        spoil,
        bench.loop.training.model_copy(update={"validation_steps": 3}),
    )
    with pytest.raises(
        LossNotFinite,
        match=r"step 4 the loss was no number; the last good checkpoint is .*checkpoint-2",
    ):
        bench.loop.run()
    moment = load(tmp_path / "out" / "checkpoint-2")
    assert all(tensor.isfinite().all() for tensor in moment.weights.values())


def test_a_gradient_that_is_no_number_is_not_learned_from(session, tmp_path):
    """Where the loss is one, too; weights and checkpoint are as before the step."""
    bench = session("--checkpointing_steps=2").prepare()
    weight = next(iter(bench.studio.student.unet.parameters()))

    def spoil(_step):
        weight.register_hook(lambda gradient: torch.full_like(gradient, float("inf")))

    bench.loop.training = bench.loop.training.model_copy(update={"validation_steps": 2})
    bench.loop.show = spoil
    with pytest.raises(LossNotFinite, match=r"step 3 the gradient was .* is .*checkpoint-2"):
        bench.loop.run()
    kept = load(tmp_path / "out" / "checkpoint-2").weights
    assert equal(kept, bench.studio.student.learned())


def test_weights_that_are_no_numbers_are_not_kept(session, tmp_path):
    """Nor exported: half precision ends at 65,504."""
    bench = session().prepare()
    weight = next(iter(bench.studio.student.unet.parameters())).data
    weight.fill_(1e5)
    parts = {name: bench.studio.parts()[name].half() for name in ("unet", "vae")}
    with pytest.raises(HalfTooSmall, match=r"trained unet, such as conv_in\.weight"):
        refuse_spoiled(parts)
    weight.fill_(float("inf"))
    with pytest.raises(LossNotFinite, match=r"weights were no number; no checkpoint is there"):
        bench.loop.save()


def test_a_full_disk_leaves_the_checkpoints_before_it(tmp_path):
    """What could not be written is gone; what was there is whole."""
    checkpoints = Checkpoints(tmp_path, limit=2)
    state = {0: {"step": torch.tensor(1.0), "mark": 3}}
    small = Moment(1, {"a": torch.ones(4)}, state, FACTS)
    checkpoints.save(small)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, limits[1]))
    try:
        with pytest.raises(CheckpointFailed, match="checkpoint-2 cannot be written"):
            checkpoints.save(Moment(2, {"a": torch.ones(100_000)}, {}, FACTS))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert [path.name for path in tmp_path.iterdir()] == ["checkpoint-1"]
    again = load(checkpoints.find("latest"))
    assert (again.step, again.facts, again.optimizer[0]["mark"]) == (1, FACTS, 3)
    assert torch.equal(again.weights["a"], torch.ones(4))


@pytest.mark.parametrize("killed", [False, True])
def test_what_is_replaced_is_whole_until_it_is(tmp_path, killed):
    """A successor that does not come leaves the old one, and so does a kill between two renames."""
    target = tmp_path / "model"
    with replaced_folder(target) as fresh:
        (fresh / "old").touch()
    if killed:
        target.rename(tmp_path / ".model.old")
    with pytest.raises(CheckpointFailed), replaced_folder(target) as fresh:
        fresh.rmdir()
    assert [path.name for path in target.iterdir()] == ["old"]
    with replaced_folder(target) as fresh:
        (fresh / "new").touch()
    assert [path.name for path in target.iterdir()] == ["new"]
    assert list(tmp_path.iterdir()) == [target]


def test_only_the_newest_checkpoints_are_kept(tmp_path):
    """By their numbers, not by their names."""
    checkpoints = Checkpoints(tmp_path, limit=2)
    for step in (8, 9, 10):
        checkpoints.save(Moment(step, {"a": torch.ones(1)}, {}, FACTS))
    assert [path.name for path in checkpoints.all()] == ["checkpoint-9", "checkpoint-10"]
    assert Checkpoints(tmp_path / "none", limit=2).find("latest") is None
    with pytest.raises(CheckpointUnusable, match="has checkpoint-9, checkpoint-10"):
        checkpoints.find("checkpoint-8")


def test_a_new_training_keeps_out_of_an_earlier_ones_folder(session, tmp_path):
    """Its checkpoints would be mixed with those that are there; both ways on are told."""
    Checkpoints(tmp_path / "out", limit=2).save(Moment(700, {"a": torch.ones(1)}, {}, FACTS))
    with pytest.raises(TrainingInvalid, match=r"checkpoint-700 .* another --output_dir, or .*late"):
        session().prepare()
    assert (tmp_path / "out" / "checkpoint-700" / "training.json").exists()


def test_going_back_leaves_the_way_that_was_gone(tmp_path):
    """What is written last stays, whatever its number; later ones are of another way."""
    checkpoints = Checkpoints(tmp_path, limit=3)
    for step in (2, 4, 700, 3):
        checkpoints.save(Moment(step, {"a": torch.ones(1)}, {}, FACTS))
    assert [path.name for path in checkpoints.all()] == ["checkpoint-2", "checkpoint-3"]


def test_two_trainings_never_share_a_folder(session, tmp_path):
    """They would remove each other's files; the second is refused before it reads anything."""
    with (
        occupied(tmp_path / "out"),
        pytest.raises(TrainingInvalid, match=r"another training writes into .*out"),
    ):
        session("--instance_data_dir=none").prepare()
    with occupied(tmp_path / "out"):
        pass


def test_an_optimizers_state_may_be_nested_and_shared(tmp_path):
    """As bitsandbytes has it: dicts within, tables that all weights share, plain numbers."""
    table = torch.arange(4.0)
    inner = [{"state1": torch.ones(3, dtype=torch.uint8), "qmap1": table} for _ in range(2)]
    state = {number: {"step": 7, "quant": one} for number, one in enumerate(inner)}
    path = Checkpoints(tmp_path, limit=1).save(Moment(1, {"a": table}, state, FACTS))
    again = load(path).optimizer
    assert [again[number]["step"] for number in (0, 1)] == [7, 7]
    for number, one in enumerate(inner):
        assert equal(again[number]["quant"], one)


def test_8_bit_adam_is_gone_on_with_to_the_bit(session, tmp_path):
    """Its state is bytes and tables; where the library is installed."""
    pytest.importorskip("bitsandbytes")
    flags = ("--use_8bit_adam", "--checkpointing_steps=2")
    whole = looped(session(*flags, out="whole"))
    looped(session(*flags, "--max_train_steps=2", out="cut"))
    again = looped(session(*flags, "--resume_from_checkpoint=latest", out="cut"))
    assert equal(whole.studio.student.learned(), again.studio.student.learned())


@pytest.mark.parametrize("text", ["{", "{}", '{"step": 1, "optimizer": {}, "facts": {}}'])
def test_a_checkpoint_that_is_none_is_one_sentence(tmp_path, text):
    """A file of another program, or of half a copy."""
    path = Checkpoints(tmp_path, limit=1).save(Moment(1, {"a": torch.ones(1)}, {}, FACTS))
    (path / "training.json").write_text(text)
    with pytest.raises(CheckpointUnusable, match="it cannot be read"):
        load(path)


def test_a_checkpoint_of_another_training_is_refused(session, tmp_path):
    """What differs is named, before the pictures of the class are painted; what may is not."""
    looped(session("--max_train_steps=1"))
    flags = ("--resume_from_checkpoint=latest", "--seed=5", "--learning_rate=1e-4")
    with pytest.raises(
        CheckpointUnusable, match="began with another max_grad_norm, seed, with_prior_preservation"
    ):
        session(*flags, "--max_grad_norm=3", "--with_prior_preservation").prepare()
    assert not (tmp_path / "out" / "class").exists()


def test_a_step_that_is_split_otherwise_is_the_same_step(session):
    """Half the batch in twice the passes needs less memory and gives the same, up to rounding."""
    whole = looped(session("--train_batch_size=2", out="whole"))
    looped(session("--train_batch_size=2", "--max_train_steps=2", out="cut"))
    flags = ("--gradient_accumulation_steps=2", "--resume_from_checkpoint=latest")
    again = looped(session(*flags, out="cut"))
    for one, other in zip(whole.loop.journal.rows(), again.loop.journal.rows(), strict=True):
        assert one == pytest.approx(other, rel=1e-3)
    with pytest.raises(CheckpointUnusable, match="began with another train_batch_size"):
        session(flags[-1], out="whole").prepare()


def test_the_way_on_from_a_checkpoint_may_be_steered(session, tmp_path):
    """Rate, schedule and warm-up decide steps to come only; what has changed is told."""
    path = looped(session("--max_train_steps=1")).loop.checkpoints.find("latest")
    flags = ("--resume_from_checkpoint=latest", "--learning_rate=1e-4", "--lr_scheduler=cosine")
    opened = session(*flags)
    resuming = Resuming.find(Checkpoints(path.parent, 1), opened.training)
    told = ["learning_rate 0.001 → 0.0001", "lr_scheduler constant → cosine"]
    assert resuming.refuse_other({"processes": 1}) == told
    assert looped(opened).loop.step == 4


def test_a_base_that_predicts_something_else_is_refused_early(session, tiny_painter, tmp_path):
    """Before pictures of the class are painted."""
    base = shutil.copytree(tiny_painter, tmp_path / "base")
    schedule = base / "scheduler" / "scheduler_config.json"
    odd = json.loads(schedule.read_text()) | {"prediction_type": "sample"}
    schedule.write_text(json.dumps(odd))
    with pytest.raises(TrainingInvalid, match="the base predicts 'sample'"):
        session(f"--pretrained_model_name_or_path={base}", "--with_prior_preservation").prepare()
    assert not (tmp_path / "out" / "class").exists()


@pytest.mark.parametrize(
    ("act", "told"),
    [(Act.LEARN, "These need less: --gradient_checkpointing, going on with"), (Act.FIND, "masks")],
)
def test_memory_that_is_too_small_names_the_settings(session, act, told):
    """What the allocator says becomes what a person can change."""
    opened = session()
    device = opened.accelerator.device
    with (
        pytest.raises(TrainingOutOfMemory, match=f"small to {act.value} at step 3") as raised,
        shortage_told(opened.training, device, act, lambda: 3),
    ):
        torch.empty(2**50)
    assert told in raised.value.report()["hint"]


@pytest.fixture
def fresh_accelerate():
    """What accelerate remembers for the whole process is forgotten, before and after."""
    AcceleratorState._reset_state(reset_partial_state=True)
    yield
    AcceleratorState._reset_state(reset_partial_state=True)


@pytest.mark.usefixtures("fresh_accelerate")
@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a host without a GPU")
def test_a_precision_that_the_host_lacks_is_one_sentence(session):
    """Before anything is read."""
    with pytest.raises(TrainingInvalid, match="fp16 needs a GPU, and there is none here"):
        session("--device=auto", "--mixed_precision=fp16")


@pytest.mark.usefixtures("fresh_accelerate")
def test_the_environment_decides_nothing_silently(session, monkeypatch):
    """Passes are the command line's; a precision that is left open counts as if it were given."""
    monkeypatch.setenv("ACCELERATE_MIXED_PRECISION", "bf16")
    assert session().training.deciding()["mixed_precision"] == "bf16"
    monkeypatch.setenv("ACCELERATE_GRADIENT_ACCUMULATION_STEPS", "3")
    with pytest.raises(
        TrainingInvalid, match="configured for --gradient_accumulation_steps 3, not 2"
    ):
        session("--gradient_accumulation_steps=2")


@pytest.mark.usefixtures("fresh_accelerate")
def test_shards_are_refused(session):
    """Checkpoints would hold a part of the weights."""
    opened = session()
    opened.accelerator.state.distributed_type = DistributedType.FSDP
    with pytest.raises(TrainingInvalid, match="configured for FSDP; only data-parallel"):
        refuse_configured(opened.accelerator, opened.training)


def test_processes_that_would_learn_apart_are_told_apart():
    """By the names of what differs, wherever it does."""
    one = {"step": 4, "classes": 6}
    assert apart([one, one, one]) == []
    assert apart([one, one, {**one, "step": 0}]) == ["step"]
    assert apart([one, {"step": 4}, {**one, "classes": 5}]) == ["classes"]


def test_8_bit_adam_without_its_library_is_one_sentence(session):
    """Before the first step."""
    if find_spec("bitsandbytes"):
        pytest.skip("the library is installed")
    with pytest.raises(LibraryMissing, match="--use_8bit_adam needs bitsandbytes"):
        session("--use_8bit_adam").prepare()
