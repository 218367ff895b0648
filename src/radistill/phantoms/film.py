"""From attenuation to a film: exposure, scatter, blur, quanta, the film's response."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

from radistill.phantoms.geometry import Floats


@dataclass(frozen=True)
class Exposure:
    """What differs between films of the same chest.

    quanta: a pixel of the open field, at 256 pixels a side. scatter: share of the primary light.
    blur: pixels at 256. centre, contrast: of the film's response.
    enhancement: percent of unsharp masking. marker: place of the drawn side letter.
    """

    quanta: float
    scatter: float
    blur: float
    centre: float
    contrast: float
    enhancement: int
    border: tuple[float, float, float, float]
    marker: tuple[float, float] | None

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Exposure:
        """Draw an exposure."""
        border = tuple(float(v) for v in rng.uniform(0, 0.05, 4) * (rng.random(4) < 0.25))
        place = (float(rng.uniform(0.03, 0.1)), float(rng.uniform(0.05, 0.5)))
        return cls(
            quanta=float(np.exp(rng.uniform(np.log(1.5e4), np.log(1e5)))),
            scatter=float(rng.uniform(0.1, 0.5)),
            blur=float(rng.uniform(0.35, 0.8)),
            centre=float(rng.normal(0, 0.08)),
            contrast=float(np.clip(rng.normal(1.0, 0.1), 0.75, 1.3)),
            enhancement=int(rng.integers(0, 120)),
            border=(border[0], border[1], border[2], border[3]),
            marker=place if rng.random() < 0.7 else None,
        )


def expose(attenuation: Floats, exposure: Exposure, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Film (H, W), uint8, bright where little radiation came through."""
    size = attenuation.shape[0]
    light = _spread(np.exp(-attenuation), exposure, size)
    # The same dose falls on fewer, larger pixels of a smaller film.
    quanta = exposure.quanta * (256 / size) ** 2
    counts = rng.poisson(np.maximum(light * quanta, 0))
    electronic = rng.standard_normal(counts.shape, dtype=np.float32) * (0.002 * quanta) ** 0.5
    density = -np.log(np.maximum(counts + electronic, 1) / quanta)
    thinned = density[::4, ::4]
    low, high = np.percentile(thinned[thinned > 0.4], (15, 95))
    # Auto-exposure puts the chest in the middle of the film's curve, never quite the same way.
    middle = 0.6 * low + 0.4 * high + exposure.centre * (high - low)
    steep = 2.7 * exposure.contrast / (high - low)
    response = 1 / (1 + np.exp(-steep * (density - middle)))
    fog = 1 / (1 + np.exp(steep * (middle - 0.2)))
    grey = np.clip(240 * (response - fog) / (1 - fog), 0, 255)
    return _finish(grey.astype(np.uint8), exposure, size)


def _spread(light: Floats, exposure: Exposure, size: int) -> Floats:
    """Detector blur and a wide veil of scattered radiation, in one pass over the spectrum."""
    pad = size // 8
    padded = np.pad(light, pad, mode="reflect")
    side = padded.shape[0]
    fx, fy = np.fft.rfftfreq(side), np.fft.fftfreq(side)
    squared = fx[None, :] ** 2 + fy[:, None] ** 2
    sharp = np.exp(-2 * (np.pi * exposure.blur * size / 256) ** 2 * squared)
    veil = np.exp(-2 * (np.pi * 0.06 * size) ** 2 * squared)
    mixed = (sharp + exposure.scatter * veil) / (1 + exposure.scatter)
    spread = np.fft.irfft2(np.fft.rfft2(padded) * mixed, s=padded.shape)
    return spread[pad:-pad, pad:-pad]


def _finish(grey: NDArray[np.uint8], exposure: Exposure, size: int) -> NDArray[np.uint8]:
    """The reader's edge enhancement, collimator edges and the side letter."""
    image = Image.fromarray(grey)
    image = image.filter(ImageFilter.UnsharpMask(size / 80, exposure.enhancement, 0))
    left, top, right, bottom = (round(share * size) for share in exposure.border)
    window = (left, top, size - right, size - bottom)
    film = Image.new("L", (size, size))
    film.paste(image.crop(window), window)
    if exposure.marker is not None:
        place = (exposure.marker[0] * size, exposure.marker[1] * size)
        ImageDraw.Draw(film).text(place, "R", fill=245, font_size=max(size * 0.05, 7))
    return np.asarray(film)
