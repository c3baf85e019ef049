"""Device: how fast real-size models paint, as a share of what the device can multiply.

    python -m infra.bench.device

Random weights in the layout of Stable Diffusion 2 inpainting; beside it the plain pipeline as
common SageMaker handlers call it: one request of three pictures at a time, float16, Euler, not
compiled. Without a GPU the demo's tiny models run instead, and the names say so.
"""

import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionInpaintPipeline
from PIL import Image
from rich.console import Console
from torch.utils.flop_counter import FlopCounterMode

from infra.bench.measure import Ratio, best_seconds
from infra.bench.published_models import build_painter
from infra.bench.table import WIDTH, table_of
from infra.demo import services
from worker.inpaint.protocol import InpaintRequest, Painter
from worker.models.load import LOCAL_ONLY, load_painter

#: Pictures of one request in the handlers that we compare with.
HANDLER_IMAGES = 3
PROMPT, GUIDANCE = "a red plaid summer dress, photorealistic", 6.5
#: No further case begins after so many seconds.
BUDGET_SECONDS = 400.0
#: On an H200.
LEAST_TFLOPS, LEAST_GAIN = 400.0, 2.0
#: Steps of the call that warms a shape up.
WARM_STEPS = 2

#: Their published types do not know these methods.
_PIPELINE: Any = StableDiffusionInpaintPipeline
_EULER: Any = EulerDiscreteScheduler


@dataclass(frozen=True, slots=True)
class Setup:
    """What a device is measured with."""

    device: str
    name: str
    dtype: torch.dtype
    #: Side of the square matrices whose product is the ceiling.
    matrix_side: int
    #: Side in pixels, steps, and batch sizes, the most wanted first.
    cases: tuple[tuple[int, int, tuple[int, ...]], ...]


def setup() -> Setup:
    """For the GPU that is here, else for the CPU."""
    if torch.cuda.is_available():
        cases = ((512, 45, (8, 16, 32, 3)), (768, 25, (8, 16)))
        name = torch.cuda.get_device_name()
        return Setup("cuda", name, torch.float16, 8_192, cases)
    # On a busy machine several threads wait for each other.
    torch.set_num_threads(1)
    return Setup("cpu", "no GPU: tiny models, CPU", torch.float32, 1_024, ((128, 4, (3, 8)),))


def painting() -> list[Ratio]:
    """TFLOP/s of the painter, a figure a batch size."""
    here = setup()
    with _model(here) as directory:
        ceiling = _ceiling(here)
        figures = list(_figures(here, directory, ceiling))
    if "H200" in here.name:
        best = max(figures, key=lambda figure: figure.ours)
        figures.append(replace(best, name="best", limit=LEAST_TFLOPS, least=LEAST_GAIN))
    return figures


@contextmanager
def _model(here: Setup) -> Iterator[Path]:
    if here.device == "cpu":
        yield Path(services.__file__).parent / "models" / "inpaint"
        return
    with tempfile.TemporaryDirectory() as folder:
        yield build_painter(Path(folder) / "painter")


def _figures(here: Setup, directory: Path, ceiling: float) -> Iterator[Ratio]:
    started = time.monotonic()
    # The painter first: it silences the libraries' progress bars.
    painter, plain = load_painter(directory, here.device), _plain(here, directory)
    for side, steps, batches in here.cases:
        tflop = _tflop_per_image(plain, side, steps, here)
        handler = HANDLER_IMAGES / _timed(lambda s: _handle(plain, side, s), steps)  # noqa: B023 - called at once
        for batch in batches:
            if time.monotonic() - started > BUDGET_SECONDS:
                return
            rate = batch / _timed(_painting_of(painter, directory, side, batch), steps)
            share = f"{rate:.2f} images/s, {rate * tflop / ceiling:.0%} of a matmul's {ceiling:.4g}"
            yield Ratio(
                f"{side} px, {steps} steps, batch {batch}",
                rate * tflop,
                handler * tflop,
                "TFLOP/s",
                f"plain handler; {share}; peak {_peak_gigabytes():.1f} GB; {here.name}",
            )


def _ceiling(here: Setup) -> float:
    """TFLOP/s of one large product of matrices, the best of several."""
    shape = (here.matrix_side, here.matrix_side)
    one, other = (torch.randn(shape, device=here.device, dtype=here.dtype) for _ in range(2))

    def multiply() -> None:
        torch.mm(one, other)
        _synchronise()

    return 2 * here.matrix_side**3 / best_seconds(multiply, 20) / 1e12


def _plain(here: Setup, directory: Path) -> Any:
    """The pipeline as a handler loads it."""
    pipeline = _PIPELINE.from_pretrained(
        directory,
        dtype=here.dtype,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
        **LOCAL_ONLY,
    ).to(here.device)
    pipeline.scheduler = _EULER.from_config(pipeline.scheduler.config)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _handle(plain: Any, side: int, steps: int) -> None:
    """One request of a handler: pictures in, pictures out."""
    pixels, mask = _square(side)
    plain(
        prompt=PROMPT,
        image=Image.fromarray(pixels),
        mask_image=Image.fromarray(mask),
        height=side,
        width=side,
        num_inference_steps=steps,
        guidance_scale=GUIDANCE,
        num_images_per_prompt=HANDLER_IMAGES,
    )


def _painting_of(
    painter: Painter, directory: Path, side: int, batch: int
) -> Callable[[int], object]:
    """A call of the painter that takes the number of steps."""
    pixels, mask = _square(side)

    def paint(steps: int) -> object:
        requests = [
            InpaintRequest(
                model=str(directory),
                picture=pixels.copy(),  # each its own: the VAE encodes distinct pictures once
                mask=mask,
                prompt=PROMPT,
                steps=steps,
                guidance_scale=GUIDANCE,
                seed=seed,
            )
            for seed in range(batch)
        ]
        return painter.paint(requests)

    return paint


def _square(side: int) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """A picture of noise and a mask of its middle, uint8."""
    pixels = np.random.default_rng(0).integers(0, 256, (side, side, 3), dtype=np.uint8)
    mask = np.zeros((side, side), dtype=np.uint8)
    mask[side // 4 : 3 * side // 4, side // 4 : 3 * side // 4] = 255
    return pixels, mask


def _timed(act: Callable[[int], object], steps: int) -> float:
    """Seconds of a call of so many steps, after one that warmed its shapes up."""
    act(WARM_STEPS)
    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    # Both end with pictures in the host's memory, and so with all work on the device.
    return best_seconds(lambda: act(steps), 2)


def _synchronise() -> None:
    if torch.cuda.is_available():
        torch.cuda.synchronize()


def _peak_gigabytes() -> float:
    """Of device memory since the last shape was warm; 0 without a GPU."""
    return torch.cuda.max_memory_allocated() / 1e9 if torch.cuda.is_available() else 0.0


def _tflop_per_image(plain: Any, side: int, steps: int, here: Setup) -> float:
    """Counted: a guided picture takes two passes of the UNet a step, one encoding, one decoding."""
    small = side // plain.vae_scale_factor
    unet, vae = plain.unet, plain.vae
    kind: dict[str, Any] = {"device": here.device, "dtype": here.dtype}
    words = torch.zeros(1, 77, unet.config.cross_attention_dim, **kind)
    sample = torch.zeros(1, unet.config.in_channels, small, small, **kind)
    latent = torch.zeros(1, vae.config.latent_channels, small, small, **kind)
    step = _tflop(lambda: unet(sample, 1, words))
    ends = _tflop(lambda: vae.encode(torch.zeros(1, 3, side, side, **kind)))
    return 2 * steps * step + ends + _tflop(lambda: vae.decode(latent))


def _tflop(act: Callable[[], object]) -> float:
    with torch.no_grad(), FlopCounterMode(display=False) as counter:
        act()
    return float(counter.get_total_flops()) / 1e12


def main() -> None:
    """Measure and print; exit status 0 if the targets hold that this device has."""
    figures = painting()
    Console(width=WIDTH).print(table_of(figures))
    sys.exit(0 if all(figure.holds for figure in figures) else 1)


if __name__ == "__main__":
    main()
