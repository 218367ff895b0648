"""Shapes seen along parallel rays: where each ray enters and leaves, and how long it stays.

Lengths are in centimetres. x runs to the right of the image (the patient's left), y down, z
towards the front of the chest; rays run along z, so a convex shape is one interval of z a pixel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from PIL import Image

Floats = NDArray[np.float32]


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
class View:
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
    ) -> View:
        """A square film with a side of `field` cm, turned by `roll` (radians) and moved (cm)."""
        scale = size / field
        along = ((np.arange(size, dtype=np.float32) + 0.5) / scale) - field / 2
        u, v = along[None, :] - shift[0], along[:, None] - shift[1]
        cosine, sine = np.float32(np.cos(roll)), np.float32(np.sin(roll))
        x, y = cosine * u + sine * v, cosine * v - sine * u
        return cls(x, y, scale, size, roll, yaw, shift)

    def across(self, x: float, z: float) -> float:
        """Where a point at (x, z) appears once the patient is turned about the body axis."""
        return float(x * np.cos(self.yaw) + z * np.sin(self.yaw))

    def pixels(self, points: Floats) -> Floats:
        """(N, 3) points in cm -> (N, 2) pixel positions (column, row)."""
        x = points[:, 0] * np.cos(self.yaw) + points[:, 2] * np.sin(self.yaw)
        y = points[:, 1]
        u = np.cos(self.roll) * x - np.sin(self.roll) * y + self.shift[0]
        v = np.sin(self.roll) * x + np.cos(self.roll) * y + self.shift[1]
        return np.stack([u, v], 1).astype(np.float32) * self.scale + (self.size / 2 - 0.5)


def ellipsoid(
    view: View,
    centre: tuple[float, float, float],
    axes: tuple[float, float, float],
    tilt: float = 0.0,
) -> Interval:
    """An ellipsoid with semi-axes `axes`, tilted in the image plane by `tilt` radians."""
    dx, dy = view.x - np.float32(view.across(centre[0], centre[2])), view.y - np.float32(centre[1])
    if tilt:
        cosine, sine = np.float32(np.cos(tilt)), np.float32(np.sin(tilt))
        dx, dy = cosine * dx + sine * dy, cosine * dy - sine * dx
    inside = 1 - (dx / np.float32(axes[0])) ** 2 - (dy / np.float32(axes[1])) ** 2
    return Interval(np.float32(axes[2]) * np.sqrt(np.maximum(inside, 0)), centre[2])


def capsule(view: View, start: ArrayLike, end: ArrayLike, radius: float) -> Floats:
    """Length of each ray (H, W) within a round-ended rod between two points (x, y)."""
    a, b = np.asarray(start, np.float32), np.asarray(end, np.float32)
    along = b - a
    dx, dy = view.x - a[0], view.y - a[1]
    t = np.clip((dx * along[0] + dy * along[1]) / np.float32(along @ along), 0, 1)
    squared = (dx - t * along[0]) ** 2 + (dy - t * along[1]) ** 2
    return 2 * np.sqrt(np.maximum(np.float32(radius) ** 2 - squared, 0))


def tubes(view: View, points: Floats, radius: Floats, mass: Floats, core: float = 0.0) -> Floats:
    """Length of each ray (H, W) within thin tubes given as points along their axes.

    points: (N, 3) cm; radius: (N,) cm; mass: (N,) cm of axis each point stands for.
    core: share of the radius that is left out, for bones with a dense rim.
    A uniform disc swept along a line leaves the chord of a cylinder; where the axis runs along
    the ray the discs pile up, as the mass of a real tube does.
    """
    place = view.pixels(points)
    r = np.maximum(radius * view.scale, 0.6).astype(np.float32)
    reach = int(np.ceil(r.max())) + 1
    offsets = np.arange(-reach, reach + 1, dtype=np.float32)
    corner = np.rint(place)
    dx = offsets[None, None, :] - (place - corner)[:, 0, None, None]
    dy = offsets[None, :, None] - (place - corner)[:, 1, None, None]
    distance = np.sqrt(dx * dx + dy * dy)
    disc = np.clip(r[:, None, None] - distance + 0.5, 0, 1)
    if core:
        disc -= 0.75 * np.clip(core * r[:, None, None] - distance + 0.5, 0, 1)
    # Discs of area pi r^2 stand for a cross-section of pi radius^2, spread over the mass of axis.
    weight = mass * view.scale * (radius * view.scale / r) ** 2 / view.scale
    disc *= weight.astype(np.float32)[:, None, None]
    column = corner[:, 0, None, None].astype(np.int32) + offsets.astype(np.int32)[None, None, :]
    row = corner[:, 1, None, None].astype(np.int32) + offsets.astype(np.int32)[None, :, None]
    seen = (column >= 0) & (column < view.size) & (row >= 0) & (row < view.size)
    flat = (row * view.size + column)[seen]
    total = np.bincount(flat, disc[seen], minlength=view.size**2)
    return total.reshape(view.size, view.size).astype(np.float32)


def curve(points: ArrayLike, step: float) -> tuple[Floats, Floats]:
    """Resample a polyline (N, 3) at about `step` cm -> points and the length each stands for."""
    corners = np.asarray(points, np.float32)
    pieces = np.linalg.norm(np.diff(corners, axis=0), axis=1)
    way = np.concatenate([[0.0], np.cumsum(pieces)])
    count = max(int(way[-1] / step), 2)
    at = (np.arange(count) + 0.5) * way[-1] / count
    resampled = np.stack([np.interp(at, way, corners[:, i]) for i in range(3)], 1)
    return resampled.astype(np.float32), np.full(count, way[-1] / count, np.float32)


def smooth_noise(rng: np.random.Generator, size: int, cells: int) -> Floats:
    """Random field (size, size), about zero mean and unit deviation, `cells` bumps a side."""
    coarse = rng.standard_normal((cells + 3, cells + 3), dtype=np.float32)
    box = (1.0, 1.0, cells + 2.0, cells + 2.0)
    image = Image.fromarray(coarse).resize((size, size), Image.Resampling.BICUBIC, box=box)
    return np.asarray(image, np.float32) * np.float32(1.5)


def profile(y: Floats, table: ArrayLike) -> Floats:
    """A smooth function of height through the (y, value) rows of `table`, at each pixel."""
    rows = np.asarray(table, np.float64)
    fine = np.linspace(rows[0, 0], rows[-1, 0], 200)
    values = np.interp(fine, rows[:, 0], rows[:, 1])
    kernel = np.hanning(23)
    padded = np.pad(values, 11, mode="edge")
    return np.interp(y, fine, np.convolve(padded, kernel / kernel.sum(), "valid")).astype(
        np.float32
    )
