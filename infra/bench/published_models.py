"""Builders of full-size models with random weights, laid out exactly as the hub publishes them.

Configs are those of sd2-community/stable-diffusion-2-inpainting and CIDAS/clipseg-rd64-refined.
Together about 2.9 GB on disk; building takes about 6 GB of memory.
"""

import json
from pathlib import Path
from typing import Any

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPSegConfig, CLIPSegForImageSegmentation, CLIPTextConfig, CLIPTextModel

#: Size of CLIP's vocabulary; its last two tokens begin and end a text.
VOCABULARY = 49_408
BOS, EOS = "<|startoftext|>", "<|endoftext|>"

#: Their published types do not know how they are built.
_UNET: Any = UNet2DConditionModel
_VAE: Any = AutoencoderKL

MODEL_INDEX = {
    "_class_name": "StableDiffusionInpaintPipeline",
    "_diffusers_version": "0.8.0",
    "feature_extractor": ["transformers", "CLIPImageProcessor"],
    "requires_safety_checker": False,
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "PNDMScheduler"],
    "text_encoder": ["transformers", "CLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "UNet2DConditionModel"],
    "vae": ["diffusers", "AutoencoderKL"],
}
SCHEDULER = {
    "_class_name": "PNDMScheduler",
    "_diffusers_version": "0.8.0",
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "prediction_type": "epsilon",
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
}
FEATURE_EXTRACTOR = {
    "crop_size": 224,
    "do_center_crop": True,
    "do_convert_rgb": True,
    "do_normalize": True,
    "do_resize": True,
    "feature_extractor_type": "CLIPFeatureExtractor",
    "image_mean": [0.48145466, 0.4578275, 0.40821073],
    "image_std": [0.26862954, 0.26130258, 0.27577711],
    "resample": 3,
    "size": 224,
}
CLIPSEG_PROCESSOR = {
    "do_normalize": True,
    "do_resize": True,
    "feature_extractor_type": "ViTFeatureExtractor",
    "image_mean": [0.485, 0.456, 0.406],
    "image_std": [0.229, 0.224, 0.225],
    "resample": 2,
    "size": 352,
}


def build_painter(directory: Path) -> Path:
    """Stable Diffusion 2 inpainting: 866 + 340 + 84 million random weights in float16."""
    torch.manual_seed(0)
    directory.mkdir(parents=True)
    _write(directory / "model_index.json", MODEL_INDEX)
    _write(directory / "scheduler" / "scheduler_config.json", SCHEDULER)
    _write(directory / "feature_extractor" / "preprocessor_config.json", FEATURE_EXTRACTOR)
    _write_tokenizer(directory / "tokenizer", pad="!")
    # One after the other, so that only one is in memory in float32.
    build_unet().half().save_pretrained(directory / "unet")
    _text_encoder().half().save_pretrained(directory / "text_encoder")
    _vae().half().save_pretrained(directory / "vae")
    return directory


def build_segmenter(directory: Path) -> Path:
    """CLIPSeg rd64 refined: 151 million random weights in float32, as published."""
    torch.manual_seed(0)
    directory.mkdir(parents=True)
    config = CLIPSegConfig(
        vision_config={"patch_size": 16},
        reduce_dim=64,
        extract_layers=[3, 6, 9],
        decoder_num_attention_heads=4,
        decoder_intermediate_size=2048,
        use_complex_transposed_convolution=True,
    )
    CLIPSegForImageSegmentation(config).save_pretrained(directory)
    _write(directory / "preprocessor_config.json", CLIPSEG_PROCESSOR)
    _write_tokenizer(directory, pad=EOS)
    return directory


def rename_to_variant(directory: Path) -> None:
    """Give all weights the names of the published half-precision set."""
    for weights in list(directory.rglob("*.safetensors")):
        weights.rename(weights.with_suffix(".fp16.safetensors"))


def build_unet() -> Any:
    """SD 2 inpainting's UNet, with random weights in float32."""
    return _UNET(
        sample_size=64,
        in_channels=9,
        out_channels=4,
        attention_head_dim=(5, 10, 20, 20),
        block_out_channels=(320, 640, 1280, 1280),
        cross_attention_dim=1024,
        use_linear_projection=True,
    )


def _text_encoder() -> Any:
    config = CLIPTextConfig(
        hidden_size=1024,
        intermediate_size=4096,
        num_hidden_layers=23,
        num_attention_heads=16,
        hidden_act="gelu",
        projection_dim=512,
        vocab_size=VOCABULARY,
        bos_token_id=0,
        eos_token_id=2,
        pad_token_id=1,
    )
    return CLIPTextModel(config)


def _vae() -> Any:
    return _VAE(
        block_out_channels=(128, 256, 512, 512),
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
        sample_size=512,
    )


def _write_tokenizer(folder: Path, *, pad: str) -> None:
    """CLIP's four tokenizer files, with a vocabulary of the right size and our own words."""
    letters = [chr(code) for code in range(33, 127)]
    known = [*letters, *(f"{letter}</w>" for letter in letters)]
    fillers = [f"filler{number}</w>" for number in range(VOCABULARY - len(known) - 2)]
    tokens = [*known, *fillers, BOS, EOS]
    special = {"bos_token": BOS, "eos_token": EOS, "unk_token": EOS, "pad_token": pad}
    config = {"model_max_length": 77, "tokenizer_class": "CLIPTokenizer", "do_lower_case": True}
    _write(folder / "vocab.json", {token: number for number, token in enumerate(tokens)})
    (folder / "merges.txt").write_text("#version: 0.2\n")
    _write(folder / "special_tokens_map.json", special)
    _write(folder / "tokenizer_config.json", config | special | {"add_prefix_space": False})


def _write(path: Path, content: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content))
