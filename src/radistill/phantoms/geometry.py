"""Shapes seen along parallel rays: where each ray enters and leaves, and how long it stays.

Lengths are in centimetres. x runs to the right of the image (the patient's left), y down, z
towards the front of the chest; rays run along z, so a convex shape is one interval of z a pixel.

All in float64: NumPy's exp and pow differ in the last bit from CPU to CPU, and in float32 that
reaches the grey levels and the draws of the quantum noise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """The part of every ray inside a convex shape: z within `half` of `centre` (H, W)."""

    half: Floats
    centre: float | Floats = 0.0

    @property
    def length(self) -> Floats:
        return 2 * self.half

    def overlap(self, *others: Interval) -> Floats:
        """Length shared with all `others`."""
        low, high = self.centre - self.half, self.centre + self.half
        for other in others:
            low = np.maximum(low, other.centre - other.half)
            high = np.minimum(high, other.centre + other.half)
        return np.maximum(high - low, 0)


@dataclass(frozen=True)
class FilmPlane:
    """Pixel centres in patient coordinates, and the way back for points.

    x, y: (size, size), centimetres. scale: pixels a centimetre. yaw: radians about the body axis.
    """

    x: Floats
    y: Floats
    scale: float
    size: int
    roll: float
    yaw: float
    shift: tuple[float, float]

    @classmethod
    def make(
        cls, size: int, field: float, roll: float, yaw: float, shift: tuple[float, float]
    ) -> FilmPlane:
        """A square film with a side of `field` cm, turned by `roll` (radians) and moved (cm)."""
        scale = size / field
        along = ((np.arange(size) + 0.5) / scale) - field / 2
        u, v = along[None, :] - shift[0], along[:, None] - shift[1]
        cosine, sine = np.cos(roll), np.sin(roll)
        x, y = cosine * u + sine * v, cosine * v - sine * u
        return cls(x, y, scale, size, roll, yaw, shift)

    def across(self, x: float, z: float) -> float:
        """Where a point at (x, z) appears once the patient is turned about the body axis."""
        return float(x * np.cos(self.yaw) + z * np.sin(self.yaw))

    def pixels(self, points: Floats, flat: bool = False) -> Floats:
        """(N, 3) points in cm -> (N, 2) pixel positions (column, row).

        flat: the points are already turned about the body axis.
        """
        x = points[:, 0]
        if not flat:
            x = x * np.cos(self.yaw) + points[:, 2] * np.sin(self.yaw)
        y = points[:, 1]
        u = np.cos(self.roll) * x - np.sin(self.roll) * y + self.shift[0]
        v = np.sin(self.roll) * x + np.cos(self.roll) * y + self.shift[1]
        return np.stack([u, v], 1) * self.scale + (self.size / 2 - 0.5)


def ellipsoid(
    plane: FilmPlane,
    centre: tuple[float, float, float],
    axes: tuple[float, float, float],
    tilt: float = 0.0,
) -> Interval:
    """An ellipsoid with semi-axes `axes`, tilted in the image plane by `tilt` radians."""
    dx, dy = plane.x - plane.across(centre[0], centre[2]), plane.y - centre[1]
    if tilt:
        cosine, sine = np.cos(tilt), np.sin(tilt)
        dx, dy = cosine * dx + sine * dy, cosine * dy - sine * dx
    inside = 1 - (dx / axes[0]) ** 2 - (dy / axes[1]) ** 2
    return Interval(axes[2] * np.sqrt(np.maximum(inside, 0)), centre[2])


def capsule(plane: FilmPlane, start: ArrayLike, end: ArrayLike, radius: float) -> Floats:
    """Length of each ray (H, W) within a round-ended rod between two points (x, y)."""
    a, b = np.asarray(start, np.float64), np.asarray(end, np.float64)
    ends = plane.pixels(np.array([[*a, 0], [*b, 0]]), flat=True)
    reach = radius * plane.scale + 1
    low = np.clip(np.floor(ends.min(0) - reach), 0, plane.size).astype(int)
    high = np.clip(np.ceil(ends.max(0) + reach) + 1, 0, plane.size).astype(int)
    box = (slice(low[1], high[1]), slice(low[0], high[0]))
    along = b - a
    dx, dy = plane.x[box] - a[0], plane.y[box] - a[1]
    t = np.clip((dx * along[0] + dy * along[1]) / (along @ along + 1e-9), 0, 1)
    squared = (dx - t * along[0]) ** 2 + (dy - t * along[1]) ** 2
    inside = np.maximum(radius**2 - squared, 0)
    length = np.zeros_like(plane.x)
    length[box] = 2 * np.sqrt(inside)
    return length


def tubes(
    plane: FilmPlane, points: Floats, radius: Floats, mass: Floats, core: float = 0.0
) -> Floats:
    """Length of each ray (H, W) within thin tubes given as points along their axes.

    points: (N, 3) cm; radius: (N,) cm; mass: (N,) cm of axis each point stands for.
    core: share of the radius that is left out, for bones with a dense rim.
    A uniform disc swept along a line leaves the chord of a cylinder; where the axis runs along
    the ray the discs pile up, as the mass of a real tube does.
    """
    place = plane.pixels(points)
    r = np.maximum(radius * plane.scale, 0.6)
    reach = int(np.ceil(r.max())) + 1
    # A margin takes what falls beside the film.
    corner = np.clip(np.rint(place), -reach, plane.size - 1 + reach)
    offsets = np.arange(-reach, reach + 1)
    near = offsets - (place - corner)[:, :, None]
    distance = np.sqrt(near[:, 0, None, :] ** 2 + near[:, 1, :, None] ** 2)
    disc = _disc(r, distance)
    if core:
        disc -= 0.75 * _disc(core * r, distance)
    # Discs of area pi r^2 px stand for a cross-section of pi radius^2 cm, over the mass of axis.
    disc *= (mass * (radius * plane.scale / r) ** 2)[:, None, None]
    side = plane.size + 4 * reach
    at = corner.astype(np.intp) + 2 * reach
    flat = (at[:, 1, None] + offsets)[:, :, None] * side + (at[:, 0, None] + offsets)[:, None, :]
    total: Floats = np.bincount(flat.ravel(), disc.ravel(), side**2).astype(np.float64, copy=False)
    return total.reshape(side, side)[2 * reach : -2 * reach, 2 * reach : -2 * reach]


def _disc(radius: Floats, distance: Floats) -> Floats:
    """Discs (N, K, K) with an edge one pixel wide."""
    edge: Floats = (radius + 0.5)[:, None, None] - distance
    return np.clip(edge, 0, 1, out=edge)


def curve(points: ArrayLike, step: float) -> tuple[Floats, Floats]:
    """Resample a polyline (N, 3) at about `step` cm -> points and the length each stands for."""
    corners = np.asarray(points, np.float64)
    pieces = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    way = np.concatenate([[0.0], np.cumsum(pieces)])
    count = max(int(way[-1] / step), 2)
    at = (np.arange(count) + 0.5) * way[-1] / count
    resampled = np.stack([np.interp(at, way, corners[:, i]) for i in range(3)], 1)
    return resampled, np.full(count, way[-1] / count)


def smooth_noise(rng: np.random.Generator, size: int, cells: int) -> Floats:
    """Random field (size, size), about zero mean and unit deviation, `cells` bumps a side."""
    coarse = rng.standard_normal((cells + 3, cells + 3), dtype=np.float32)
    box = (1.0, 1.0, cells + 2.0, cells + 2.0)
    image = Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC, box=box)
    return np.asarray(image, np.float64) * 1.5


def profile(y: Floats, table: ArrayLike) -> Floats:
    """A smooth function of height through the (y, value) rows of `table`, at each pixel."""
    rows = np.asarray(table, np.float64)
    fine = np.linspace(rows[0, 0], rows[-1, 0], 200)
    values = np.interp(fine, rows[:, 0], rows[:, 1])
    kernel = np.hanning(23)
    padded = np.pad(values, 11, mode="edge")
    return np.interp(y, fine, np.convolve(padded, kernel / kernel.sum(), "valid"))
