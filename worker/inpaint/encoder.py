"""The VAE's view of pictures, kept for a while: variants and strengths ask for it again."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from worker.inpaint.protocol import InpaintRequest
from worker.recent import Recent

#: Pictures whose latents are kept, with the pictures: 32 x 1.8 MB at 768 px.
MAX_REMEMBERED_PICTURES = 32

#: What a picture is made of, and the identities of these.
_Arrays = tuple[NDArray[np.uint8], ...]
_Key = tuple[int, ...]


class PictureEncoder:
    """Encodes each distinct picture once, whatever calls its requests come in."""

    def __init__(self, vae: Any) -> None:
        self._vae = vae
        self._kept: Recent[_Key, tuple[_Arrays, torch.Tensor]] = Recent(MAX_REMEMBERED_PICTURES)

    def encode(
        self,
        requests: Sequence[InpaintRequest],
        pixels: torch.Tensor,
        chunk: int,
        *,
        masked: bool,
    ) -> torch.Tensor:
        """Scaled latents, float32, n x 4 x side/8 x side/8 (8 is the VAE's factor).

        Args:
            requests: Whose pictures.
            pixels: Theirs, n x 3 x side x side, -1..1, on the VAE's device.
            chunk: Most pictures that the VAE takes at once.
            masked: Whether what is to be repainted was blanked in them.
        """
        sources = [_sources(request, masked=masked) for request in requests]
        first = {_key(arrays): row for row, arrays in reversed(list(enumerate(sources)))}
        found = {key: kept[1] for key in first if (kept := self._kept.find(key))}
        missing = sorted(row for key, row in first.items() if key not in found)
        for start in range(0, len(missing), chunk):
            rows = missing[start : start + chunk]
            for row, latents in zip(rows, self._encode(pixels[rows])[:, None], strict=True):
                found[_key(sources[row])] = latents
                # The arrays are kept too, so that no other can take over their identity.
                self._kept.put(_key(sources[row]), (sources[row], latents))
        return torch.cat([found[_key(arrays)] for arrays in sources])

    def _encode(self, pixels: torch.Tensor) -> torch.Tensor:
        coded = self._vae.encode(pixels.to(self._vae.dtype)).latent_dist.mode()
        scaled: torch.Tensor = coded.float() * self._vae.config.scaling_factor
        return scaled


def _sources(request: InpaintRequest, *, masked: bool) -> _Arrays:
    return (request.picture, request.mask) if masked else (request.picture,)


def _key(arrays: _Arrays) -> _Key:
    return tuple(map(id, arrays))
