"""Ribs, spine, collar bones, shoulder blades and arms: centimetres of bone along each ray."""

import numpy as np

from radistill.phantoms.anatomy import Anatomy
from radistill.phantoms.geometry import FilmPlane, Floats, capsule, curve, tubes

# Half-width and half-depth of the inside of the rib cage by height (cm).
CAGE_WIDTH = tuple(
    zip((-9.2, -8.4, -7, -5, -2, 2, 7, 13), (1.5, 3.4, 5.2, 6.6, 7.7, 8.4, 8.8, 8), strict=True)
)
CAGE_DEPTH = ((-9.2, 2.0), (-7, 3.6), (-3, 4.9), (2, 5.6), (13, 5.6))


def cage(y: Floats, anatomy: Anatomy) -> tuple[Floats, Floats]:
    """Half-width and half-depth of the rib cage at heights `y` (any shape)."""
    width, depth = np.asarray(CAGE_WIDTH), np.asarray(CAGE_DEPTH)
    return (
        anatomy.width * np.interp(y, width[:, 0], width[:, 1]),
        anatomy.depth * np.interp(y, depth[:, 0], depth[:, 1]),
    )


def bones(plane: FilmPlane, anatomy: Anatomy, rng: np.random.Generator) -> Floats:
    """Bone along each ray (H, W), cm."""
    return ribs(plane, anatomy, rng) + spine(plane, anatomy) + shoulders(plane, anatomy)


def ribs(plane: FilmPlane, anatomy: Anatomy, rng: np.random.Generator) -> Floats:
    """Twelve pairs of hollow curved rods round the cage, and the collar bones."""
    parts: list[tuple[Floats, Floats]] = []
    radii: list[Floats] = []
    for number in range(12):
        reach = np.pi * (0.8 if number < 7 else 0.72 - 0.07 * (number - 7))
        angle = np.linspace(0.16, reach, 40)
        drop = anatomy.rib_drop * (0.55 + 0.06 * number)
        start = anatomy.apex + 0.1 + anatomy.rib_spacing * number + rng.normal(0, 0.06)
        y = start - 0.4 * np.sin(np.minimum(2 * angle, np.pi)) + drop * (angle / np.pi) ** 1.15
        half, deep = cage(y, anatomy)
        for side in (-1, 1):
            path = np.stack([side * half * np.sin(angle), y, -deep * np.cos(angle)], 1)
            parts.append(curve(path, 0.17))
            radii.append(np.full(len(parts[-1][1]), anatomy.rib_radius))
    for side in (-1, 1):
        parts.append(curve(_collar_bone(side, anatomy), 0.17))
        radii.append(np.full(len(parts[-1][1]), 0.42))
    points = np.concatenate([p for p, _ in parts])
    return tubes(
        plane, points, np.concatenate(radii), np.concatenate([m for _, m in parts]), core=0.65
    )


def _collar_bone(side: int, anatomy: Anatomy) -> Floats:
    t = np.linspace(0, 1, 20)
    lift = -1.5 if anatomy.arms > 0 else -2.8
    x = side * anatomy.width * (1.3 + 7.2 * t)
    y = anatomy.apex + 2.6 + lift * t - 0.45 * np.sin(2 * np.pi * t)
    return np.stack([x, y, 3.0 - 3 * t], 1)


def spine(plane: FilmPlane, anatomy: Anatomy) -> Floats:
    """Vertebral bodies with paler discs between, pedicles, spinous and transverse processes."""
    middle = plane.across(0.0, -anatomy.depth * 3.2)
    columns = np.flatnonzero((np.abs(plane.x - middle) < 2.5).any(0))
    near = slice(columns.min(initial=0), columns.max(initial=0) + 1)  # the rest holds no spine
    x, y = plane.x[:, near] - middle, plane.y[:, near]
    phase = ((y - anatomy.apex) / anatomy.rib_spacing) % 1
    height = np.abs(phase - 0.5)  # 0 in the middle of a vertebra, 0.5 in the disc
    wide = 0.9 * anatomy.width * (1 + 0.35 * height**2)
    body = np.clip((wide - np.abs(x)) * 6, 0, 1) * np.sqrt(np.maximum(1 - (x / 1.7) ** 2, 0))
    column = 0.55 * body * (0.62 + 0.38 * np.clip((0.42 - height) * 12, 0, 1))
    end_plates = 0.25 * body * np.exp(-(((height - 0.36) / 0.045) ** 2))
    pedicles = 0.45 * np.exp(-(((np.abs(x) - 0.68) / 0.2) ** 2) - ((phase - 0.38) / 0.17) ** 2)
    process = 0.35 * np.exp(-((x / 0.17) ** 2) - ((phase - 0.75) / 0.2) ** 2)
    transverse = 0.3 * np.exp(-(((np.abs(x) - 1.35) / 0.5) ** 2) - ((phase - 0.3) / 0.13) ** 2)
    total = np.zeros_like(plane.x)
    total[:, near] = column + end_plates + pedicles + process + transverse
    return total


def shoulders(plane: FilmPlane, anatomy: Anatomy) -> Floats:
    """Shoulder blades, heads of the humerus and the upper arms' bones."""
    total = np.zeros_like(plane.x)
    for side in (-1, 1):
        joint, hand = arm(side, anatomy)
        shaft = capsule(plane, joint, hand, 0.55) - 0.7 * capsule(plane, joint, hand, 0.3)
        head = capsule(plane, joint, joint, 0.95)
        tip = np.array([side * 7.9 * anatomy.width, anatomy.apex + 6.6])
        neck = joint + np.array([-side * 1.3, 0.4])
        blade = capsule(plane, neck, tip, 0.34)
        crest = capsule(plane, neck, neck + np.array([-side * 2.6, 0.4]), 0.26)
        total += 0.6 * shaft + 0.35 * head + 0.45 * blade + 0.4 * crest
    return total


def arm(side: int, anatomy: Anatomy) -> tuple[np.ndarray, np.ndarray]:
    """Shoulder joint and elbow (x, y) of one arm, hanging (arms > 0) or raised."""
    joint = np.array([side * 9.6 * anatomy.width, anatomy.apex + 1.2 + 0.3 * anatomy.arms])
    return joint, joint + np.array([side * (1.6 + anatomy.fat), 9.0 * anatomy.arms])
