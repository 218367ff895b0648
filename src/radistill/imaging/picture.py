"""A decoded film, of any format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:  # without numpy, a process that reads JPEGs alone starts in half the time
    import numpy as np


@dataclass(frozen=True)
class Picture:
    """A decoded film.

    film: an image of mode L, or (H, W) uint8 or uint16; the more radiation was absorbed the
        brighter.
    source: "jpeg", "png", "tiff", "bmp", "webp" or "dicom".
    tags: of DICOM: age_years (float), body_part, view, modality and photometric (str), each None
        where the file lacks it, and age_unreadable (bool), an age that is there but makes no
        sense; none identifies the patient. Empty for other files.
    """

    film: Image.Image | np.ndarray
    source: str
    tags: Mapping[str, Any] = field(default_factory=dict)

    @property
    def grey(self) -> np.ndarray:
        """(H, W), uint8 or uint16."""
        import numpy as np

        return np.asarray(self.film)

    def eight_bits(self) -> Image.Image:
        """Mode L, deeper films as `radistill.imaging.to_eight_bits` makes them."""
        if isinstance(self.film, Image.Image):
            return self.film
        from radistill.imaging.preprocess import to_eight_bits

        return Image.fromarray(to_eight_bits(self.film))
