"""The one preprocessing: grey film -> square of bytes -> what every model takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Part of every cache's key: raise it when a change here alters any pixel.
PREPROCESSING_VERSION = 2

_DETECTOR_BITS = (8, 10, 12, 14, 15, 16)
_HOT_SHARE, _MOST_HOT = 1000, 100  # of pixels, one in so many and no more than so many are hot
_ROWS = 256  # counted at once: numpy's bincount takes eight bytes a pixel


def detector_bits(top: int) -> int:
    """The smallest of 8, 10, 12, 14, 15 and 16 bits that holds `top`."""
    return next(bits for bits in _DETECTOR_BITS if top < 2**bits)


def bits_in_use(grey: np.ndarray) -> int:
    """The `detector_bits` of `grey`, (H, W, ...) uint8 or uint16, without its hot pixels.

    Detectors store 10 to 15 bits in 16-bit files; read as 16 such a film would be nearly black.
    Hot pixels are a few, at least twice as bright as all others.
    """
    top = int(grey.max(initial=0))
    few = min(grey.size // _HOT_SHARE, _MOST_HOT)
    if top > 255 and few:
        above = np.cumsum(histogram(grey, top + 1)[::-1])
        rest = top - int(np.searchsorted(above, few, side="right"))
        top = rest if top >= 2 * rest else top
    return detector_bits(top)


def histogram(values: np.ndarray, length: int) -> np.ndarray:
    """How often each of 0 to `length` - 1 occurs."""
    counts = np.zeros(length, dtype=np.int64)
    for start in range(0, len(values), _ROWS):
        counts += np.bincount(values[start : start + _ROWS].ravel(), minlength=length)
    return counts


def to_square(grey: np.ndarray, size: int) -> np.ndarray:
    """Resize grey (H, W), uint8 or uint16, to (size, size) uint8.

    Bilinear with antialiasing (Pillow: the filter is widened by the reduction). The aspect ratio
    is not kept: the Kaggle set is distributed so, and a model must see at use what it saw in
    training. 16-bit films go `to_eight_bits` first.

    Raises ValueError on an empty array, other dimensions or other types.
    """
    if grey.ndim != 2 or grey.size == 0 or grey.dtype not in (np.uint8, np.uint16) or size < 1:
        raise ValueError(
            f"expected a grey film (H, W) of 8 or 16 bits, got {grey.dtype} "
            f"{grey.shape} for size {size}"
        )
    from PIL import Image  # not for those who need `to_unit` alone

    from radistill.imaging.resample import shrink

    if grey.dtype == np.uint8 and grey.shape == (size, size):
        return grey.copy()
    return np.asarray(shrink(Image.fromarray(to_eight_bits(grey)), size))


def to_eight_bits(grey: np.ndarray, bits: int | None = None) -> np.ndarray:
    """Grey of any shape, uint8 or uint16, to uint8, scaled from `bits`, by default `bits_in_use`.

    8 bits stay as they are; what is beyond `bits` is white.
    """
    if grey.dtype == np.uint8:
        return grey
    scale = 255.0 / (2 ** (bits or bits_in_use(grey)) - 1)
    scaled = np.rint(np.arange(65536, dtype=np.float32) * scale)
    return np.asarray(scaled.clip(0, 255).astype(np.uint8).take(grey))


def to_unit(squares: np.ndarray) -> NDArray[np.float32]:
    """Squares (N, S, S) or (S, S), uint8, to float32 (N, 1, S, S) in [0, 1].

    This is all a model is fed: each normalises inside its own graph.
    Raises ValueError on another type or shape.
    """
    if squares.dtype != np.uint8 or squares.ndim not in (2, 3):
        raise ValueError(f"expected uint8 (N, S, S), got {squares.dtype} {squares.shape}")
    batch = squares[None] if squares.ndim == 2 else squares
    unit: NDArray[np.float32] = np.divide(batch[:, None], 255, dtype=np.float32)
    return unit
