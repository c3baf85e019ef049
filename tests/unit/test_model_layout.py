"""What is read from a model's directory before anything in it is loaded."""

import json
from itertools import product

import pytest

from shared.errors import ModelInvalid
from shared.packing.layout import choose_files, painter_problem, problem, segmenter_problem
from worker.segment.geometry import SegmenterGeometry, segmenter_geometry

#: The published repository of SD 2 inpainting, as listed by the hub (pickles left out but one).
PUBLISHED_PAINTER = [
    *(".gitattributes", "README.md", "merged-leopards.png", "model_index.json"),
    *("512-inpainting-ema.ckpt", "512-inpainting-ema.safetensors"),
    "feature_extractor/preprocessor_config.json",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "text_encoder/model.fp16.safetensors",
    "text_encoder/model.safetensors",
    "text_encoder/pytorch_model.bin",
    "tokenizer/merges.txt",
    "tokenizer/special_tokens_map.json",
    "tokenizer/tokenizer_config.json",
    "tokenizer/vocab.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.fp16.safetensors",
    "unet/diffusion_pytorch_model.safetensors",
    "unet/diffusion_pytorch_model.non_ema.safetensors",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
    "safety_checker/model.safetensors",
]
PUBLISHED_SEGMENTER = [
    *("README.md", "config.json", "merges.txt", "model.safetensors", "preprocessor_config.json"),
    *("pytorch_model.bin", "special_tokens_map.json", "tokenizer_config.json", "vocab.json"),
]


def write(directory, files):
    """Write files by their paths; a dict becomes JSON, None an empty file."""
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("" if content is None else json.dumps(content))
    return directory


def painter_files():
    """The files of a whole painter."""
    parts = {part: ["diffusers", "X"] for part in ("unet", "vae", "scheduler")}
    parts |= {part: ["transformers", "X"] for part in ("text_encoder", "tokenizer")}
    return {
        "model_index.json": {"_class_name": "StableDiffusionInpaintPipeline", **parts},
        "unet/config.json": {"in_channels": 9},
        "unet/diffusion_pytorch_model.safetensors": None,
        "vae/diffusion_pytorch_model.safetensors": None,
        "text_encoder/model.safetensors": None,
        "tokenizer/vocab.json": {},
        "scheduler/scheduler_config.json": {},
    }


SIZES = [352, {"height": 352, "width": 352}, {"shortest_edge": 352}]


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("layout", ["preprocessor_config.json", "processor_config.json"])
def test_geometry_is_read_from_both_published_layouts(tmp_path, layout, size):
    """Old and new processor files say the same, with sizes in any of their forms."""
    fields = {"size": size, "image_mean": [0.485, 0.456, 0.406], "image_std": [0.2, 0.3, 0.4]}
    content = fields if layout.startswith("pre") else {"image_processor": fields}
    write(tmp_path, {layout: content})
    expected = SegmenterGeometry(352, (0.485, 0.456, 0.406), (0.2, 0.3, 0.4))
    assert segmenter_geometry(tmp_path) == expected
    assert expected.fill == (124, 116, 104)


GOOD = {"size": 64, "image_mean": [0.5] * 3, "image_std": [0.5] * 3}


def test_a_processor_config_without_pictures_gives_way_to_the_older_file(tmp_path):
    """Some directories hold both; the one that speaks of pictures counts."""
    write(tmp_path, {"processor_config.json": {"x": 1}, "preprocessor_config.json": GOOD})
    assert segmenter_geometry(tmp_path).side == 64


def test_a_processor_that_does_not_normalise_leaves_colours_as_they_are(tmp_path):
    """Then a black bar is what it would see nothing in."""
    write(tmp_path, {"preprocessor_config.json": GOOD | {"do_normalize": False}})
    geometry = segmenter_geometry(tmp_path)
    assert (geometry.mean, geometry.std, geometry.fill) == ((0,) * 3, (1,) * 3, (0,) * 3)


BROKEN = [
    {},
    GOOD | {"rescale_factor": 1 / 127.5},
    GOOD | {"do_rescale": False},
    GOOD | {"size": {"height": 64, "width": 32}},
    GOOD | {"size": 0},
    GOOD | {"size": 10**6},
    GOOD | {"size": "large"},
    GOOD | {"image_mean": [0.5]},
    GOOD | {"image_mean": None},
    GOOD | {"image_std": [0.5, 0, 0.5]},
    {"image_processor": 3},
    [1, 2],
]


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_processor_config_is_one_clear_error(tmp_path, content):
    """Whatever is wrong in it, it is ModelInvalid."""
    write(tmp_path, {"preprocessor_config.json": content})
    with pytest.raises(ModelInvalid, match="processor config"):
        segmenter_geometry(tmp_path)


@pytest.mark.parametrize("content", [None, b"\xff{", b"{"])
def test_a_missing_or_unreadable_processor_config_is_one_clear_error(tmp_path, content):
    """No file, bad UTF-8 and bad JSON alike."""
    if content is not None:
        (tmp_path / "preprocessor_config.json").write_bytes(content)
    with pytest.raises(ModelInvalid, match="processor config"):
        segmenter_geometry(tmp_path)


def test_of_a_published_painter_each_weight_is_chosen_once():
    """Half precision where there is one, else full; no pickles, single files or extras."""
    chosen = choose_files(PUBLISHED_PAINTER)
    assert [name for name in chosen if name.endswith(".safetensors")] == [
        "text_encoder/model.fp16.safetensors",
        "unet/diffusion_pytorch_model.fp16.safetensors",
        "vae/diffusion_pytorch_model.safetensors",
    ]
    folders = {name.partition("/")[0] for name in chosen if "/" in name}
    parts = {"unet", "vae", "text_encoder", "tokenizer", "scheduler"}
    assert folders == parts | {"feature_extractor"}  # handed on by a fine-tuning, never needed
    assert "model_index.json" in chosen
    assert not {name for name in chosen if name.endswith((".bin", ".ckpt", ".png", ".md"))}


def test_of_a_published_segmenter_all_but_pickles_and_prose_is_chosen():
    """Its files lie at the top."""
    expected = set(PUBLISHED_SEGMENTER) - {"README.md", "pytorch_model.bin"}
    assert set(choose_files(PUBLISHED_SEGMENTER)) == expected


def test_a_whole_painter_has_no_problem(tmp_path):
    """The check passes what is published."""
    assert painter_problem(write(tmp_path, painter_files())) == ""
    assert problem(tmp_path) == ""


def changed(**changes):
    """The files of a painter whose index differs."""
    files = painter_files()
    files["model_index.json"] = files["model_index.json"] | changes
    return files


def without(*names, **added):
    """The files of a painter that lacks some."""
    return {k: v for k, v in (painter_files() | added).items() if k not in names}


UNET = "unet/diffusion_pytorch_model.safetensors"
INDEX = {"weight_map": {"a": "m-1.safetensors", "b": "m-2.safetensors"}}
PAINTER_PROBLEMS = [
    ({}, "no readable model_index.json"),
    ({"config.json": {}}, "a model of another kind"),
    (changed(_class_name="StableDiffusionXLInpaintPipeline"), "StableDiffusionXLInpaintPipeline"),
    (changed(unet=["my_unet", "MyUNet"]), "my_unet"),
    (changed(vae=None), "its vae is"),
    (changed(vae=["diffusers"]), "its vae is"),
    (without(UNET), "weights of unet are missing"),
    (without(UNET, **{"unet/diffusion_pytorch_model.bin": None}), "pickles"),
    (without("scheduler/scheduler_config.json"), "folder scheduler is missing"),
    (painter_files() | {"unet/config.json": {"in_channels": 4}}, "4 channels"),
    (painter_files() | {"unet/config.json": []}, "None channels"),
    (painter_files() | {"unet/config.json": {"time_cond_proj_dim": 256}}, "distilled"),
    (
        painter_files() | {"unet/m.safetensors.index.json": INDEX, "unet/m-1.safetensors": None},
        "m-2.safetensors is missing",
    ),
]


@pytest.mark.parametrize(("files", "words"), PAINTER_PROBLEMS)
def test_what_is_wrong_with_a_painter_is_said(tmp_path, files, words):
    """Each way in which a directory is no safe inpainting pipeline has its own sentence."""
    assert words in painter_problem(write(tmp_path, files))


CLOTHES = {
    "model_type": "segformer",
    "architectures": ["SegformerForSemanticSegmentation"],
    "id2label": {"0": "Background", "1": "Dress"},
}
WEIGHTS = {"model.safetensors": None}


def test_whole_segmenters_of_every_kind_have_no_problem(tmp_path):
    """The check passes what is published, in either layout of the processor's config."""
    beit = CLOTHES | {"model_type": "beit", "architectures": ["BeitForSemanticSegmentation"]}
    kinds = {"clipseg": {"model_type": "clipseg"}, "segformer": CLOTHES, "beit": beit}
    for (kind, config), layout in product(kinds.items(), ("preprocessor", "processor")):
        files = {"config.json": config, f"{layout}_config.json": GOOD, **WEIGHTS}
        assert problem(write(tmp_path / kind / layout, files)) == ""


SEGMENTER_PROBLEMS = [
    ({"config.json": {"model_type": ["clipseg"]}}, "which is none of 'clipseg', 'segformer'"),
    ({"config.json": CLOTHES | {"architectures": ["SegformerForImageClassification"]}}, "it is a"),
    ({"config.json": CLOTHES | {"id2label": None}}, "names no labels"),
    ({"config.json": CLOTHES}, "are missing"),
    ({"config.json": CLOTHES, "pytorch_model.bin": None}, "pickles"),
    ({"config.json": CLOTHES, **WEIGHTS}, "it has no preprocessor_config.json or processor"),
    ({}, "no readable config.json"),
    ({"config.json": {"model_type": "clip"}}, "'clip'"),
    ({"model_index.json": {}}, "a model of another kind"),
    ({"config.json": {"model_type": "clipseg"}}, "are missing"),
    ({"config.json": {"model_type": "clipseg"}, "pytorch_model.bin": None}, "pickles"),
]


@pytest.mark.parametrize(("files", "words"), SEGMENTER_PROBLEMS)
def test_what_is_wrong_with_a_segmenter_is_said(tmp_path, files, words):
    """Each way in which a directory is no safe segmenter has its own sentence."""
    assert words in segmenter_problem(write(tmp_path, files))


def test_a_path_that_is_no_directory_is_said_so(tmp_path):
    """A missing path has no files to complain about."""
    assert segmenter_problem(tmp_path / "nothing") == "it is no directory"
