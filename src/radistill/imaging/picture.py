"""What every decoder gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Picture:
    """A decoded film.

    grey: (H, W), uint8 or uint16, the more radiation was absorbed the brighter.
    source: "jpeg", "png", "tiff", "bmp", "webp" or "dicom".
    tags: of DICOM, what tells the population: age_years (float), body_part, view, modality and
        photometric (str), each None where the file does not say; nothing that tells the patient.
        Empty for other files.
    """

    grey: np.ndarray
    source: str
    tags: Mapping[str, Any] = field(default_factory=dict)
