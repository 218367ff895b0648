"""An image file of any common kind, told by its content, to one grey array."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from radistill.errors import RadistillError
from radistill.imaging.grey import UnsupportedPixels, to_grey

# A large detector gives 5,000 x 6,000 pixels; more than twice that is no radiograph.
MAX_PIXELS = 64_000_000
MAX_BYTES = 512 * 1024 * 1024

# Pillow warns of damaged metadata, which is no reason to refuse a film, and of large ones, which
# are refused here. Once for the process: the filters must not be changed from several threads.
warnings.filterwarnings("ignore", module=r"PIL\.")

# Messages Pillow's decoders give for a file that stops too early.
_TRUNCATION = ("truncated", "unexpected end", "not enough", "incomplete")


class DecodeError(RadistillError):
    """A file that cannot be read as an image.

    code: stable string for programs: missing, empty, not-an-image, truncated, too-large,
        unsupported (a kind of pixel no radiograph has) or unreadable (damaged otherwise).
    reason: the same for people, without the file's name.
    """

    def __init__(self, code: str, reason: str, name: str = "") -> None:
        super().__init__(f"{name}: {reason}" if name else reason)
        self.code = code
        self.reason = reason


@dataclass(frozen=True)
class Format:
    """A kind of file: how its first bytes look, and what turns it into grey pixels."""

    name: str
    matches: Callable[[bytes], bool]
    read: Callable[[bytes], np.ndarray]


def decode(source: Path | bytes) -> np.ndarray:
    """Read an image file to grey (H, W), uint8 or uint16.

    JPEG, PNG, TIFF, BMP and WebP, recognised by content and not by name. Colour goes to luma
    (ITU-R BT.601; equal channels come out unchanged), transparency lies over black, the EXIF
    orientation is applied, white-is-zero TIFF is inverted. 16 bits are kept for grey PNG and TIFF;
    16-bit colour is read at 8. Of several pages or frames the first is taken.

    Raises DecodeError; `code` says why. The size is checked before any pixel is decoded.
    """
    name = source.name if isinstance(source, Path) else ""
    try:
        content = read_content(source) if isinstance(source, Path) else source
        return _dispatch(content)
    except DecodeError as error:
        raise DecodeError(error.code, error.reason, name) from None


def read_content(path: Path) -> bytes:
    """The bytes of a file that may be an image; DecodeError (missing, too-large, unreadable)."""
    try:
        if not path.is_file():
            what = "this is no file" if path.exists() else "there is no such file"
            raise DecodeError("missing", f"{what}; give the path of an image file")
        if path.stat().st_size > MAX_BYTES:
            raise _too_many_bytes()
        return path.read_bytes()
    except OSError as error:
        raise DecodeError("unreadable", f"cannot be opened ({error.strerror})") from None


def _dispatch(content: bytes) -> np.ndarray:
    if not content:
        raise DecodeError("empty", "the file is empty; copy it again from its source")
    if len(content) > MAX_BYTES:
        raise _too_many_bytes()
    for kind in FORMATS:
        if kind.matches(content[:512]):
            return kind.read(content)
    kinds = ", ".join(kind.name for kind in FORMATS)
    raise DecodeError("not-an-image", f"not an image of a known kind ({kinds})")


def _too_many_bytes() -> DecodeError:
    return DecodeError("too-large", f"more than {MAX_BYTES // 2**20} MiB; not a radiograph")


def _pillow(name: str, *starts: bytes) -> Format:
    """A format that Pillow reads, told by any of `starts`."""

    def read(content: bytes) -> np.ndarray:
        return _read_with_pillow(content, name)

    return Format(name, lambda head: head.startswith(starts), read)


def _read_with_pillow(content: bytes, name: str) -> np.ndarray:
    try:
        with Image.open(BytesIO(content), formats=[name]) as image:
            width, height = image.size
            if width * height > MAX_PIXELS:
                raise _too_many_pixels(f"{width} x {height} pixels")
            # Straight to luma, which a radiograph's JPEG holds anyway: half the time.
            image.draft("L", None)
            image.load()
            _turn_upright(image)
            return to_grey(image)
    except Image.DecompressionBombError:
        raise _too_many_pixels("too many pixels") from None
    except UnidentifiedImageError:
        raise DecodeError("unreadable", f"starts like {name} but is damaged") from None
    except UnsupportedPixels as error:
        raise DecodeError("unsupported", str(error)) from None
    except MemoryError:
        raise _too_many_pixels("more memory needed than there is") from None
    except DecodeError:
        raise
    except Exception as error:  # Pillow's plugins raise nearly anything on damaged files
        if any(word in str(error).lower() for word in _TRUNCATION):
            reason = f"the {name} file stops before its end; copy it again from its source"
            raise DecodeError("truncated", reason) from None
        raise DecodeError("unreadable", f"damaged {name} file ({error})") from None


def _too_many_pixels(what: str) -> DecodeError:
    return DecodeError("too-large", f"{what}; the limit is {MAX_PIXELS // 10**6} million")


def _turn_upright(image: Image.Image) -> None:
    """Apply the EXIF orientation; damaged EXIF counts as none."""
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)


def _is_webp(head: bytes) -> bool:
    return head[:4] == b"RIFF" and head[8:12] == b"WEBP"


# Another format, such as DICOM (b"DICM" at byte 128), is one more row here.
FORMATS: tuple[Format, ...] = (
    _pillow("JPEG", b"\xff\xd8\xff"),
    _pillow("PNG", b"\x89PNG\r\n\x1a\n"),
    _pillow("TIFF", b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
    _pillow("BMP", b"BM"),
    Format("WEBP", _is_webp, lambda content: _read_with_pillow(content, "WEBP")),
)
