"""An image file of any common kind, recognised by its content, to one grey array."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageOps, UnidentifiedImageError

from radistill.imaging.content import read_content
from radistill.imaging.deep_colour import raw_mode, use_lower_bytes
from radistill.imaging.dicom import is_dicom
from radistill.imaging.grey import to_grey
from radistill.imaging.limits import ANY_NUMBER, Limits, out_of_memory
from radistill.imaging.picture import Picture
from radistill.imaging.refusal import Code, DecodeError
from radistill.imaging.unread import refuse_unread, unread_kind

if TYPE_CHECKING:
    import numpy as np

# Pillow warns of damaged metadata, which is no reason to refuse a film, and of large ones, which
# are refused here. Once for the process: the filters must not be changed from several threads.
warnings.filterwarnings("ignore", module=r"PIL\.")

# Messages Pillow's decoders give for a file that stops too early, and for one that unpacks to
# more than Pillow allows.
_TRUNCATION = ("truncated", "unexpected end", "not enough", "incomplete")
_BOMB = ("too large", "too much memory")


# How the first bytes of each kind look. DICOM first: its preamble may hold another format's first
# bytes (PS3.10, 7.1).
_FORMATS: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("DICOM", is_dicom),
    ("JPEG", lambda head: head.startswith(b"\xff\xd8\xff")),
    ("PNG", lambda head: head.startswith(b"\x89PNG\r\n\x1a\n")),
    ("TIFF", lambda head: head.startswith((b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"))),
    ("BMP", lambda head: head.startswith(b"BM")),
    ("WEBP", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
)


def format_of(head: bytes) -> str | None:
    """The format of a file by its first 512 bytes (or all there are), None if it is unknown."""
    return next((name for name, matches in _FORMATS if matches(head)), None)


def decode(source: Path | bytes) -> np.ndarray:
    """Read an image file to grey (H, W), uint8 or uint16; of several pages the first is taken.

    As `read_picture`, for data sets that are trained on.
    """
    name = source.name if isinstance(source, Path) else ""
    limits = Limits(max_frames=ANY_NUMBER)
    try:
        content = read_content(source, limits) if isinstance(source, Path) else source
        return read_picture(content, limits).grey
    except DecodeError as error:
        raise DecodeError(error.code, error.reason, name) from None


def read_picture(content: bytes, limits: Limits) -> Picture:
    """The bytes of a file to a picture.

    JPEG, PNG, TIFF, BMP, WebP and DICOM, recognised by content and not by name. Colour goes to
    luma (ITU-R BT.601; equal channels come out unchanged), transparency lies over black, the EXIF
    orientation is applied, white-is-zero TIFF is inverted. 16 bits are kept for grey PNG and TIFF,
    unless the file says that fewer are used than their values tell; colour of 16 bits goes to 8
    by the bits that it uses. DICOM: see `radistill.imaging.dicom.read_dicom`.

    Raises DecodeError; `code` says why. Sizes are checked before any pixel is decoded.
    """
    if not content:
        raise DecodeError(Code.EMPTY, "the file is empty; copy it again from its source")
    limits.check_bytes(len(content))
    name = format_of(content[:512])
    if name is None:
        kinds = ", ".join(name for name, _ in _FORMATS)
        raise DecodeError(Code.NOT_AN_IMAGE, f"not an image of a known kind ({kinds})")
    if name == "DICOM":
        # pydicom takes a quarter of a second to import; a folder of JPEGs should not wait for it.
        from radistill.imaging.dicom.read_dicom import read_dicom

        return read_dicom(content, limits)
    return _read_with_pillow(content, name, limits)


def _read_with_pillow(content: bytes, name: str, limits: Limits) -> Picture:
    if name == "TIFF":
        _teach_grey_tiff()
    try:
        with Image.open(BytesIO(content), formats=[name]) as image:
            limits.check_pixels(*image.size)
            _check_frames(image, limits)
            refuse_unread(image, content)
            # Straight to luma, which a radiograph's JPEG holds anyway: half the time.
            image.draft("L", None)
            raw = raw_mode(image)
            image.load()
            _scale_transparency(image, raw)
            use_lower_bytes(image, raw, content)
            _turn_upright(image)
            return Picture(to_grey(image), name.lower())
    except DecodeError:
        raise
    except Image.DecompressionBombError:
        raise limits.too_many_pixels("too many pixels") from None
    except MemoryError:
        raise out_of_memory() from None
    except Exception as error:  # Pillow's plugins raise nearly anything on damaged files
        raise _explain(error, content, name) from None


def _teach_grey_tiff() -> None:
    """Kinds that Pillow can decode but does not list; `to_grey` inverts where white is zero."""
    from PIL.TiffImagePlugin import II, MM, OPEN_INFO

    OPEN_INFO.setdefault((MM, 0, (1,), 1, (16,), ()), ("I;16B", "I;16B"))
    for order, photometric in ((II, 0), (MM, 0), (MM, 1)):
        OPEN_INFO.setdefault((order, photometric, (1,), 1, (12,), ()), ("I;16", "I;12"))


def _scale_transparency(image: Image.Image, raw: str) -> None:
    """A PNG's transparent grey or colour as its samples are unpacked; Pillow has it as stored."""
    value = image.info.get("transparency")
    if isinstance(value, int) and (bits := {"1": 1, "L;2": 2, "L;4": 4}.get(raw)):
        most = 2**bits - 1
        image.info["transparency"] = (value & most) * 255 // most
    elif isinstance(value, tuple) and raw.startswith("RGB;16"):
        image.info["transparency"] = tuple(part >> 8 for part in value)


def _explain(error: Exception, content: bytes, name: str) -> DecodeError:
    if kind := unread_kind(content, name):
        return DecodeError(Code.UNSUPPORTED, kind)
    if isinstance(error, UnidentifiedImageError):
        return DecodeError(Code.UNREADABLE, f"starts like {name} but is damaged")
    message = str(error).lower()
    if any(part in message for part in _TRUNCATION):
        reason = f"the {name} file stops before its end; copy it again from its source"
        return DecodeError(Code.TRUNCATED, reason)
    if any(part in message for part in _BOMB):
        return DecodeError(Code.TOO_LARGE, f"the {name} file unpacks to more than is allowed")
    return DecodeError(Code.UNREADABLE, f"damaged {name} file ({error})")


def _check_frames(image: Image.Image, limits: Limits) -> None:
    """Refuse more frames than allowed, without decoding or counting all of them."""
    if limits.max_frames == ANY_NUMBER or image.format not in ("TIFF", "PNG", "WEBP"):
        return
    if image.format == "TIFF":
        with suppress(EOFError):
            image.seek(limits.max_frames)
            raise _too_many_frames(limits)
        image.seek(0)
    elif getattr(image, "n_frames", 1) > limits.max_frames:
        raise _too_many_frames(limits)


def _too_many_frames(limits: Limits) -> DecodeError:
    reason = f"holds more than {limits.max_frames} image; save the film on its own"
    return DecodeError(Code.MULTI_FRAME, reason)


def _turn_upright(image: Image.Image) -> None:
    """Apply the EXIF orientation; damaged EXIF counts as none."""
    with suppress(Exception):
        ImageOps.exif_transpose(image, in_place=True)
