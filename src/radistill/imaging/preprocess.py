"""The one preprocessing: grey film -> square of bytes -> what every model takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Part of every cache's key: raise it when a change here alters any pixel.
PREPROCESSING_VERSION = 1

_DETECTOR_BITS = (8, 10, 12, 14, 15, 16)


def bits_in_use(grey: np.ndarray) -> int:
    """The smallest of 8, 10, 12, 14, 15 and 16 bits that holds the maximum of `grey`.

    Detectors store 10 to 15 bits in 16-bit files; read as 16 such a film would be nearly black.
    """
    top = int(grey.max(initial=0))
    return next(bits for bits in _DETECTOR_BITS if top < 2**bits)


def to_square(grey: np.ndarray, size: int) -> np.ndarray:
    """Resize grey (H, W), uint8 or uint16, to (size, size) uint8.

    Bilinear with antialiasing (Pillow: the filter is widened by the reduction). The aspect ratio
    is not kept: the Kaggle set is distributed so, and a model must see at use what it saw in
    training. 16-bit films are resized at full depth, then scaled from `bits_in_use` to 0..255.

    Raises ValueError on an empty array, other dimensions or other types.
    """
    if grey.ndim != 2 or grey.size == 0 or grey.dtype not in (np.uint8, np.uint16) or size < 1:
        raise ValueError(
            f"expected a grey film (H, W) of 8 or 16 bits, got {grey.dtype} "
            f"{grey.shape} for size {size}"
        )
    from PIL import Image  # not for those who need `to_unit` alone

    from radistill.imaging.grey import shrink

    if grey.dtype == np.uint8:
        if grey.shape == (size, size):
            return grey.copy()
        return np.asarray(shrink(Image.fromarray(grey), size))
    values = np.asarray(shrink(Image.fromarray(grey.astype(np.float32)), size))
    return _scaled(values, bits_in_use(grey))


def to_eight_bits(grey: np.ndarray) -> np.ndarray:
    """Grey (H, W), uint8 or uint16, to uint8, scaled from `bits_in_use`; 8 bits stay as they are.

    Squares made from the result differ by at most one level from those of the 16-bit film.
    """
    if grey.dtype == np.uint8:
        return grey
    table = _scaled(np.arange(65536, dtype=np.float32), bits_in_use(grey))
    return np.asarray(table[grey])


def _scaled(values: np.ndarray, bits: int) -> np.ndarray:
    scaled = values * (255.0 / (2**bits - 1))
    squeezed: np.ndarray = np.clip(np.rint(scaled), 0, 255).astype(np.uint8)
    return squeezed


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
