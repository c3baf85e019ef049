"""Inference: the program of a SageMaker Hugging Face endpoint; it travels in a model's archive.

The container's toolkit calls `model_fn` once a process and, for each request, `input_fn`,
`predict_fn` and `output_fn`; what they raise it answers with HTTP 400 and the sentence. The JSON
is that of a back office's `/invocations`, but that masks are sent: no segmenter is in the archive.
Nothing of Restyle is imported, since the container has none of it, and it is one file, so that
whoever opens an archive reads all that answers.
"""

import base64
import hashlib
import json
import math
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any, TypeAlias

import numpy as np
import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionInpaintPipeline
from numpy.typing import NDArray
from PIL import Image, ImageCms, ImageOps, UnidentifiedImageError

#: A body may hold a picture and its mask.
MAX_BODY_BYTES = 80_000_000
#: Of one picture, as everywhere in Restyle: its file, its longer side, its area.
MAX_BYTES, MAX_SIDE, MAX_PIXELS = 50_000_000, 16_384, 64_000_000
#: A garment needs some pixels; beyond this aspect no square shows it.
LEAST_SIDE, MAX_ASPECT = 64, 8
#: Characters of a prompt.
MAX_PROMPT = 1_000
#: Whole numbers: the least, the most, and what holds where nothing is said.
WHOLE: dict[str, tuple[int, int, int | None]] = {
    "num_inference_steps": (1, 200, 25),
    "num_images_per_prompt": (1, 16, 1),
    "image_length": (64, 1_536, None),
    "seed": (0, 2**63 - 1, None),
}
#: Side of `image_length` in steps, as the VAE takes it.
LENGTH_STEP = 8
#: 1 and less switch guidance off.
MAX_GUIDANCE, GUIDANCE = 50.0, 6.5
#: Containers that are read, in Pillow's words, and in which each is answered.
CONTAINERS = {
    "JPEG": "JPEG", "MPO": "JPEG", "PNG": "PNG", "WEBP": "WEBP", "AVIF": "AVIF",
    "TIFF": "PNG", "GIF": "PNG",
}  # fmt: skip
#: How each is written.
OPTIONS: dict[str, dict[str, Any]] = {
    "JPEG": {"quality": 95, "subsampling": 0},
    "PNG": {"compress_level": 1},
    "WEBP": {"lossless": True, "quality": 0, "method": 0, "exact": True},
    "AVIF": {"quality": 90, "subsampling": "4:4:4"},
}
#: The longest side that WebP holds.
WEBP_SIDE = 16_383
#: Pictures that are painted in one call: more take more memory and are hardly quicker.
AT_ONCE = 4
#: Words of errors that are about memory but no OutOfMemoryError.
MEMORY_WORDS = ("out of memory", "can't allocate memory", "not enough memory", "ALLOC_FAILED")

DATA_URL = re.compile(r"data:image/[a-z0-9.+-]{1,40};base64,")

Pixels: TypeAlias = NDArray[np.uint8]
Size: TypeAlias = tuple[int, int]
#: Their published types do not know these methods.
_PIPELINE: Any = StableDiffusionInpaintPipeline
_EULER: Any = EulerDiscreteScheduler


class Refused(ValueError):
    """A request, or a model, that cannot be used; says why in one sentence."""


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A decoded picture, upright: RGB, or RGBA where the source has transparency."""

    image: Image.Image
    #: What it is answered in.
    container: str
    #: Its colour profile; None means sRGB.
    icc: bytes | None


@dataclass(frozen=True, slots=True, eq=False)
class Wish:
    """A checked request."""

    picture: Picture
    #: `L`, of the picture's size: 255 is repainted, grey is its soft edge, 0 stays.
    mask: Image.Image
    prompt: str
    negative_prompt: str
    guidance: float
    #: Longer side of what is worked on and returned; None: the model's, and the picture's.
    length: int | None
    steps: int
    count: int
    seed: int

    @property
    def seeds(self) -> list[int]:
        """One a picture: neighbouring seeds have no picture in common."""
        words = (f"{self.seed}/{number}".encode() for number in range(self.count))
        return [int.from_bytes(hashlib.sha256(word).digest()[:7]) for word in words]


@dataclass(frozen=True, slots=True, eq=False)
class Painter:
    """A pipeline on its device; one call at a time, since neither it nor its scheduler are safe."""

    pipeline: Any
    #: The side in pixels that the model was trained at.
    side: int
    _lock: Lock = field(default_factory=Lock)

    def paint(self, square: Pixels, hole: Pixels, wish: Wish) -> list[Pixels]:
        """The painted squares, uint8, side x side x 3.

        Args:
            square: uint8, side x side x 3, sRGB.
            hole: uint8, side x side: 1 where to repaint, else 0.
            wish: What to paint, and how often.

        Raises:
            Refused: No memory for it, or the model gave no numbers.
        """
        seeds = wish.seeds
        parts = (seeds[start : start + AT_ONCE] for start in range(0, len(seeds), AT_ONCE))
        with self._lock, _memory(wish, len(square)), torch.inference_mode():
            return [one for part in parts for one in self._painted(square, hole, wish, part)]

    def _painted(self, square: Pixels, hole: Pixels, wish: Wish, seeds: list[int]) -> Pixels:
        device, vae, side = self.pipeline.device, self.pipeline.vae, len(square)
        rgb = torch.from_numpy(square).to(device).permute(2, 0, 1)[None].float() / 127.5 - 1
        mask = torch.from_numpy(hole).to(device)[None, None].float()
        # The mean and not a sample: a picture depends on its own seed alone.
        known = vae.encode((rgb * (1 - mask)).to(vae.dtype)).latent_dist.mode()
        painted = self.pipeline(
            prompt=wish.prompt,
            negative_prompt=wish.negative_prompt,
            image=rgb / 2 + 0.5,
            mask_image=mask,
            masked_image_latents=known * vae.config.scaling_factor,
            height=side,
            width=side,
            num_inference_steps=wish.steps,
            guidance_scale=wish.guidance,
            num_images_per_prompt=len(seeds),
            generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
            output_type="np",
        ).images
        if not np.isfinite(painted).all():
            raise Refused("The model gave no picture but values that are no numbers.")
        levels: Pixels = (painted * 255).round().astype(np.uint8)
        return levels


# --- what the toolkit calls ----------------------------------------------------------------------


def model_fn(model_dir: str, context: Any = None) -> Painter:
    """Load the model that the archive holds; once a process.

    Args:
        model_dir: Where the archive was unpacked.
        context: The toolkit's; says which GPU is this process's.

    Raises:
        Refused: The container's libraries are older than the model's.
    """
    root = Path(model_dir)
    _check_libraries(root)
    number = (getattr(context, "system_properties", None) or {}).get("gpu_id") or 0
    is_cuda = torch.cuda.is_available()
    pipeline = _PIPELINE.from_pretrained(
        root,
        dtype=torch.float16 if is_cuda else torch.float32,
        variant=_variant(root),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
        local_files_only=True,
        use_safetensors=True,
    ).to(f"cuda:{number}" if is_cuda else "cpu")
    pipeline.scheduler = _EULER.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    size = pipeline.unet.config.sample_size
    return Painter(
        pipeline, (size if isinstance(size, int) else max(size)) * pipeline.vae_scale_factor
    )


def input_fn(body: str | bytes, content_type: str | None) -> Wish:
    """Read a request's JSON and its pictures.

    Raises:
        Refused: It cannot be painted.
    """
    if content_type and not re.match(r"application/([a-z.-]+\+)?json\b", content_type.lower()):
        raise Refused(f"The body is {content_type}; application/json is read here.")
    if len(body) > MAX_BODY_BYTES:
        raise Refused(f"The body has {len(body):,} bytes; the limit is {MAX_BODY_BYTES:,}.")
    try:
        fields = json.loads(body)
    except ValueError as error:  # text that is no UTF-8 is one, too
        raise Refused(f"The body is no JSON: {error}.") from error
    if not isinstance(fields, dict):
        raise Refused("The body is no JSON object.")
    return _wish(fields)


def predict_fn(data: Wish, model: Painter) -> list[Picture]:
    """Paint the pictures of a request.

    Raises:
        Refused: No memory for it, or the model gave no numbers.
    """
    shown, mask = data.picture.image, data.mask
    place = _fitted(shown.size, data.length or model.side)
    if data.length:
        shown = shown.resize(place, Image.Resampling.LANCZOS)
        mask = mask.resize(place, Image.Resampling.BILINEAR)
    side = max(place)
    edges = [((side - length) // 2, side - length - (side - length) // 2) for length in place[::-1]]
    square = np.pad(_seen(data.picture, place), [*edges, (0, 0)], mode="edge")
    hole = np.pad(_touched(data.mask, place), edges, mode="edge")
    (top, _), (left, _) = edges
    inside = slice(top, top + place[1]), slice(left, left + place[0])
    painted = (one[inside] for one in model.paint(square, hole, data))
    return [_laid(one, shown, np.asarray(mask), data.picture) for one in painted]


def output_fn(prediction: list[Picture], accept: str | None) -> str:
    """Write the answer's JSON.

    Raises:
        Refused: Something else is asked for.
    """
    if accept and "json" not in accept and "*" not in accept:
        raise Refused(f"The answer is application/json, and {accept} is asked for.")
    images = [base64.b64encode(_encoded(picture)).decode() for picture in prediction]
    return json.dumps({"generated_images": images})


# --- requests ------------------------------------------------------------------------------------


def _wish(fields: dict[str, Any]) -> Wish:
    prompt = _text(fields, "inputs") or _text(fields, "prompt")
    if not prompt:
        raise Refused("inputs (or prompt) says what to paint, and is missing.")
    if fields.get("mask_img") is None:
        raise Refused(_unmasked(fields))
    length, seed = _whole(fields, "image_length"), _whole(fields, "seed")
    if (length or 0) % LENGTH_STEP:
        raise Refused(f"image_length is {length}; it should be a multiple of {LENGTH_STEP}.")
    numbers = {
        "steps": _whole(fields, "num_inference_steps") or 0,
        "count": _whole(fields, "num_images_per_prompt") or 0,
        "seed": secrets.randbits(63) if seed is None else seed,
    }
    guidance, negative_prompt = _guidance(fields), _text(fields, "negative_prompt")
    picture = _picture(fields)
    mask = _mask(fields, picture.image.size)
    return Wish(picture, mask, prompt, negative_prompt, guidance, length, **numbers)


def _unmasked(fields: dict[str, Any]) -> str:
    if fields.get("mask_prompt") is None:
        return "mask_img is missing: white is repainted."
    return (
        "mask_prompt cannot be read here, since the archive holds no segmenter: send mask_img, "
        "or ask the /invocations of a Restyle back office."
    )


def _text(fields: dict[str, Any], name: str) -> str:
    text = fields.get(name) or ""
    if not isinstance(text, str):
        raise Refused(f"{name} should be text.")
    if len(text.strip()) > MAX_PROMPT:
        raise Refused(f"{name} has {len(text.strip()):,} characters; the limit is {MAX_PROMPT:,}.")
    return text.strip()


def _whole(fields: dict[str, Any], name: str) -> int | None:
    least, most, default = WHOLE[name]
    value = fields.get(name)
    if value is None:
        return default
    if _finite(value, name) != int(value) or not least <= value <= most:
        raise Refused(f"{name} is {value}; it should be a whole number from {least} to {most}.")
    return int(value)


def _guidance(fields: dict[str, Any]) -> float:
    value = fields.get("guidance_scale")
    scale = GUIDANCE if value is None else _finite(value, "guidance_scale")
    if not 0 <= scale <= MAX_GUIDANCE:
        raise Refused(f"guidance_scale is {scale}; it should be from 0 to {MAX_GUIDANCE:g}.")
    return max(1.0, scale)


def _finite(value: object, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise Refused(f"{name} should be a number.")
    return value


# --- pictures ------------------------------------------------------------------------------------


def _picture(fields: dict[str, Any]) -> Picture:
    image = _opened(fields, "input_img")
    width, height = image.size
    if min(width, height) < LEAST_SIDE or max(width, height) > MAX_ASPECT * min(width, height):
        least = f"the least is {LEAST_SIDE} px a side, the longest {MAX_ASPECT} times the other"
        raise Refused(f"input_img is {width} x {height} px; {least}.")
    container, icc = CONTAINERS[str(image.format)], image.info.get("icc_profile")
    if container == "WEBP" and max(image.size) > WEBP_SIDE:
        container = "PNG"
    with _decoding("input_img"):
        clear = image.has_transparency_data
        upright = _narrow(ImageOps.exif_transpose(image))
        if upright.mode == "CMYK":
            upright, icc = _recoloured(upright, icc, None), None
        own = icc if upright.mode in {"RGB", "RGBA", "P"} else None
        return Picture(upright.convert("RGBA" if clear else "RGB"), container, own)


def _mask(fields: dict[str, Any], size: Size) -> Image.Image:
    image = _opened(fields, "mask_img")
    with _decoding("mask_img"):
        upright = _narrow(ImageOps.exif_transpose(image))
    if upright.size != size:
        sizes = [f"{width} x {height} px" for width, height in (upright.size, size)]
        raise Refused(f"mask_img is {sizes[0]} but input_img is {sizes[1]} (width x height).")
    # By brightness; transparency does not count.
    grey = upright if upright.mode in {"1", "L"} else upright.convert("RGB")
    mask = grey.convert("L")
    if mask.getbbox() is None:
        raise Refused("mask_img is black: there is nothing to repaint.")
    return mask


def _opened(fields: dict[str, Any], name: str) -> Image.Image:
    """A picture's header; whatever it says is checked before anything is decoded."""
    raw = _bytes(fields, name)
    Image.init()
    with _decoding(name):
        known = [kind for kind in CONTAINERS if kind in Image.OPEN]
        image = Image.open(BytesIO(raw), formats=known)
        if image.format != "MPO" and getattr(image, "is_animated", False):
            raise Refused(f"{name} is an animation or has several pages.")
    width, height = image.size
    if max(width, height) > MAX_SIDE or width * height > MAX_PIXELS:
        limit = f"the limits are {MAX_SIDE:,} px a side and {MAX_PIXELS:,} pixels"
        raise Refused(f"{name} is too large: {width} x {height} px; {limit}.")
    return image


def _bytes(fields: dict[str, Any], name: str) -> bytes:
    text = fields.get(name)
    if not isinstance(text, str):
        raise Refused(f"{name} is missing: a picture in base64.")
    plain = "".join(DATA_URL.sub("", text, count=1).split())
    if 3 * (len(plain) // 4) > MAX_BYTES + 2:
        raise Refused(f"{name} is too large: the limit is {MAX_BYTES:,} bytes.")
    try:
        return base64.b64decode(plain, validate=True)
    except ValueError as error:
        raise Refused(f"{name} is no base64: {str(error).rstrip('.')}.") from error


@contextmanager
def _decoding(name: str) -> Iterator[None]:
    try:
        yield
    except Refused:
        raise
    except UnidentifiedImageError as error:
        kinds = "JPEG, PNG, WebP, TIFF, AVIF or still GIF"
        raise Refused(f"{name} is no picture that is read here: send {kinds}.") from error
    except Image.DecompressionBombError as error:
        raise Refused(f"{name} is too large: over {MAX_PIXELS:,} pixels.") from error
    except Exception as error:  # Pillow's decoders raise anything for strangers' bytes
        raise Refused(f"{name} is cut short or damaged: {str(error).rstrip('.')}.") from error


def _narrow(image: Image.Image) -> Image.Image:
    """With 8 bits a sample."""
    if image.mode.startswith("I"):
        return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    if image.mode == "F":
        raise Refused("A picture's samples are fractions; send one of 8 or 16 bits.")
    return image


def _recoloured(image: Image.Image, source: bytes | None, target: bytes | None) -> Image.Image:
    """RGB in another colour profile, None being sRGB; as it is where a profile is damaged."""
    if source == target:
        return image.convert("RGB")
    try:
        ends = _profile(source), _profile(target)
        done = ImageCms.profileToProfile(image, ends[0], ends[1], outputMode="RGB")
    except (ImageCms.PyCMSError, OSError):
        done = None
    return done or image.convert("RGB")


def _profile(icc: bytes | None) -> Any:
    return ImageCms.ImageCmsProfile(BytesIO(icc)) if icc else ImageCms.createProfile("sRGB")


# --- pixels --------------------------------------------------------------------------------------


def _fitted(size: Size, side: int) -> Size:
    """The picture's shape with its longer side that long."""
    width, height = (max(1, round(length * side / max(size))) for length in size)
    return width, height


def _seen(picture: Picture, size: Size) -> Pixels:
    """What the model sees: at that size, in sRGB, clear pixels white."""
    small = picture.image.resize(size, Image.Resampling.LANCZOS)
    if small.mode == "RGBA":
        small = Image.alpha_composite(Image.new("RGBA", size, "white"), small).convert("RGB")
    return np.asarray(_recoloured(small, picture.icc, None))


def _touched(mask: Image.Image, size: Size) -> Pixels:
    """1 where a pixel of that size touches a masked one, else 0."""
    # In floats: a single masked pixel of thousands must not be rounded away.
    weights = Image.fromarray(np.asarray(mask, dtype=np.float32))
    return (np.asarray(weights.resize(size, Image.Resampling.BOX)) > 0).astype(np.uint8)


def _laid(painted: Pixels, shown: Image.Image, mask: Pixels, picture: Picture) -> Picture:
    """The painted pixels on those that are shown; exact where the mask is 0 or 255."""
    paint = _recoloured(Image.fromarray(painted), None, picture.icc)
    over = np.asarray(paint.resize(shown.size, Image.Resampling.LANCZOS), dtype=np.uint16)
    under = np.asarray(shown)
    weight = mask[..., None].astype(np.uint16)
    mixed = ((255 - weight) * under[..., :3] + weight * over + 127) // 255
    pixels = np.concatenate([mixed.astype(np.uint8), under[..., 3:]], axis=2)
    return Picture(Image.fromarray(pixels), picture.container, picture.icc)


def _encoded(picture: Picture) -> bytes:
    sink, options = BytesIO(), OPTIONS[picture.container]
    profile = {"icc_profile": picture.icc} if picture.icc else {}
    picture.image.save(sink, picture.container, **options, **profile)
    return sink.getvalue()


# --- the model -----------------------------------------------------------------------------------


def _check_libraries(root: Path) -> None:
    """An older transformers would fill a text encoder that it cannot read with noise."""
    saved = json.loads((root / "text_encoder" / "config.json").read_text("utf-8"))
    needed, here = str(saved.get("transformers_version", "0")), version("transformers")
    if int(needed.partition(".")[0]) > int(here.partition(".")[0]):
        raise Refused(
            f"The model was saved by transformers {needed} and the container has {here}: it must "
            "be able to install code/requirements.txt, or be a newer one."
        )


def _variant(root: Path) -> str | None:
    """`fp16` where the weights are published under this name only."""
    names = [path.name for path in (root / "unet").glob("*.safetensors")]
    return "fp16" if names and all(".fp16" in name for name in names) else None


@contextmanager
def _memory(wish: Wish, side: int) -> Iterator[None]:
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        told = isinstance(error, RuntimeError) and any(word in str(error) for word in MEMORY_WORDS)
        if not (told or isinstance(error, torch.OutOfMemoryError | MemoryError)):
            raise
        torch.cuda.empty_cache()
        raise Refused(
            f"There was no memory for {wish.count} picture(s) at {side} px: lower image_length or "
            "num_images_per_prompt, or take an instance with more memory."
        ) from error
