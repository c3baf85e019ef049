"""What a fine-tuning is given: flags, pictures, captions, masks, and what is said of bad ones."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from shared.errors import (
    ClassPicturesOther,
    CompanionsUnusable,
    InstancesTooFew,
    InstancesTooSmall,
    InstancesUnusable,
    TokenMissing,
    TrainingInvalid,
)
from shared.keys import S3Address
from shared.pictures.limits import Limits
from shared.s3 import ObjectStore
from worker.finetune.__main__ import EXIT_INTERRUPTED, main
from worker.finetune.captions import read_captions, refuse_without_token
from worker.finetune.config import Training
from worker.finetune.journal import Entry
from worker.finetune.masks import grown, random_mask
from worker.finetune.memory import Act, footprint, remedies
from worker.finetune.note import NOTE, leave, note_of, refuse_other
from worker.finetune.occupation import occupied
from worker.finetune.pictures import digest_of, read_lessons, refuse_too_few, refuse_too_small
from worker.finetune.plot import COLOURS, MARGINS, SIZE, loss_plot
from worker.finetune.shelf import FolderShelf, PrefixShelf, open_shelf
from worker.finetune.slips import read_slips
from worker.finetune.views import DETAIL, Eye

LIMITS = Limits(10**7, 4_096, 10**7)
BASE = [
    "--pretrained_model_name_or_path=base",
    "--instance_data_dir=shop",
    "--instance_prompt=a sks dress",
    "--output_dir=out",
]
#: Flags of the prompts.
NAMES = ("instance_prompt", "class_prompt")


def picture(folder, name, size=(96, 128), seed=0):
    """A picture of noise."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(folder / name)


def lessons_of(folder):
    """Every picture of a folder."""
    shelf = FolderShelf(folder)
    return read_lessons(shelf, read_slips(shelf), LIMITS)


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
    "prompts", [("A SKS dress.", "a dress"), ("sks", "dress"), ("a sks-made dress", "a Made dress")]
)
def test_the_token_is_a_word_without_its_punctuation(prompts):
    """As CLIP's tokenizer reads it, which is what captions are compared by."""
    flags = [f"--{name}={text}" for name, text in zip(NAMES, prompts, strict=True)]
    assert Training.parse([*BASE, *flags]).rare_words == "sks"


@pytest.mark.parametrize(
    ("flags", "reason"),
    [
        ([], "holds no token"),
        (["--token=zwx"], "holds no token"),
        (["--token=ss"], "holds no token"),
        (["--token=!"], "holds no token"),
        (["--class_prompt=clothes"], r"several words of --instance_prompt \(a, sks, dress\): give"),
        (["--token=sks", "--class_prompt=a Sks, old"], "--class_prompt holds the token 'sks'"),
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
    captions = {"a.png": "a dress", "b.png": "a dress with masks", "c.png": "SKS, red"}
    with pytest.raises(TokenMissing, match=r"2 caption.*'sks'.*a.png: 'a dress'"):
        refuse_without_token(captions, "sks", "shop")


def test_a_file_of_captions_that_is_none_is_named(tmp_path):
    """The whole training would learn the wrong words."""
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "a.png"}\n')
    with pytest.raises(CompanionsUnusable, match=r"metadata.jsonl has a line without"):
        read_captions(FolderShelf(tmp_path), ["a.png"])


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (["a.png", "b.mask.png"], "b.mask.png is a mask of no picture"),
        (["a.png", "a.mask.jpg"], "a.mask.jpg is no PNG"),
        (["a.jpg", "a.png", "a.mask.png"], "a.jpg and a.png would share one mask"),
        (["a.jpg", "a.png", "a.txt"], "a.jpg and a.png would share one caption"),
        (["a.png", "metadata.jsonl"], r"metadata.jsonl names what is no picture there \(b.png\)"),
    ],
)
def test_what_stands_beside_no_picture_or_two_is_refused(tmp_path, files, reason):
    """Rather than left out unnoticed."""
    for name in files:
        (tmp_path / name).write_text('{"file_name": "b.png", "text": "a sks dress"}')
    with pytest.raises(CompanionsUnusable, match=reason):
        read_slips(FolderShelf(tmp_path))


def test_endings_may_be_written_large_and_hidden_files_are_none(tmp_path, bucket):
    """In a folder and in S3; two pictures of one name and nothing beside share nothing."""
    files = {"a.PNG", "a.Mask.png", "a.TXT", "._a.png", "b.jpg", "b.png", "notes.md"}
    store, prefix = ObjectStore.connect(), S3Address(bucket.name, "mixed/")
    for name in files:
        (tmp_path / name).write_text("a sks dress")
        store.put(prefix.join(name), b"a sks dress", content_type="text/plain")
    for shelf in (FolderShelf(tmp_path), PrefixShelf(prefix, store, 1_000)):
        slips = [(slip.name, slip.caption, slip.mask) for slip in read_slips(shelf)]
        bare = [(name, "", None) for name in ("b.jpg", "b.png")]
        assert slips == [("a.PNG", "a sks dress", "a.Mask.png"), *bare]


def test_pictures_that_were_painted_for_another_training_are_refused(tmp_path):
    """Another prompt, base, resolution or place; captions decide none, and no note says nothing."""
    picture(tmp_path, "a.png")
    training, shelf = Training.parse([*BASE, "--class_prompt=a dress"]), FolderShelf(tmp_path)
    refuse_other(shelf, {})
    leave(tmp_path, note_of(training, "base", lessons_of(tmp_path)))
    (tmp_path / "a.txt").write_text("a sks dress")
    refuse_other(shelf, note_of(training, "base", lessons_of(tmp_path)))
    Image.new("L", (96, 128), 255).save(tmp_path / "a.mask.png")
    other = training.model_copy(update={"class_prompt": "a coat", "resolution": 64})
    with pytest.raises(ClassPicturesOther, match=r"base, class_prompt, places, resolution\."):
        refuse_other(shelf, note_of(other, "new", lessons_of(tmp_path)))
    (tmp_path / NOTE).write_text("[]")
    with pytest.raises(ClassPicturesOther):
        refuse_other(shelf, note_of(training, "base", lessons_of(tmp_path)))


def test_all_unusable_pictures_are_named_together(tmp_path):
    """Cut short, no picture, a mask of another size; nothing else is said."""
    picture(tmp_path, "good.png")
    picture(tmp_path, "short.png")
    (tmp_path / "short.png").write_bytes((tmp_path / "short.png").read_bytes()[:3_000])
    (tmp_path / "text.jpg").write_text("no picture")
    picture(tmp_path, "odd.png")
    Image.new("L", (10, 10), 255).save(tmp_path / "odd.mask.png")
    with pytest.raises(InstancesUnusable, match="3 of the 4 pictures") as refused:
        lessons_of(tmp_path)
    assert all(name in str(refused.value) for name in ("short.png", "text.jpg", "odd.png"))


def test_one_picture_is_too_few(tmp_path):
    """From one the model learns the picture."""
    picture(tmp_path, "a.png")
    with pytest.raises(InstancesTooFew, match="holds 1 picture"):
        refuse_too_few(read_slips(FolderShelf(tmp_path)), "shop")


def test_pictures_under_the_resolution_are_refused(tmp_path):
    """Enlarged, they would teach blur."""
    picture(tmp_path, "a.png", (96, 128))
    picture(tmp_path, "b.png", (128, 128))
    lessons = lessons_of(tmp_path)
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
    before = digest_of(lessons_of(tmp_path / "one"))
    assert before == digest_of(lessons_of(tmp_path / "two"))
    (tmp_path / "two" / "a.txt").write_text("a sks dress")
    captioned = digest_of(lessons_of(tmp_path / "two"))
    Image.new("L", (96, 128), 255).save(tmp_path / "two" / "a.mask.png")
    assert len({before, captioned, digest_of(lessons_of(tmp_path / "two"))}) == 3


def test_a_view_is_decided_by_its_draw_alone(tmp_path):
    """The same draw twice is the same square, mask and caption; with a known mask it is in view."""
    picture(tmp_path, "a.png")
    mask = np.zeros((128, 96), np.uint8)
    mask[40:80, 30:60] = 255
    Image.fromarray(mask).save(tmp_path / "a.mask.png")
    [lesson] = lessons_of(tmp_path)
    eye = Eye(64, centred=False)
    first, again = (eye.look(lesson, "a sks dress", np.random.default_rng(3)) for _ in range(2))
    assert np.array_equal(first.rgb, again.rgb)
    assert np.array_equal(first.mask, again.mask)
    assert first.caption == "a sks dress"
    square, area = eye.plain(lesson)
    assert square.shape == (64, 64, 3)
    assert 0.2 < (area == 255).mean() < 0.7


@pytest.mark.parametrize("masked", [True, False])
def test_of_a_large_picture_only_what_is_seen_is_kept(tmp_path, masked):
    """Twice the resolution at most, as each is read; what is seen stays the same to rounding."""
    ramp = np.linspace(0, 255, 900 * 600).reshape(600, 900).astype(np.uint8)
    Image.fromarray(np.dstack([ramp, ramp.T.reshape(600, 900), 255 - ramp])).save(
        tmp_path / "a.png"
    )
    mask = np.zeros((600, 900), np.uint8)
    mask[100:500, 200:500] = 255 * masked
    Image.fromarray(mask).save(tmp_path / "a.mask.png")
    eye = Eye(64, centred=False)
    [whole] = lessons_of(tmp_path)
    kept = eye.kept(whole)
    assert (min(kept.rgb.shape[:2]), kept.size, kept.digest) == (
        64 * DETAIL,
        whole.size,
        whole.digest,
    )
    (rgb, area), (square, place) = eye.plain(whole), eye.plain(kept)
    assert np.abs(rgb.astype(int) - square).max() <= 2
    assert (area != place).mean() < 0.05


def test_a_small_picture_is_seen_as_it_is_kept(tmp_path):
    """To the bit, with a mask and without."""
    for name in ("a", "b"):
        picture(tmp_path, f"{name}.png", (120, 90))
    mask = np.zeros((90, 120), np.uint8)
    mask[5:70, 60:110] = 255
    Image.fromarray(mask).save(tmp_path / "a.mask.png")
    eye = Eye(64, centred=False)
    for lesson in lessons_of(tmp_path):
        for draw in range(4):
            pair = (lesson, eye.kept(lesson))
            one, other = (eye.look(seen, "", np.random.default_rng(draw)) for seen in pair)
            assert np.array_equal(one.rgb, other.rgb)
            assert np.array_equal(one.mask, other.mask)


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
    """Only what is not done already, and apart what a resume refuses."""
    full = Training.parse([*BASE, "--token=sks", "--train_batch_size=4"])
    mild, anew = remedies(full, Act.LEARN, gpu=True).split("; or begin anew with ")
    assert mild.startswith("--gradient_checkpointing, --train_batch_size")
    assert anew == "--mixed_precision fp16, --use_8bit_adam, --use_lora, --resolution"
    flags = ("--gradient_checkpointing", "--use_lora", "--mixed_precision=bf16")
    lora = Training.parse([*BASE, "--token=sks", *flags])
    assert remedies(lora, Act.LEARN, gpu=True) == "begin anew with --resolution"
    assert "fp16" not in remedies(full, Act.LEARN, gpu=False)


def test_painting_and_looking_need_memory_of_their_own():
    """Their settings are named, not those of a step."""
    training = Training.parse([*BASE, "--token=sks"])
    painting = remedies(training, Act.PAINT, gpu=True)
    assert painting.startswith("--sample_batch_size, going on")
    assert "--train_batch_size" not in painting
    assert "--segmenter_name_or_path" in remedies(training, Act.FIND, gpu=True)


@pytest.mark.parametrize(
    ("flag", "told"),
    [
        ("--lr_warmup_steps=5", "means nothing to --lr_scheduler constant"),
        ("--mixed_precision=fp16", "fp16 needs a GPU"),
    ],
)
def test_flags_that_would_do_nothing_are_refused(flag, told):
    """Or nothing on this device; before anything is read."""
    with pytest.raises(TrainingInvalid, match=told):
        Training.parse([*BASE, "--token=sks", "--device=cpu", flag])


def test_the_plot_has_a_curve_from_the_first_step_on():
    """A short training shows one, too; a point alone is no curve."""

    def drawn(steps):
        entries = [Entry(step, 1 / step, 1 / step, 0.0) for step in range(1, steps + 1)]
        pixels = np.asarray(loss_plot(entries))
        blue = (pixels == COLOURS["loss"]).all(axis=2)[MARGINS[1] + 1 :]
        return np.flatnonzero(blue.any(axis=0))

    assert (drawn(5)[0], drawn(5)[-1]) == (MARGINS[0], SIZE[0] - MARGINS[2])
    assert len(drawn(1)) == len(drawn(0)) == 0


@pytest.mark.parametrize(
    ("flag", "words"),
    [
        ("--rank=4", "--rank does nothing without --use_lora"),
        ("--num_class_images=4", "without --with_prior_preservation"),
        ("--mask_prompt=hat", "without --segmenter_name_or_path"),
        ("--output_dir=s3://shop/out", "is a folder of this host"),
    ],
)
def test_a_flag_that_would_do_nothing_is_refused(flag, words):
    """Who forgets the switch beside it would wait for hours for something else."""
    needed = {"pretrained_model_name_or_path": "m", "instance_data_dir": "i", "output_dir": "o"}
    given = [f"--{name}={value}" for name, value in needed.items()]
    with pytest.raises(TrainingInvalid, match=words):
        Training.parse([*given, "--instance_prompt=a sks dress", "--token=sks", flag])


def test_an_output_that_cannot_be_made_is_told_before_anything_begins(tmp_path):
    """A file of that name, and a folder below it."""
    (tmp_path / "note").write_text("")
    for folder in (tmp_path / "note", tmp_path / "note" / "out"):
        with pytest.raises(TrainingInvalid, match="cannot be made or written"), occupied(folder):
            pytest.fail("it was taken")


def test_an_interrupted_training_says_how_to_go_on(monkeypatch, capsys):
    """One sentence and the shell's own status; no traceback."""

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr("worker.finetune.__main__.load_settings", interrupted)
    needed = ("--pretrained_model_name_or_path=m", "--instance_data_dir=i", "--output_dir=o")
    assert main([*needed, "--instance_prompt=a sks dress", "--token=sks"]) == EXIT_INTERRUPTED
    assert "--resume_from_checkpoint latest" in capsys.readouterr().err
