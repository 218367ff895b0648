"""Windows of DICOM (PS3.3 C.11.2.1.2 and C.11.2.1.3): values to grey bytes."""

import math
from dataclasses import dataclass

import numpy as np

FUNCTIONS = ("LINEAR", "LINEAR_EXACT", "SIGMOID")


@dataclass(frozen=True)
class Window:
    """Maps `width` values around `center` to 0..255; fractions are cut off, as dcmtk does."""

    center: float
    width: float
    function: str = "LINEAR"

    @property
    def makes_sense(self) -> bool:
        """Whether the standard allows it: LINEAR is at least 1 wide, the others more than 0."""
        if not (math.isfinite(self.center) and math.isfinite(self.width)):
            return False
        return self.width >= 1 if self.function == "LINEAR" else self.width > 0

    def __call__(self, values: np.ndarray, inverted: bool) -> np.ndarray:
        """float64 values of any shape to whole numbers 0..255; `inverted` puts the least at 255."""
        first, last = (255.0, 0.0) if inverted else (0.0, 255.0)
        if self.function == "SIGMOID":
            # Beyond 700 exp overflows; the curve is flat long before.
            power = np.clip(-4 * (values - self.center) / self.width, -700, 700)
            return np.floor(first + (last - first) / (1 + np.exp(power)))
        exact = self.function == "LINEAR_EXACT"
        center, width = (self.center, self.width) if exact else (self.center - 0.5, self.width - 1)
        if width == 0:
            return np.where(values <= center, first, last)
        gradient = (last - first) / width
        offset = last - (center / width + 0.5) * (last - first)
        grey = np.floor(offset + values * gradient)
        grey[values <= center - width / 2] = first
        grey[values > center + width / 2] = last
        return np.clip(grey, 0, 255)
