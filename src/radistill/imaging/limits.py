"""How much a file may ask for before it is refused."""

import sys
from dataclasses import dataclass

from radistill.imaging.refusal import Code, DecodeError

# A large detector gives 5,000 x 6,000 pixels; more than twice that is no radiograph.
MAX_PIXELS = 64_000_000
MAX_BYTES = 512 * 1024 * 1024
ANY_NUMBER = sys.maxsize
_SECONDS_A_PIXEL = 1e-6  # four times what our lossless JPEG takes on a slow machine


@dataclass(frozen=True)
class Limits:
    """What a file may ask for; all of it is checked before pixels are allocated.

    max_bytes: of the file, and of what a deflated one inflates to. max_pixels: width x height.
    max_frames: pages of a TIFF, frames of an animation; a JPEG's embedded previews do not count,
        DICOM never may have more than one.
    memory: bytes of address space of a decoding process; 0 sets no cap.
    seconds: of CPU that a decoding process has for one file, and one more for each million pixels;
        also how long it may stand still.
    The last two hold where decoding has a process of its own, `radistill.imaging.sandbox.intake`.
    """

    max_bytes: int = MAX_BYTES
    max_pixels: int = MAX_PIXELS
    max_frames: int = 1
    memory: int = 2 * 1024**3
    seconds: float = 30.0

    def cpu_seconds(self, pixels: int) -> float:
        """CPU time for a film of so many pixels."""
        return self.seconds + pixels * _SECONDS_A_PIXEL

    def check_bytes(self, count: int) -> None:
        """Raise DecodeError (too-large) for more bytes than allowed."""
        if count > self.max_bytes:
            reason = f"more than {self.max_bytes / 2**20:.4g} MiB; not a radiograph"
            raise DecodeError(Code.TOO_LARGE, reason)

    def check_pixels(self, width: int, height: int) -> None:
        """Raise DecodeError (too-large) for more pixels than allowed."""
        if width * height > self.max_pixels:
            raise self.too_many_pixels(f"{width} x {height} pixels")

    def too_many_pixels(self, what: str) -> DecodeError:
        """The refusal of `what`, naming the limit."""
        limit = f"{self.max_pixels / 10**6:.4g} million"
        return DecodeError(Code.TOO_LARGE, f"{what}; the limit is {limit}")


def out_of_memory() -> DecodeError:
    """The refusal of a file whose decoding met a MemoryError."""
    return DecodeError(Code.TOO_LARGE, "needs more memory than there is; not a usual radiograph")
