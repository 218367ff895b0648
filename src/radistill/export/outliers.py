"""Pictures that are no chest films, drawn from nothing: what abstention is fitted against.

Dead leaves and clouds have the statistics of photographs (Lee, Mumford and Huang 2001), the rest
the look of what lies beside films in a clinic's folders. Each is grey uint8 (S, S), kept as the
model sees it.
"""

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Draw = Callable[[np.random.Generator, int], np.ndarray]


def outliers(count: int, side: int, seed: int) -> np.ndarray:
    """`count` pictures, uint8 (count, side, side), each kind in turn; the same for one seed."""
    rng = np.random.default_rng(seed)
    kinds = tuple(KINDS.values())
    drawn = [kinds[i % len(kinds)](rng, side) for i in range(count)]
    return np.stack(drawn) if drawn else np.empty((0, side, side), np.uint8)


def _leaves(rng: np.random.Generator, side: int) -> np.ndarray:
    """Overlapping discs and boxes with shading: occluding objects, as in photographs."""
    image = Image.new("L", (side, side), int(rng.integers(256)))
    draw = ImageDraw.Draw(image)
    for size in np.sort(side / rng.uniform(1, 20, int(rng.integers(30, 200))))[::-1]:
        x, y = rng.uniform(-size / 2, side, 2)
        box = (x, y, x + size, y + size * rng.uniform(0.4, 1.5))
        shape = draw.ellipse if rng.random() < 0.6 else draw.rectangle
        shape(box, fill=int(rng.integers(256)))
    return _finish(rng, np.asarray(image) + rng.uniform(0, 60) * _field(rng, side, 2.0))


def _clouds(rng: np.random.Generator, side: int) -> np.ndarray:
    return _finish(rng, 128 + rng.uniform(20, 70) * _field(rng, side, rng.uniform(1.0, 3.0)))


def _landscape(rng: np.random.Generator, side: int) -> np.ndarray:
    """A bright sky over textured ground."""
    ground = rng.uniform(0.3, 0.7) + 0.05 * np.cumsum(rng.normal(0, 0.15, side))
    below = np.linspace(0, 1, side)[:, None] > ground[None]
    sky = rng.uniform(120, 250) + 15 * _field(rng, side, 3.0)
    return _finish(rng, np.where(below, rng.uniform(20, 140) + 40 * _field(rng, side, 1.5), sky))


def _page(rng: np.random.Generator, side: int) -> np.ndarray:
    """A scanned page: lines of words, perhaps a box and a stamp."""
    image = Image.new("L", (4 * side, 4 * side), int(rng.integers(215, 256)))
    draw = ImageDraw.Draw(image)
    y, step = rng.uniform(0.1, 1.2) * side / 2, rng.uniform(0.07, 0.25) * side
    while y < 3.8 * side:
        x = rng.uniform(0.1, 0.5) * side
        while x < rng.uniform(2.4, 3.8) * side:
            width = rng.uniform(0.05, 0.45) * side
            draw.rectangle((x, y, x + width, y + 0.5 * step), fill=int(rng.integers(0, 110)))
            x += width + 0.06 * side
        y += step * (1 if rng.random() < 0.85 else 3)
    if rng.random() < 0.4:
        corner = rng.uniform(0, 2.5 * side, 2)
        draw.rectangle((*corner, *(corner + rng.uniform(0.4, 1.5, 2) * side)), outline=0, width=9)
    return _finish(rng, np.asarray(image.resize((side, side), Image.Resampling.BILINEAR)))


def _chart(rng: np.random.Generator, side: int) -> np.ndarray:
    """Axes with bars and curves."""
    image = Image.new("L", (side, side), 255)
    draw = ImageDraw.Draw(image)
    left, floor = side * 0.12, side * 0.88
    draw.line((left, side * 0.08, left, floor, side * 0.95, floor), fill=0, width=1)
    for x in np.linspace(left, side * 0.9, int(rng.integers(3, 14))):
        if rng.random() < 0.7:
            top = rng.uniform(0.1, 0.85) * side
            draw.rectangle((x, top, x + side * 0.04, floor), fill=int(rng.integers(230)))
    for _ in range(int(rng.integers(0, 4))):
        xs = np.linspace(left, side * 0.95, 40)
        ys = side * (0.5 + 0.3 * np.sin(xs / side * rng.uniform(2, 20) + rng.uniform(0, 6)))
        draw.line(list(zip(xs, ys, strict=True)), fill=int(rng.integers(120)), width=2)
    return _finish(rng, np.asarray(image))


def _slice(rng: np.random.Generator, side: int) -> np.ndarray:
    """An axial CT or MR slice: an ellipse on black, a rim, organs and holes in it."""
    image = Image.new("L", (side, side), int(rng.integers(0, 12)))
    draw = ImageDraw.Draw(image)
    wide, high = rng.uniform(0.25, 0.48, 2) * side
    centre = side * rng.uniform(0.42, 0.58, 2)
    for scale, fill in ((1.0, rng.integers(60, 256)), (rng.uniform(0.8, 0.95), rng.integers(160))):
        _ellipse(draw, centre, scale * wide, scale * high, int(fill))
    for _ in range(int(rng.integers(2, 14))):
        spot = centre + rng.uniform(-0.55, 0.55, 2) * (wide, high)
        size = rng.uniform(0.05, 0.4, 2) * (wide, high)
        _ellipse(draw, spot, size[0], size[1], int(rng.integers(256)))
    soft = image.filter(ImageFilter.GaussianBlur(rng.uniform(0.3, 1.5)))
    return _finish(rng, np.asarray(soft) + rng.uniform(0, 12) * rng.normal(size=(side, side)))


def _limb(rng: np.random.Generator, side: int) -> np.ndarray:
    """A bone film of an arm, a leg or a hand: soft tissue with bright shafts on black."""
    image = Image.new("L", (2 * side, 2 * side), int(rng.integers(0, 40)))
    draw = ImageDraw.Draw(image)
    shafts = int(rng.integers(1, 6))
    middle = 2 * side * rng.uniform(0.35, 0.65)
    spread = rng.uniform(0.08, 0.2) * 2 * side
    grey = int(rng.integers(60, 130))
    for i in range(shafts):
        x = middle + (i - (shafts - 1) / 2) * spread
        lean, top = rng.normal(0, 0.08) * 2 * side, rng.uniform(0, 0.5) * 2 * side
        line = (x, 2 * side, x + lean, top)
        draw.line(line, fill=grey, width=int(spread * 1.3))
        _ellipse(draw, np.array(line[2:]), spread * 0.6, spread * 0.6, grey)
        draw.line(line, fill=int(rng.integers(160, 256)), width=int(spread * 0.5))
    soft = image.filter(ImageFilter.GaussianBlur(rng.uniform(1, 4))).resize((side, side))
    turned = np.rot90(np.asarray(soft), int(rng.integers(4)))
    return _finish(rng, turned + rng.uniform(0, 8) * _field(rng, side, 1.0))


def _pattern(rng: np.random.Generator, side: int) -> np.ndarray:
    """Stripes, checks and rings: test cards, textiles, codes."""
    y, x = np.mgrid[:side, :side] / side - rng.uniform(0.2, 0.8)
    angle, period = rng.uniform(0, np.pi), rng.uniform(2, 25)
    along = np.cos(angle) * x + np.sin(angle) * y
    across = np.cos(angle) * y - np.sin(angle) * x
    waves = (
        np.sin(2 * np.pi * period * along),
        np.sin(2 * np.pi * period * along) * np.sin(2 * np.pi * period * across),
        np.sin(2 * np.pi * period * np.hypot(x, y)),
    )
    wave = waves[int(rng.integers(3))]
    wave = np.sign(wave) if rng.random() < 0.5 else wave
    return _finish(rng, 128 + rng.uniform(30, 127) * wave)


def _logo(rng: np.random.Generator, side: int) -> np.ndarray:
    """A few flat shapes on a flat ground: icons, logos, screenshots."""
    image = Image.new("L", (side, side), int(rng.choice([0, 30, 128, 240, 255])))
    draw = ImageDraw.Draw(image)
    for _ in range(int(rng.integers(1, 7))):
        corner = rng.uniform(0, 0.8, 2) * side
        box = (*corner, *(corner + rng.uniform(0.05, 0.7, 2) * side))
        shape = (draw.rectangle, draw.ellipse, draw.rounded_rectangle)[int(rng.integers(3))]
        shape(box, fill=int(rng.integers(256)))
    return _finish(rng, np.asarray(image))


def _ellipse(draw: ImageDraw.ImageDraw, at: np.ndarray, wide: float, high: float, f: int) -> None:
    draw.ellipse((at[0] - wide, at[1] - high, at[0] + wide, at[1] + high), fill=f)


def _field(rng: np.random.Generator, side: int, slope: float) -> np.ndarray:
    """Gaussian noise (side, side), mean 0, deviation 1, with the spectrum 1 / f ** slope."""
    fy, fx = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    frequency = np.hypot(fy, fx)
    frequency[0, 0] = np.inf
    spectrum = np.fft.rfft2(rng.normal(size=(side, side))) / frequency ** (slope / 2)
    field: np.ndarray = np.fft.irfft2(spectrum, (side, side))
    field = (field - field.mean()) / field.std()
    return field


def _finish(rng: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """Another exposure, then bytes."""
    unit = np.clip(values / 255, 0, 1) ** rng.uniform(0.6, 1.6)
    if rng.random() < 0.15:
        unit = 1 - unit
    return np.rint(255 * unit).astype(np.uint8)


KINDS: dict[str, Draw] = {
    "leaves": _leaves,
    "clouds": _clouds,
    "landscape": _landscape,
    "page": _page,
    "chart": _chart,
    "slice": _slice,
    "limb": _limb,
    "pattern": _pattern,
    "logo": _logo,
}
