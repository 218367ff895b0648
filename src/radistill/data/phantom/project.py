"""The chest as attenuation: line integrals of the coefficients along each ray (Beer-Lambert)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from radistill.data.phantom.anatomy import Anatomy, Pose
from radistill.data.phantom.geometry import (
    Floats,
    Interval,
    View,
    capsule,
    curve,
    ellipsoid,
    profile,
    smooth_noise,
    tubes,
)
from radistill.data.phantom.skeleton import CAGE_DEPTH, CAGE_WIDTH, arm, bones

# Linear attenuation at about 60 keV, 1/cm (soft tissue as water, lung at a quarter of it).
SOFT, LUNG = 0.2, 0.055


@dataclass(frozen=True)
class Projection:
    """attenuation: line integral (H, W). lungs: cm of air-filled lung along each ray, by side."""

    attenuation: Floats
    lungs: tuple[Floats, Floats]


def project(anatomy: Anatomy, pose: Pose, size: int) -> Projection:
    """Project a healthy chest onto a film of `size` pixels a side."""
    view = pose.view(size)
    rng = np.random.default_rng(anatomy.seed)  # the same vessels and ribs on each film
    organs = Interval(np.maximum.reduce([p.half for p in _heart(view, anatomy)]), 0.8)
    domes = _domes(view, anatomy, pose)
    lungs = tuple(_aerated(_lung(view, anatomy, side), organs, domes) for side in (-1, 1))
    air = lungs[0] + lungs[1]
    inside = np.clip(air / 1.5, 0, 1)
    texture = 1 + 0.03 * smooth_noise(rng, size, 40) + 0.05 * smooth_noise(rng, size, 9)
    vessels = _vessels(view, anatomy, rng) * inside
    soft = _body(view, anatomy) - _airways(view, anatomy) - _stomach(view, anatomy, domes)
    attenuation = (
        SOFT * np.maximum(soft - air, 0)
        + LUNG * air * texture
        + (SOFT - LUNG) * vessels
        + anatomy.bone * bones(view, anatomy, rng)
    )
    return Projection(attenuation.astype(np.float32), (lungs[0], lungs[1]))


def _aerated(lung: Interval, organs: Interval, domes: Interval) -> Floats:
    """What heart, vessels and diaphragm leave of a lung."""
    taken = lung.overlap(organs) + lung.overlap(domes) - lung.overlap(organs, domes)
    return np.maximum(lung.length - taken, 0)


def _lung(view: View, anatomy: Anatomy, side: int) -> Interval:
    """One lung: at each height a rounded box between mediastinum and ribs."""
    y = view.y
    outer = profile(y, CAGE_WIDTH) * np.float32(anatomy.width) - np.float32(0.25)
    inner = np.float32(1.25 * anatomy.mediastinum) + 0.5 * np.exp(-(((y + 1) / 2.5) ** 2))
    top = np.clip((y - np.float32(anatomy.apex)) / 3.0, 0, 1)
    bottom = np.clip((9.5 - y) / 2.5, 0, 1)
    end = np.sqrt(np.maximum(1 - (1 - top) ** 2, 0)) * np.sqrt(np.maximum(1 - (1 - bottom) ** 2, 0))
    middle, half = (outer + inner) / 2, np.maximum((outer - inner) / 2 * end, 1e-3)
    t = np.abs((side * view.x - middle) / half)
    depth = profile(y, CAGE_DEPTH) * np.float32(anatomy.depth) - np.float32(0.4)
    return Interval(depth * end * np.maximum(1 - t**2.6, 0) ** np.float32(0.4))


def _heart(view: View, anatomy: Anatomy) -> list[Interval]:
    """Heart, right atrium, aortic arch, pulmonary trunk and great vessels."""
    k, m, apex = anatomy.heart, anatomy.mediastinum, anatomy.apex
    low = anatomy.dome_right - 2.6
    return [
        ellipsoid(view, (1.4 * k, low, 0.8), (4.3 * k, 2.9 * k, 3.4 * k), anatomy.heart_tilt),
        ellipsoid(view, (-0.9 * k, low - 0.1, 0.8), (1.9 * k, 2.5 * k, 2.6 * k)),
        ellipsoid(view, (1.1, low - 3.6, 0.8), (1.25 * m, 1.5, 2.2)),
        ellipsoid(view, (0.9, apex + 3.6, 0.8), (1.2 * m, 1.2, 2.2)),
        ellipsoid(view, (0.0, apex + 2.5, 0.8), (1.75 * m, 6.5, 3.0)),
    ]


def _domes(view: View, anatomy: Anatomy, pose: Pose) -> Interval:
    """Both halves of the diaphragm with what lies below."""
    halves = []
    for side, top in ((-1, anatomy.dome_right), (1, anatomy.dome_left)):
        centre = (side * 4.1 * anatomy.width, top + pose.breath + 6.5, 0.4)
        axes = (5.6 * anatomy.width, 6.5, 6.6 * anatomy.depth)
        halves.append(ellipsoid(view, centre, axes).half)
    return Interval(np.maximum.reduce(halves), 0.4)


def _body(view: View, anatomy: Anatomy) -> Floats:
    """Soft tissue along each ray as if the chest were solid: trunk, neck, shoulders, arms, chin."""
    y = view.y
    rise = np.clip((y - np.float32(anatomy.apex - 0.9)) / 2.2, 0, 1)
    half = np.maximum(profile(y, CAGE_WIDTH) * anatomy.width + anatomy.fat, 0.1) * np.sqrt(rise)
    deep = profile(y, CAGE_DEPTH) * anatomy.depth + 0.6 * anatomy.fat + 0.3
    t = np.abs(view.x / np.maximum(half, 1e-3).astype(np.float32))
    trunk = 2 * deep * np.maximum(1 - t**2.5, 0) ** np.float32(0.4) * np.sqrt(rise)
    neck = 0.9 * capsule(view, (0, anatomy.apex - 9), (0, anatomy.apex + 1.5), 2.7)
    chin = ellipsoid(view, (0.4, anatomy.apex - 5.4, 2), (4.6, 3.2, 3.5)).length
    total = np.maximum(trunk, np.maximum(neck, 0.9 * chin))
    for side in (-1, 1):
        joint, elbow = arm(side, anatomy)
        limb = capsule(view, joint, elbow, 1.5 + 0.6 * anatomy.fat)
        inner = joint + np.array([-side * 5.5, -0.6])
        girdle = capsule(view, inner, joint, 1.9 + 0.4 * anatomy.fat)
        total = np.maximum(total, np.maximum(0.8 * girdle + 0.35 * trunk, 0))
        total = np.maximum(total, 0.9 * limb) + 0.25 * np.minimum(total, 0.9 * limb)
    return total.astype(np.float32)


def _airways(view: View, anatomy: Anatomy) -> Floats:
    """Trachea and main bronchi."""
    fork = np.array([view.across(-0.15, 0.0), anatomy.apex + 5.2])
    top = np.array([view.across(0.0, 1.5), anatomy.apex - 5])
    parts = [capsule(view, top, fork, 0.46)]
    parts += [capsule(view, fork, fork + np.array([side * 1.7, 1.5]), 0.3) for side in (-1, 1)]
    return 0.9 * np.maximum.reduce(parts)


def _stomach(view: View, anatomy: Anatomy, domes: Interval) -> Floats:
    """Gas under the left half of the diaphragm, in about half of the patients."""
    if anatomy.stomach < 0.5:
        return np.zeros_like(view.x)
    size = 1.0 + 1.2 * (anatomy.stomach - 0.5)
    centre = (3.8, anatomy.dome_left + 1.1 * size + 0.7, 0.5)
    return ellipsoid(view, centre, (1.7 * size, 1.0 * size, 1.2)).length * (domes.half > 0)


def _vessels(view: View, anatomy: Anatomy, rng: np.random.Generator) -> Floats:
    """Pulmonary vessels: trees that fan out from both hila and thin towards the ribs."""
    paths: list[tuple[Floats, Floats]] = []
    radii: list[Floats] = []
    stack: list[tuple[np.ndarray, float, float, float]] = []
    for side in (-1, 1):
        root = np.array([side * 2.2, anatomy.dome_right - 5.4 - 0.4 * side, 0.0])
        for direction in np.linspace(-1.35, 1.4, 8) + rng.normal(0, 0.12, 8):
            angle = direction if side > 0 else np.pi - direction
            stack.append((root, angle, 0.26 * anatomy.hila**0.5, rng.uniform(1.2, 2.0)))
    while stack:
        start, angle, radius, length = stack.pop()
        bend = angle + rng.normal(0, 0.15)
        lean = np.array([np.cos(bend), np.sin(bend), rng.normal(0, 0.5)])
        middle = start + 0.5 * length * np.array([np.cos(angle), np.sin(angle), lean[2]])
        end = middle + 0.5 * length * lean
        points, mass = curve([start, middle, end], 0.16)
        paths.append((points, mass))
        radii.append(np.linspace(radius, radius * 0.8, len(mass)).astype(np.float32))
        if radius > 0.09:
            for turn in (rng.uniform(0.15, 0.5), -rng.uniform(0.15, 0.5)):
                stack.append((end, bend + turn, radius * rng.uniform(0.62, 0.78), length * 0.85))
    points = np.concatenate([p for p, _ in paths])
    return tubes(view, points, np.concatenate(radii), np.concatenate([m for _, m in paths]))
