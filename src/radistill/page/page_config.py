"""What the page is told before it starts: its settings, and what browsers may load for it."""

from typing import Literal

from pydantic import BaseModel

from radistill import __version__

# Only the page's own files: what a film holds could not be sent even if the page wanted to.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self' blob:",
        "connect-src 'self'",
        "img-src 'self' blob: data:",
        "media-src 'self' blob:",
        "style-src 'self'",
        "font-src 'self'",
        "manifest-src 'self'",
        "base-uri 'none'",
        "form-action 'none'",
    )
)


class PageConfig(BaseModel):
    """config.json. engine: where the model runs. max_files, max_bytes: at once, and of a film."""

    engine: Literal["server", "browser"]
    token_required: bool
    version: str = __version__
    max_files: int
    max_bytes: int
