"""Corruptions: what other scanners, hands and files do to a film, from a little to too much.

One table of kinds and severities; this executor is for squares of bytes, that of
`radistill.training.tensor_corruptions` for batches on the device.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from PIL import Image, ImageFilter

Square = np.ndarray  # uint8 (S, S)
Operation = Literal[
    "rotate",
    "shift",
    "scale",
    "exposure",
    "contrast",
    "noise",
    "blur",
    "jpeg",
    "resolution",
    "invert",
]


@dataclass(frozen=True)
class Corruption:
    """A kind. severities: of `operation`, mildest first, in `unit`; `none` changes nothing."""

    name: str
    operation: Operation
    unit: str
    severities: tuple[float, ...]
    none: float

    def apply(self, squares: np.ndarray, severity: float, seed: int = 0) -> np.ndarray:
        """Corrupted copies of uint8 (N, S, S); the same for the same seed."""
        rng = np.random.default_rng(seed)
        return np.stack([_EXECUTE[self.operation](square, severity, rng) for square in squares])


CORRUPTIONS = (
    Corruption("rotation", "rotate", "degrees, either way", (5, 10, 20), 0),
    Corruption("shift", "shift", "share of the side, either way", (0.05, 0.1, 0.2), 0),
    Corruption("smaller", "scale", "scale", (0.9, 0.8, 0.65), 1),
    Corruption("larger", "scale", "scale", (1.1, 1.25, 1.5), 1),
    Corruption("underexposed", "exposure", "gamma", (1.25, 1.6, 2.2), 1),
    Corruption("overexposed", "exposure", "gamma", (0.8, 0.6, 0.45), 1),
    Corruption("contrast", "contrast", "share left", (0.8, 0.6, 0.35), 1),
    Corruption("noise", "noise", "standard deviation, of the range", (0.02, 0.05, 0.1), 0),
    Corruption("blur", "blur", "Gaussian sigma, share of the side", (0.004, 0.008, 0.016), 0),
    Corruption("JPEG", "jpeg", "quality", (50, 25, 10), 100),
    Corruption("resolution", "resolution", "share of the side left", (0.75, 0.5, 0.25), 1),
    Corruption("inversion", "invert", "black for white", (1,), 0),
)


def jpeg(square: Square, quality: int) -> Square:
    """A square written as JPEG and read again."""
    content = io.BytesIO()
    Image.fromarray(square).save(content, "JPEG", quality=quality)
    return np.asarray(Image.open(content))


def _affine(square: Square, a: float, b: float, dx: float, scale: float) -> Square:
    """Turned by the angle of cosine a and sine b about the centre, scaled, then moved right.

    dx: in pixels. What comes in from outside the film is black.
    """
    c = (len(square) - 1) / 2
    a, b = a / scale, b / scale
    x, y = c - a * (c + dx) - b * c, c + b * (c + dx) - a * c
    # Pillow maps the centres of pixels, at halves; x and y are of indices.
    matrix = (a, b, x + 0.5 - 0.5 * (a + b), -b, a, y + 0.5 - 0.5 * (-b + a))
    image = Image.fromarray(square)
    turned = image.transform(image.size, Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    return np.asarray(turned)


def _rotate(square: Square, degrees: float, rng: np.random.Generator) -> Square:
    turn = np.deg2rad(degrees * rng.choice([-1, 1]))
    return _affine(square, float(np.cos(turn)), float(np.sin(turn)), 0, 1)


def _shift(square: Square, share: float, rng: np.random.Generator) -> Square:
    return _affine(square, 1, 0, float(share * len(square) * rng.choice([-1, 1])), 1)


def _noise(square: Square, deviation: float, rng: np.random.Generator) -> Square:
    return _bytes(square + rng.normal(0, 255 * deviation, square.shape))


def _blur(square: Square, share: float, _: np.random.Generator) -> Square:
    blurred = Image.fromarray(square).filter(ImageFilter.GaussianBlur(share * len(square)))
    return np.asarray(blurred)


def _resolution(square: Square, share: float, _: np.random.Generator) -> Square:
    image = Image.fromarray(square)
    small = (max(1, round(share * len(square))),) * 2
    lower = image.resize(small, Image.Resampling.BILINEAR)
    return np.asarray(lower.resize(image.size, Image.Resampling.BILINEAR))


def _bytes(values: np.ndarray) -> Square:
    return np.asarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


_EXECUTE: dict[Operation, Callable[[Square, float, np.random.Generator], Square]] = {
    "rotate": _rotate,
    "shift": _shift,
    "scale": lambda square, factor, _: _affine(square, 1, 0, 0, factor),
    "exposure": lambda square, gamma, _: _bytes(255 * (square / 255) ** gamma),
    "contrast": lambda square, share, _: _bytes(127.5 + share * (square - 127.5)),
    "noise": _noise,
    "blur": _blur,
    "jpeg": lambda square, quality, _: jpeg(square, int(quality)),
    "resolution": _resolution,
    "invert": lambda square, _share, _: 255 - square,
}
