"""A class activation map laid over its film."""

from functools import cache

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from radistill.schema.card import Cam

SMALLEST_TEXT, TEXT_SHARE = 11, 1 / 40  # pixels, and share of the width
# From nothing over yellow and orange to red: (strength, red, green, blue, opacity).
RAMP = np.array(
    [
        (0.0, 255, 230, 80, 0.0),
        (0.3, 255, 220, 70, 0.04),
        (0.6, 255, 130, 20, 0.35),
        (1.0, 215, 20, 20, 0.6),
    ]
)
_STEPS = 1024  # of strength: a step changes a colour by less than one of 256


def overlay(film: np.ndarray, cam: np.ndarray, scale: Cam, caption: str) -> Image.Image:
    """The film in grey with the map in colour, RGB, and a caption below.

    film: uint8 (H, W). cam: (h, w), spread over the whole film. Values of 0 and below stay
    uncoloured, `scale.scale` and above get the full colour, so that films can be compared.
    caption: written below the film.
    """
    grey = Image.fromarray(film)
    spread = Image.fromarray(strength(cam, scale)).resize(grey.size, Image.Resampling.BILINEAR)
    step = np.rint(np.clip(np.asarray(spread), 0, 1) * (_STEPS - 1)).astype(np.int32)
    mixed = _mixtures().take(step * 256 + film, axis=0)
    text = max(SMALLEST_TEXT, round(TEXT_SHARE * grey.width))
    picture = Image.new("RGB", (grey.width, grey.height + round(1.6 * text)))
    picture.paste(Image.fromarray(mixed))
    font = ImageFont.load_default(size=text)
    ImageDraw.Draw(picture).text((text // 2, grey.height + text // 5), caption, "white", font)
    return picture


def strength(cam: np.ndarray, scale: Cam) -> np.ndarray:
    """A map (h, w) to how strongly each position is drawn, float32 in [0, 1]."""
    drawn: np.ndarray = np.clip(cam / scale.scale, 0, 1).astype(np.float32)
    return drawn


@cache
def _mixtures() -> np.ndarray:
    """RGB, uint8 (steps x greys, 3), of every step of strength over every grey of the film."""
    strength = np.linspace(0, 1, _STEPS)
    colour = np.stack([np.interp(strength, RAMP[:, 0], RAMP[:, i]) for i in range(1, 5)], axis=-1)
    opacity, grey = colour[:, None, 3:], np.arange(256)[:, None]
    mixed = grey * (1 - opacity) + colour[:, None, :3] * opacity
    return np.asarray(np.rint(mixed).astype(np.uint8).reshape(-1, 3))
