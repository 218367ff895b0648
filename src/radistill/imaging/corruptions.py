"""What other scanners, hands and files do to a film, from a little to too much."""

from __future__ import annotations

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

Square = np.ndarray  # uint8 (S, S)


@dataclass(frozen=True)
class Damage:
    """One kind of damage. levels: its severities, mildest first, none of them harmless.

    unit: of the levels, with what no damage is. apply: (square, level, rng) -> square.
    """

    name: str
    unit: str
    levels: tuple[float, ...]
    none: float
    apply: Callable[[Square, float, np.random.Generator], Square]

    def to(self, squares: np.ndarray, level: float, seed: int = 0) -> np.ndarray:
        """Damaged copies of uint8 (N, S, S); the same for the same seed."""
        rng = np.random.default_rng(seed)
        return np.stack([self.apply(square, level, rng) for square in squares])


def _affine(square: Square, a: float, b: float, dx: float, scale: float) -> Square:
    """Turned by the angle of cosine a and sine b about the centre, scaled, then moved right.

    dx: in pixels. What comes in from outside the film is black.
    """
    c = (len(square) - 1) / 2
    a, b = a / scale, b / scale
    matrix = (a, b, c - a * (c + dx) - b * c, -b, a, c + b * (c + dx) - a * c)
    image = Image.fromarray(square)
    turned = image.transform(
        image.size, Image.Transform.AFFINE, _at_centres(matrix), Image.Resampling.BILINEAR
    )
    return np.asarray(turned)


def _at_centres(m: Sequence[float]) -> tuple[float, ...]:
    """Pillow maps the centres of pixels, at halves; the matrix is of indices."""
    a, b, c, d, e, f = m
    return (a, b, c + 0.5 - 0.5 * (a + b), d, e, f + 0.5 - 0.5 * (d + e))


def _rotate(square: Square, degrees: float, rng: np.random.Generator) -> Square:
    turn = np.deg2rad(degrees * rng.choice([-1, 1]))
    return _affine(square, float(np.cos(turn)), float(np.sin(turn)), 0, 1)


def _shift(square: Square, share: float, rng: np.random.Generator) -> Square:
    return _affine(square, 1, 0, float(share * len(square) * rng.choice([-1, 1])), 1)


def _scale(square: Square, factor: float, _: np.random.Generator) -> Square:
    return _affine(square, 1, 0, 0, factor)


def _exposure(square: Square, gamma: float, _: np.random.Generator) -> Square:
    return _bytes(255 * (square / 255) ** gamma)


def _contrast(square: Square, share: float, _: np.random.Generator) -> Square:
    return _bytes(127.5 + share * (square - 127.5))


def _noise(square: Square, deviation: float, rng: np.random.Generator) -> Square:
    return _bytes(square + rng.normal(0, 255 * deviation, square.shape))


def _blur(square: Square, share: float, _: np.random.Generator) -> Square:
    blurred = Image.fromarray(square).filter(ImageFilter.GaussianBlur(share * len(square)))
    return np.asarray(blurred)


def _jpeg(square: Square, quality: float, _: np.random.Generator) -> Square:
    content = io.BytesIO()
    Image.fromarray(square).save(content, "JPEG", quality=int(quality))
    return np.asarray(Image.open(content))


def _invert(square: Square, _level: float, _: np.random.Generator) -> Square:
    return 255 - square


def _coarse(square: Square, share: float, _: np.random.Generator) -> Square:
    image = Image.fromarray(square)
    small = (max(1, round(share * len(square))),) * 2
    lower = image.resize(small, Image.Resampling.BILINEAR)
    return np.asarray(lower.resize(image.size, Image.Resampling.BILINEAR))


def _bytes(values: np.ndarray) -> Square:
    return np.asarray(np.clip(np.rint(values), 0, 255).astype(np.uint8))


DAMAGES = (
    Damage("rotation", "degrees, either way", (5, 10, 20), 0, _rotate),
    Damage("shift", "share of the side, either way", (0.05, 0.1, 0.2), 0, _shift),
    Damage("smaller", "scale", (0.9, 0.8, 0.65), 1, _scale),
    Damage("larger", "scale", (1.1, 1.25, 1.5), 1, _scale),
    Damage("underexposed", "gamma", (1.25, 1.6, 2.2), 1, _exposure),
    Damage("overexposed", "gamma", (0.8, 0.6, 0.45), 1, _exposure),
    Damage("contrast", "share left", (0.8, 0.6, 0.35), 1, _contrast),
    Damage("noise", "standard deviation, of the range", (0.02, 0.05, 0.1), 0, _noise),
    Damage("blur", "Gaussian sigma, share of the side", (0.004, 0.008, 0.016), 0, _blur),
    Damage("JPEG", "quality", (50, 25, 10), 100, _jpeg),
    Damage("resolution", "share of the side left", (0.75, 0.5, 0.25), 1, _coarse),
    Damage("inversion", "black for white", (1,), 0, _invert),
)
