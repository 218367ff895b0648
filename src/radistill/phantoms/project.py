"""The chest as attenuation: line integrals of the coefficients along each ray (Beer-Lambert)."""

from dataclasses import dataclass

import numpy as np

from radistill.phantoms.anatomy import Anatomy, Pose
from radistill.phantoms.geometry import (
    FilmPlane,
    Floats,
    Interval,
    capsule,
    ellipsoid,
    profile,
    smooth_noise,
    tubes,
)
from radistill.phantoms.skeleton import CAGE_DEPTH, CAGE_WIDTH, arm, bones

# Linear attenuation at about 60 keV, 1/cm (soft tissue as water, lung at a quarter of it).
SOFT, LUNG = 0.2, 0.055
# Vessel trees: trunks a hilum, generations of branches, points a branch.
TRUNKS, FORKS, STEPS = 8, 4, 9


@dataclass(frozen=True)
class Projection:
    """attenuation: line integral (H, W). lungs: cm of air-filled lung along each ray, by side."""

    attenuation: Floats
    lungs: tuple[Floats, Floats]


def project(anatomy: Anatomy, pose: Pose, size: int) -> Projection:
    """Project a healthy chest onto a film of `size` pixels a side."""
    plane = pose.plane(size)
    rng = np.random.default_rng(anatomy.seed)  # the same vessels and ribs on each film
    organs = Interval(np.maximum.reduce([p.half for p in _heart(plane, anatomy)]), 0.8)
    domes = _domes(plane, anatomy, pose)
    cage = (
        profile(plane.y, CAGE_WIDTH) * anatomy.width,
        profile(plane.y, CAGE_DEPTH) * anatomy.depth,
    )
    right, left = (_aerated(_lung(plane, anatomy, cage, side), organs, domes) for side in (-1, 1))
    air = right + left
    inside = np.clip(air / 1.5, 0, 1)
    texture = 1 + 0.04 * smooth_noise(rng, size, 40) + 0.06 * smooth_noise(rng, size, 9)
    vessels = _vessels(plane, anatomy, rng) * inside
    soft = _body(plane, anatomy, cage) - _airways(plane, anatomy) - _stomach(plane, anatomy, domes)
    attenuation = (
        SOFT * np.maximum(soft - air, 0)
        + LUNG * air * texture
        + (SOFT - LUNG) * vessels
        + anatomy.bone * bones(plane, anatomy, rng)
    )
    return Projection(attenuation, (right, left))


def _aerated(lung: Interval, organs: Interval, domes: Interval) -> Floats:
    """What heart, vessels and diaphragm leave of a lung."""
    taken = lung.overlap(organs) + lung.overlap(domes) - lung.overlap(organs, domes)
    return np.maximum(lung.length - taken, 0)


def _lung(plane: FilmPlane, anatomy: Anatomy, cage: tuple[Floats, Floats], side: int) -> Interval:
    """One lung: at each height a rounded box between mediastinum and ribs."""
    y = plane.y
    outer = cage[0] - 0.25
    inner = 1.25 * anatomy.mediastinum + 0.5 * np.exp(-(((y + 1) / 2.5) ** 2))
    top = np.clip((y - anatomy.apex) / 3.0, 0, 1)
    bottom = np.clip((9.5 - y) / 2.5, 0, 1)
    end = np.sqrt(np.maximum(1 - (1 - top) ** 2, 0)) * np.sqrt(np.maximum(1 - (1 - bottom) ** 2, 0))
    middle, half = (outer + inner) / 2, np.maximum((outer - inner) / 2 * end, 1e-3)
    t = np.abs((side * plane.x - middle) / half)
    depth = cage[1] - 0.4
    return Interval(depth * end * np.maximum(1 - t**2.6, 0) ** 0.4)


def _heart(plane: FilmPlane, anatomy: Anatomy) -> list[Interval]:
    """Heart, right atrium, aortic arch, pulmonary trunk and great vessels."""
    k, m, apex = anatomy.heart, anatomy.mediastinum, anatomy.apex
    low = anatomy.dome_right - 1.9
    return [
        ellipsoid(plane, (1.4 * k, low, 0.8), (4.3 * k, 2.9 * k, 3.4 * k), anatomy.heart_tilt),
        ellipsoid(plane, (-0.9 * k, low - 0.1, 0.8), (1.9 * k, 2.5 * k, 2.6 * k)),
        ellipsoid(plane, (1.1, low - 3.6, 0.8), (1.25 * m, 1.5, 2.2)),
        ellipsoid(plane, (0.9, apex + 3.6, 0.8), (1.2 * m, 1.2, 2.2)),
        ellipsoid(plane, (0.0, apex + 2.5, 0.8), (1.75 * m, 6.5, 3.0)),
    ]


def _domes(plane: FilmPlane, anatomy: Anatomy, pose: Pose) -> Interval:
    """Both halves of the diaphragm with what lies below."""
    halves = []
    for side, top in ((-1, anatomy.dome_right), (1, anatomy.dome_left)):
        centre = (side * 4.1 * anatomy.width, top + pose.breath + 6.5, 0.4)
        axes = (5.6 * anatomy.width, 6.5, 6.6 * anatomy.depth)
        halves.append(ellipsoid(plane, centre, axes).half)
    return Interval(np.maximum.reduce(halves), 0.4)


def _body(plane: FilmPlane, anatomy: Anatomy, cage: tuple[Floats, Floats]) -> Floats:
    """Soft tissue along each ray as if the chest were solid: trunk, neck, shoulders, arms, chin."""
    y = plane.y
    rise = np.clip((y - anatomy.apex + 0.9) / 2.2, 0, 1)
    half = (cage[0] + anatomy.fat) * np.sqrt(rise)
    deep = cage[1] + 0.6 * anatomy.fat + 0.3
    t = np.abs(plane.x / np.maximum(half, 1e-3))
    trunk = 2 * deep * np.maximum(1 - t**2.5, 0) ** 0.4 * np.sqrt(rise)
    neck = 0.9 * capsule(plane, (0, anatomy.apex - 9), (0, anatomy.apex + 1.5), 2.7)
    chin = ellipsoid(plane, (0.4, anatomy.apex - 5.4, 2), (4.6, 3.2, 3.5)).length
    total: Floats = np.maximum(trunk, np.maximum(neck, 0.9 * chin))
    for side in (-1, 1):
        joint, elbow = arm(side, anatomy)
        limb = capsule(plane, joint, elbow, 1.7 + 0.6 * anatomy.fat)
        inner = joint + np.array([-side * 5.5, -0.6])
        girdle = capsule(plane, inner, joint, 2.4 + 0.5 * anatomy.fat)
        total = np.maximum(total, 0.8 * girdle + 0.35 * trunk)
        total = np.maximum(total, 0.9 * limb) + 0.25 * np.minimum(total, 0.9 * limb)
    return total


def _airways(plane: FilmPlane, anatomy: Anatomy) -> Floats:
    """Trachea and main bronchi."""
    fork = np.array([plane.across(-0.15, 0.0), anatomy.apex + 5.2])
    top = np.array([plane.across(0.0, 1.5), anatomy.apex - 5])
    parts = [capsule(plane, top, fork, 0.46)]
    parts += [capsule(plane, fork, fork + np.array([side * 1.7, 1.5]), 0.3) for side in (-1, 1)]
    airways: Floats = 0.9 * np.maximum.reduce(parts)
    return airways


def _stomach(plane: FilmPlane, anatomy: Anatomy, domes: Interval) -> Floats:
    """Gas under the left half of the diaphragm, in about half of the patients."""
    if anatomy.stomach < 0.5:
        return np.zeros_like(plane.x)
    size = 1.0 + 1.2 * (anatomy.stomach - 0.5)
    centre = (3.8, anatomy.dome_left + 1.1 * size + 0.7, 0.5)
    gas = ellipsoid(plane, centre, (1.7 * size, 1.0 * size, 1.2)).length
    return np.where(domes.half > 0, gas, 0.0)


def _vessels(plane: FilmPlane, anatomy: Anatomy, rng: np.random.Generator) -> Floats:
    """Pulmonary vessels: trees that fan out from both hila, fork and thin towards the ribs."""
    fan = np.linspace(-1.4, 1.45, TRUNKS)
    side = np.repeat([-1.0, 1.0], TRUNKS)
    hilum = anatomy.dome_right - 5.6
    start = np.stack([2.1 * side, hilum - 0.4 * side, np.zeros_like(side)], 1)
    angle = np.where(side > 0, np.tile(fan, 2), np.pi - np.tile(fan, 2))
    angle = angle + rng.normal(0, 0.12, len(angle))
    radius = 0.36 * anatomy.hila**0.5 * rng.uniform(0.8, 1.15, len(angle))
    length = rng.uniform(1.1, 2.0, len(angle))
    t = (np.arange(STEPS)[:, None, None] + 0.5) / STEPS
    total = np.zeros_like(plane.x)
    for _ in range(FORKS):
        bend = angle + rng.normal(0, 0.2, len(angle))
        lean = rng.normal(0, 0.5, len(angle))
        first = 0.5 * length[:, None] * np.stack([np.cos(angle), np.sin(angle), lean], 1)
        second = 0.5 * length[:, None] * np.stack([np.cos(bend), np.sin(bend), lean], 1)
        points = start + 2 * t * (1 - t) * first + t * t * (first + second)
        widths = ((1 - 0.2 * t[..., 0]) * radius).ravel()
        masses = np.tile(length / STEPS, STEPS)
        total += tubes(plane, points.reshape(-1, 3), widths, masses)
        start = np.repeat(start + first + second, 2, axis=0)
        turn = rng.uniform(0.12, 0.55, len(start)) * np.tile([-1, 1], len(angle))
        angle = np.repeat(bend, 2) + turn
        radius = np.repeat(radius, 2) * rng.uniform(0.62, 0.82, len(start))
        length = np.repeat(length, 2) * rng.uniform(0.7, 1.0, len(start))
    return total
