"""What a request may cost."""

from dataclasses import dataclass, field

from radistill.imaging import Limits
from radistill.progress import cores


@dataclass(frozen=True, kw_only=True)
class ServeLimits:
    """Caps, in bytes and seconds.

    max_bytes: of a request's body. max_files: in it. budget: of all bodies in memory together.
    max_pixels, seconds: of a film, and of CPU to decode it, see `radistill.imaging.Limits`.
    request_seconds: for all films of a request.
    running, waiting: requests that run, and that wait. patience: seconds that they may wait.
    body_seconds, body_rate: a body may take body_seconds, and one more for each body_rate bytes.
    """

    max_bytes: int = 64 * 2**20
    max_files: int = 32
    budget: int = 256 * 2**20
    max_pixels: int = 64 * 10**6
    seconds: float = 10.0
    request_seconds: float = 120.0
    running: int = field(default_factory=cores)
    waiting: int = 32
    patience: float = 30.0
    body_seconds: float = 20.0
    body_rate: int = 8 * 1024

    @property
    def decoding(self) -> Limits:
        """Of the decoding processes."""
        return Limits(max_bytes=self.max_bytes, max_pixels=self.max_pixels, seconds=self.seconds)
