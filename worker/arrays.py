"""Names for the arrays that pixels travel in; rows first, (0, 0) is the upper left corner."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

#: uint8, H x W x 3, red first, 0 to 255.
Rgb: TypeAlias = npt.NDArray[np.uint8]
#: uint8, H x W: a soft mask or an alpha channel, 255 = repaint or opaque.
Grey: TypeAlias = npt.NDArray[np.uint8]
#: bool, H x W: a hard mask, true = repaint.
Mask: TypeAlias = npt.NDArray[np.bool_]
#: float32, H x W: a value a pixel.
Map: TypeAlias = npt.NDArray[np.float32]
#: float32, P x H x W: one map per prompt.
Maps: TypeAlias = npt.NDArray[np.float32]
#: From this value on a pixel of a soft mask counts as repainted where it must be hard.
MASK_LEVEL = 128
#: Width and height in pixels, in this order, as Pillow has it.
Size: TypeAlias = tuple[int, int]
