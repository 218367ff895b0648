"""What differs between patients, and between two films of one patient."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from radistill.phantoms.geometry import FilmPlane

FIELD = 21.5  # cm, side of the film at the patient


@dataclass(frozen=True)
class Anatomy:
    """One small child's chest; lengths in cm, the origin in the middle of the chest.

    width, depth: of the rib cage, as factors. fat: thickness of the wall outside the ribs.
    dome_right, dome_left: height of the diaphragm. heart: size factor. hila: vessel factor.
    """

    width: float
    depth: float
    fat: float
    apex: float
    dome_right: float
    dome_left: float
    heart: float
    heart_tilt: float
    mediastinum: float
    hila: float
    rib_spacing: float
    rib_drop: float
    rib_radius: float
    bone: float
    arms: float
    stomach: float
    seed: int

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Anatomy:
        """Draw a patient."""
        dome = rng.normal(4.6, 0.7)
        return cls(
            width=float(np.clip(rng.normal(1.0, 0.06), 0.85, 1.15)),
            depth=float(np.clip(rng.normal(1.0, 0.08), 0.8, 1.2)),
            fat=float(rng.uniform(0.7, 1.7)),
            apex=float(rng.normal(-8.2, 0.3)),
            dome_right=float(dome),
            dome_left=float(dome + rng.normal(0.7, 0.3)),
            heart=float(np.clip(rng.normal(1.0, 0.09), 0.8, 1.25)),
            heart_tilt=float(rng.normal(0.75, 0.12)),
            mediastinum=float(np.clip(rng.normal(1.0, 0.15), 0.7, 1.5)),
            hila=float(np.clip(rng.lognormal(0.0, 0.3), 0.5, 1.9)),
            rib_spacing=float(rng.normal(1.32, 0.06)),
            rib_drop=float(rng.normal(6.0, 0.9)),
            rib_radius=float(rng.normal(0.37, 0.03)),
            bone=float(rng.uniform(0.4, 0.65)),
            arms=float(rng.choice([-1.0, 1.0], p=[0.35, 0.65])),
            stomach=float(rng.uniform(0, 1)),
            seed=int(rng.integers(2**32)),
        )


@dataclass(frozen=True)
class Pose:
    """How the patient lies for one film: field (cm), turns (radians), shift (cm), breath (cm)."""

    field: float
    roll: float
    yaw: float
    shift: tuple[float, float]
    breath: float

    @classmethod
    def sample(cls, rng: np.random.Generator) -> Pose:
        """Draw a pose."""
        return cls(
            field=float(FIELD * np.clip(rng.normal(0.98, 0.04), 0.86, 1.15)),
            roll=float(rng.normal(0, 0.03)),
            yaw=float(rng.normal(0, 0.06)),
            shift=(float(rng.normal(0, 0.35)), float(rng.normal(0.0, 0.45))),
            breath=float(rng.normal(0, 0.45)),
        )

    def plane(self, size: int) -> FilmPlane:
        """The film's pixels in patient coordinates."""
        return FilmPlane.make(size, self.field, self.roll, self.yaw, self.shift)
