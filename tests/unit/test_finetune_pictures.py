"""What a fine-tuning is given: flags, pictures, captions, masks, and what is said of bad ones."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.errors import (
    InstancesTooFew,
    InstancesTooSmall,
    InstancesUnusable,
    TokenMissing,
    TrainingInvalid,
)
from shared.pictures.limits import Limits
from worker.finetune.captions import read_captions, refuse_without_token
from worker.finetune.config import Training
from worker.finetune.journal import Entry
from worker.finetune.masks import grown, random_mask
from worker.finetune.memory import footprint, remedies
from worker.finetune.pictures import digest_of, read_lessons, refuse_too_few, refuse_too_small
from worker.finetune.plot import COLOURS, MARGINS, SIZE, loss_plot
from worker.finetune.shelf import FolderShelf, open_shelf
from worker.finetune.views import Eye

LIMITS = Limits(10**7, 4_096, 10**7)
BASE = [
    "--pretrained_model_name_or_path=base",
    "--instance_data_dir=shop",
    "--instance_prompt=a sks dress",
    "--output_dir=out",
]


def picture(folder, name, size=(96, 128), seed=0):
    """A picture of noise."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / name)


def no_store():
    """No test here speaks to S3."""
    raise AssertionError


@settings(max_examples=60)
@given(seed=st.integers(0, 2**32), side=st.sampled_from([64, 128, 192]))
def test_random_masks_repaint_something_and_growth_only_adds(seed, side):
    """Black or white, never empty; a grown mask holds the mask."""
    mask = random_mask(side, np.random.default_rng(seed))
    assert (mask.shape, mask.dtype) == ((side, side), np.uint8)
    assert set(np.unique(mask)) <= {0, 255}
    assert mask.any()
    assert (grown(mask, np.random.default_rng(seed)) >= mask).all()


def test_the_token_is_what_the_class_prompt_lacks():
    """Given it must be in the prompt; without either nothing would be tied to the pictures."""
    training = Training.parse([*BASE, "--class_prompt=a dress"])
    assert training.rare_words == "sks"
    assert training.sought == "a dress"
    named = Training.parse([*BASE, "--token=sks"])
    assert (named.rare_words, named.sought) == ("sks", "a dress")


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ([], "holds no token"),
        (["--token=zwx"], "holds no token"),
        (["--token=sks", "--resolution=100"], "multiple of 64"),
        (["--token=sks", "--with_prior_preservation"], "needs --class_prompt"),
        (["--token=sks", "--train_batch_size=0"], "train_batch_size: should be greater"),
        (["--token=sks", "--colour=red"], "--colour"),
    ],
)
def test_flags_that_mean_nothing_are_refused_in_one_sentence(flags, reason):
    """Before anything is read or loaded."""
    with pytest.raises(TrainingInvalid, match=reason):
        Training.parse([*BASE, *flags])


def test_flags_come_from_the_command_line_alone(monkeypatch):
    """A variable that happens to have a flag's name decides nothing."""
    monkeypatch.setenv("SEED", "7")
    monkeypatch.setenv("RESOLUTION", "64")
    training = Training.parse([*BASE, "--token=sks", "--train_text_encoder"])
    assert (training.seed, training.resolution, training.train_text_encoder) == (0, 512, True)


def test_switches_may_have_a_value():
    """SageMaker knows no flags without one."""
    given = ["--token", "sks", "--use_lora", "True", "--center_crop", "False", "--seed", "3"]
    training = Training.parse([*BASE, *given])
    assert (training.use_lora, training.center_crop, training.seed) == (True, False, 3)


def test_captions_stand_beside_pictures_or_in_one_file(tmp_path):
    """A .txt of the same stem beats the line of metadata.jsonl; others have none."""
    rows = [{"file_name": name, "text": f"a sks dress, {name}"} for name in ("a.png", "b.png")]
    (tmp_path / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)) + "\n")
    (tmp_path / "b.txt").write_text("a sks dress on grass\n")
    captions = read_captions(FolderShelf(tmp_path), ["a.png", "b.png", "c.png"])
    assert captions == {"a.png": "a sks dress, a.png", "b.png": "a sks dress on grass"}
    refuse_without_token(captions, "sks", "shop")


def test_captions_without_the_token_are_refused(tmp_path):
    """All of them are counted, the first few quoted."""
    with pytest.raises(TokenMissing, match=r"2 caption.*'sks'.*a.png: 'a dress'"):
        refuse_without_token({"a.png": "a dress", "b.png": "red", "c.png": "sks"}, "sks", "shop")


def test_a_file_of_captions_that_is_none_is_named(tmp_path):
    """The whole training would learn the wrong words."""
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "a.png"}\n')
    with pytest.raises(InstancesUnusable, match=r"metadata.jsonl has a line without"):
        read_captions(FolderShelf(tmp_path), ["a.png"])


def test_all_unusable_pictures_are_named_together(tmp_path):
    """Cut short, no picture, a mask of another size; nothing else is said."""
    picture(tmp_path, "good.png")
    picture(tmp_path, "short.png")
    (tmp_path / "short.png").write_bytes((tmp_path / "short.png").read_bytes()[:3_000])
    (tmp_path / "text.jpg").write_text("no picture")
    picture(tmp_path, "odd.png")
    Image.new("L", (10, 10), 255).save(tmp_path / "odd.mask.png")
    with pytest.raises(InstancesUnusable, match="3 of the 4 pictures") as refused:
        read_lessons(FolderShelf(tmp_path), LIMITS)
    assert all(name in str(refused.value) for name in ("short.png", "text.jpg", "odd.png"))


def test_one_picture_is_too_few(tmp_path):
    """From one the model learns the picture."""
    picture(tmp_path, "a.png")
    with pytest.raises(InstancesTooFew, match="holds 1 picture"):
        refuse_too_few(read_lessons(FolderShelf(tmp_path), LIMITS), "shop")


def test_pictures_under_the_resolution_are_refused(tmp_path):
    """Enlarged, they would teach blur."""
    picture(tmp_path, "a.png", (96, 128))
    picture(tmp_path, "b.png", (128, 128))
    lessons = read_lessons(FolderShelf(tmp_path), LIMITS)
    refuse_too_small(lessons, 64, "shop")
    with pytest.raises(InstancesTooSmall, match=r"1 of .*128 px: a.png has 96 x 128 px"):
        refuse_too_small(lessons, 128, "shop")


def test_a_folder_that_is_not_there_is_no_shelf(tmp_path):
    """Rather than an empty one."""
    with pytest.raises(TrainingInvalid, match="there is no folder"):
        open_shelf(str(tmp_path / "gone"), no_store, max_bytes=1)


def test_the_digest_is_of_what_is_learned(tmp_path):
    """A caption or a mask changes it; where the files lie does not."""
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        picture(tmp_path / folder, "a.png")
    first, second = (FolderShelf(tmp_path / name) for name in ("one", "two"))
    before = digest_of(read_lessons(first, LIMITS))
    assert before == digest_of(read_lessons(second, LIMITS))
    (tmp_path / "two" / "a.txt").write_text("a sks dress")
    captioned = digest_of(read_lessons(second, LIMITS))
    Image.new("L", (96, 128), 255).save(tmp_path / "two" / "a.mask.png")
    assert len({before, captioned, digest_of(read_lessons(second, LIMITS))}) == 3


def test_a_view_is_decided_by_its_draw_alone(tmp_path):
    """The same draw twice is the same square, mask and caption; with a known mask it is in view."""
    picture(tmp_path, "a.png")
    mask = np.zeros((128, 96), np.uint8)
    mask[40:80, 30:60] = 255
    Image.fromarray(mask).save(tmp_path / "a.mask.png")
    [lesson] = read_lessons(FolderShelf(tmp_path), LIMITS)
    eye = Eye(64, centred=False)
    first, again = (eye.look(lesson, "a sks dress", np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first.rgb, again.rgb)
    assert np.array_equal(first.mask, again.mask)
    assert first.caption == "a sks dress"
    square, area = eye.plain(lesson)
    assert square.shape == (64, 64, 3)
    assert 0.2 < (area == 255).mean() < 0.7


def test_low_rank_and_checkpointing_take_less_memory():
    """The estimate follows the flags, and says that it is none measured."""
    unet, rest = 866_000_000, 424_000_000
    full = Training.parse([*BASE, "--token=sks"])
    lean = Training.parse([*BASE, "--token=sks", "--gradient_checkpointing", "--use_8bit_adam"])
    lora = Training.parse([*BASE, "--token=sks", "--gradient_checkpointing", "--use_lora"])
    sizes = [footprint(one, unet, rest, half=True).total for one in (full, lean)]
    assert footprint(lora, 3_000_000, unet + rest, half=True).total < sizes[1] < sizes[0]
    assert footprint(full, unet, rest, half=True).told()["measured"] is False


def test_what_can_still_be_changed_is_said():
    """Only what is not done already."""
    full = Training.parse([*BASE, "--token=sks", "--train_batch_size=4"])
    assert remedies(full).startswith("--gradient_checkpointing, --train_batch_size")
    lora = Training.parse(
        [*BASE, "--token=sks", "--gradient_checkpointing", "--use_lora", "--mixed_precision=bf16"]
    )
    assert remedies(lora) == "--resolution"


def test_the_plot_has_a_curve_from_the_first_step_on():
    """A short training shows one, too; a point alone is no curve."""

    def drawn(steps):
        entries = [Entry(step, 1 / step, 1 / step, 0.0) for step in range(1, steps + 1)]
        pixels = np.asarray(loss_plot(entries))
        blue = (pixels == COLOURS["loss"]).all(axis=2)[MARGINS[1] + 1 :]
        return np.flatnonzero(blue.any(axis=0))

    assert (drawn(5)[0], drawn(5)[-1]) == (MARGINS[0], SIZE[0] - MARGINS[2])
    assert len(drawn(1)) == len(drawn(0)) == 0
