"""Opacities: lung that holds fluid instead of air, as lobar or as diffuse disease."""

import numpy as np

from radistill.phantoms.geometry import FilmPlane, Floats, smooth_noise
from radistill.phantoms.project import LUNG, SOFT, Projection

# The share of air replaced where the opacity is densest, from faint to plain.
LOBAR_STRENGTH = (0.35, 1.0)
DIFFUSE_STRENGTH = (0.45, 1.7)
MASK_SHARE = 0.25  # of the densest point; fainter parts of an opacity are not in its mask


def opacity(
    projection: Projection, plane: FilmPlane, subtype: str, patient: np.random.Generator
) -> Floats:
    """Added attenuation (H, W) of one patient's disease; zero outside the lungs.

    subtype: bacteria (one lobar consolidation), virus (many faint patches on both sides), or
    empty for none.
    """
    if subtype == "bacteria":
        return _lobar(projection, plane, patient)
    if subtype == "virus":
        return _diffuse(projection, plane, patient)
    return np.zeros_like(projection.attenuation)


def mask(added: Floats) -> np.ndarray:
    """Where an opacity is (H, W), bool."""
    return added > max(MASK_SHARE * float(added.max()), 1e-4)


def _lobar(projection: Projection, plane: FilmPlane, rng: np.random.Generator) -> Floats:
    side = int(rng.integers(2))
    lung = projection.lungs[side]
    strength = rng.uniform(*LOBAR_STRENGTH)
    place, radius = _place(lung, plane, rng), rng.uniform(3.0, 6.0)
    stretch, turn = rng.uniform(0.7, 1.4), rng.uniform(0, np.pi)
    dx, dy = plane.x - place[0], plane.y - place[1]
    u = (np.cos(turn) * dx + np.sin(turn) * dy) / stretch
    v = (np.cos(turn) * dy - np.sin(turn) * dx) * stretch
    ragged = 1 + 0.22 * smooth_noise(rng, plane.size, 7) + 0.08 * smooth_noise(rng, plane.size, 18)
    distance = np.sqrt(u * u + v * v) / radius * ragged
    soft = 1 / (1 + np.exp(np.clip((distance - 1) / rng.uniform(0.1, 0.28), -30, 30)))
    mottled = np.clip(1 + 0.12 * smooth_noise(rng, plane.size, 26), 0.6, 1.2)
    filled: Floats = np.minimum(lung, 2.2 * radius) * soft * mottled
    return (SOFT - LUNG) * strength * filled


def _place(lung: Floats, plane: FilmPlane, rng: np.random.Generator) -> tuple[float, float]:
    """A point well inside a lung."""
    rows, columns = np.nonzero(lung > 0.55 * lung.max())
    chosen = int(rng.random() * len(rows))
    where = rows[chosen], columns[chosen]
    return float(plane.x[where]), float(plane.y[where])


def _diffuse(projection: Projection, plane: FilmPlane, rng: np.random.Generator) -> Floats:
    size = plane.size
    strength = rng.uniform(*DIFFUSE_STRENGTH)
    patches = np.clip(0.6 * smooth_noise(rng, size, 14) + 0.5 * smooth_noise(rng, size, 7), 0, 2)
    strands = np.exp(-((smooth_noise(rng, size, 36) / 0.3) ** 2))
    strands += np.exp(-((smooth_noise(rng, size, 52) / 0.35) ** 2))
    lung = projection.lungs[0] + projection.lungs[1]
    centre = np.abs(plane.x) - rng.uniform(2.0, 4.0)
    hilar = np.exp(-((centre / 3.0) ** 2) - ((plane.y - rng.normal(0, 1.5)) / 4.5) ** 2)
    spread = np.clip(0.35 + 0.65 * hilar + 0.25 * smooth_noise(rng, size, 4), 0, 1.2)
    share = np.minimum(strength * spread * (0.6 * patches + 0.2 * strands), 0.9)
    return (SOFT - LUNG) * share * np.minimum(lung, 6.0)
