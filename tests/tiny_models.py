"""Builders of tiny untrained models of the production classes: a second each, no downloads.

They mean nothing, but they load, batch and fail like the real ones.
"""

import json
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    EulerDiscreteScheduler,
    StableDiffusionInpaintPipeline,
    UNet2DConditionModel,
)
from transformers import (
    BeitConfig,
    BeitForSemanticSegmentation,
    CLIPSegConfig,
    CLIPSegForImageSegmentation,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
    SegformerConfig,
    SegformerForSemanticSegmentation,
)

#: Some labels of mattmdjaga/segformer_b2_clothes.
LABELS = ("Background", "Hair", "Upper-clothes", "Dress", "Left-shoe", "Right-shoe")

#: Side of the tiny segmenter's input, and of the pictures the tests paint, in pixels.
SIDE = 64
WORDS = ("a", "the", "red", "blue", "dress", "skirt", "shirt", "striped")
BOS, EOS = "<|startoftext|>", "<|endoftext|>"


def build_tokenizer(folder: Path) -> CLIPTokenizer:
    """A tokenizer of letters: every text has tokens, long ones have many."""
    letters = [chr(code) for code in range(33, 127)]
    vocabulary = [*letters, *(f"{letter}</w>" for letter in letters), BOS, EOS]
    folder.mkdir(parents=True, exist_ok=True)
    numbers = {token: number for number, token in enumerate(vocabulary)}
    (folder / "vocab.json").write_text(json.dumps(numbers))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77, "unk_token": EOS}
    config |= {"bos_token": BOS, "eos_token": EOS, "pad_token": EOS}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return CLIPTokenizer.from_pretrained(folder, local_files_only=True)


def text_config(tokenizer: CLIPTokenizer) -> dict[str, int]:
    """Fields of a two-layer CLIP text tower for a tokenizer."""
    return {
        "vocab_size": len(tokenizer),
        "hidden_size": 32,
        "intermediate_size": 64,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "max_position_embeddings": 77,
        "bos_token_id": tokenizer.bos_token_id,
        "eos_token_id": tokenizer.eos_token_id,
        "pad_token_id": tokenizer.eos_token_id,
    }


def build_segmenter(directory: Path, *, seed: int = 0) -> Path:
    """A tiny CLIPSeg directory, laid out like CIDAS/clipseg-rd64-refined."""
    torch.manual_seed(seed)
    tokenizer = build_tokenizer(directory)
    config = CLIPSegConfig(
        text_config=text_config(tokenizer),
        vision_config={
            "hidden_size": 48,
            "intermediate_size": 96,
            "num_hidden_layers": 3,
            "num_attention_heads": 2,
            "image_size": SIDE,
            "patch_size": 8,
        },
        projection_dim=32,
        extract_layers=[0, 1],
        reduce_dim=16,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=32,
        initializer_factor=20.0,
    )
    CLIPSegForImageSegmentation(config).save_pretrained(directory)
    write_preprocessor(directory, SIDE)
    return directory


def build_segformer(directory: Path, *, seed: int = 0) -> Path:
    """A tiny SegFormer directory, laid out like mattmdjaga/segformer_b2_clothes."""
    torch.manual_seed(seed)
    config = SegformerConfig(
        depths=[1, 1, 1, 1],
        hidden_sizes=[8, 8, 16, 16],
        num_attention_heads=[1, 1, 2, 2],
        mlp_ratios=[1, 1, 1, 1],
        decoder_hidden_size=16,
        initializer_range=0.3,
        id2label=dict(enumerate(LABELS)),
    )
    SegformerForSemanticSegmentation(config).save_pretrained(directory)
    write_preprocessor(directory, SIDE)
    return directory


def build_beit(directory: Path, *, seed: int = 0) -> Path:
    """A tiny BEiT directory, laid out like microsoft/beit-base-finetuned-ade-640-640."""
    torch.manual_seed(seed)
    config = BeitConfig(
        image_size=SIDE,
        patch_size=16,
        hidden_size=16,
        num_hidden_layers=4,
        num_attention_heads=2,
        intermediate_size=32,
        out_indices=[1, 2, 3, 4],
        auxiliary_channels=8,
        use_relative_position_bias=True,
        initializer_range=0.1,
        id2label=dict(enumerate(LABELS)),
    )
    BeitForSemanticSegmentation(config).save_pretrained(directory)
    write_preprocessor(directory, SIDE)
    return directory


def write_preprocessor(directory: Path, side: int) -> None:
    """preprocessor_config.json as the published CLIPSeg has it, but for the side."""
    fields = {
        "do_normalize": True,
        "do_resize": True,
        "image_mean": [0.485, 0.456, 0.406],
        "image_processor_type": "ViTImageProcessor",
        "image_std": [0.229, 0.224, 0.225],
        "resample": 2,
        "size": {"height": side, "width": side},
    }
    (directory / "preprocessor_config.json").write_text(json.dumps(fields))


def build_painter(directory: Path, *, seed: int = 0, channels: int = 9) -> Path:
    """A tiny Stable Diffusion inpainting directory; 4 channels make it a text-to-image one."""
    torch.manual_seed(seed)
    tokenizer = build_tokenizer(directory / "tokenizer")
    pipeline = StableDiffusionInpaintPipeline(
        vae=_vae(),
        text_encoder=CLIPTextModel(CLIPTextConfig(**text_config(tokenizer))),
        tokenizer=tokenizer,
        unet=_unet(channels),
        scheduler=EulerDiscreteScheduler(
            beta_start=0.00085,
            beta_end=0.012,
            beta_schedule="scaled_linear",
            steps_offset=1,
        ),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    pipeline.save_pretrained(directory)
    return directory


def _vae() -> AutoencoderKL:
    return AutoencoderKL(
        block_out_channels=(8, 16, 16),
        down_block_types=("DownEncoderBlock2D",) * 3,
        up_block_types=("UpDecoderBlock2D",) * 3,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=SIDE,
    )


def _unet(channels: int) -> UNet2DConditionModel:
    return UNet2DConditionModel(
        sample_size=SIDE // 4,
        in_channels=channels,
        out_channels=4,
        block_out_channels=(16, 32),
        layers_per_block=1,
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"),
        up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"),
        cross_attention_dim=32,
        attention_head_dim=2,
        norm_num_groups=4,
    )
