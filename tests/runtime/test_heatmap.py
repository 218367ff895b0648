"""The map is mixed into the film as the ramp says."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
from PIL import Image

from radistill.runtime.heatmap import RAMP, overlay, strength


def test_every_pixel_is_the_film_under_its_colour() -> None:
    rng = np.random.default_rng(0)
    film = rng.integers(0, 256, (70, 90), np.uint8)
    cam = rng.normal(0.5, 1, (7, 9)).astype(np.float32)
    scale = cast(Any, SimpleNamespace(scale=1.5))
    drawn = np.asarray(overlay(film, cam, scale, ""))[:70].astype(float)

    spread = Image.fromarray(strength(cam, scale)).resize((90, 70), Image.Resampling.BILINEAR)
    strong = np.clip(np.asarray(spread), 0, 1)
    *colour, opacity = (np.interp(strong, RAMP[:, 0], RAMP[:, i])[..., None] for i in range(1, 5))
    wanted = film[..., None] * (1 - opacity) + np.concatenate(colour, axis=-1) * opacity
    assert np.abs(drawn - wanted).max() <= 1
    assert np.array_equal(drawn[strong == 0], np.repeat(film[strong == 0][:, None], 3, axis=1))
