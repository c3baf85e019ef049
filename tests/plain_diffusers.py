"""A request painted as any plain script paints it: diffusers' own call, one picture at a time."""

import numpy as np
import torch
from diffusers import StableDiffusionInpaintPipeline
from PIL import Image


def plain_pipeline(directory, device="cpu", dtype=torch.float32):
    """The pipeline as diffusers loads it, on a device."""
    pipeline = StableDiffusionInpaintPipeline.from_pretrained(
        directory, dtype=dtype, safety_checker=None, requires_safety_checker=False
    ).to(device)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def plain_picture(pipeline, request):
    """The picture, uint8, side x side x 3; the scheduler is the model's own."""
    side = request.picture.shape[0]
    [image] = pipeline(
        prompt=request.prompt,
        negative_prompt=request.negative_prompt,
        image=Image.fromarray(request.picture),
        mask_image=Image.fromarray(request.mask),
        height=side,
        width=side,
        num_inference_steps=request.steps,
        guidance_scale=request.guidance_scale,
        generator=torch.Generator("cpu").manual_seed(request.seed),
    ).images
    return np.asarray(image)
