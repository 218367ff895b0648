"""Any Pillow image to one grey image or array."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from radistill.imaging.refusal import Code, DecodeError

if TYPE_CHECKING:
    import numpy as np

# Of TIFF: white is zero at photometric 0, sample format 2 is signed.
_BITS, _PHOTOMETRIC, _MOST, _SAMPLE_FORMAT = 258, 262, 281, 339


def to_grey(image: Image.Image) -> Image.Image | np.ndarray:
    """A loaded Pillow image of any mode to mode L, or to (H, W) uint16 or uint8.

    Raises DecodeError (unsupported) for floating point, and for integers outside of 16 bits.
    """
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _deep(image)
    if image.mode == "F":
        raise DecodeError(
            Code.UNSUPPORTED, "floating point pixels; save the film with 8 or 16 bits"
        )
    if _tiff_tag(image, _SAMPLE_FORMAT) == 2 and max(image.tobytes(), default=0) > 127:
        raise _below_zero()
    return _to_luma(image)


def _deep(image: Image.Image) -> np.ndarray:
    """uint16 as stored, or uint8 where values alone would not tell how many bits they have."""
    import numpy as np

    from radistill.imaging.preprocess import bits_in_use, detector_bits, to_eight_bits

    values = np.asarray(image)
    if values.size and values.min() < 0:
        raise _below_zero()
    if values.size and values.max() > 65535:
        raise DecodeError(
            Code.UNSUPPORTED, "integers outside of 16 bits; save the film with 8 or 16 bits"
        )
    grey = values.astype(np.uint16)
    if isinstance(hidden := image.info.get("transparency"), int):  # of a PNG
        grey[grey == hidden] = 0
    bits = max(bits_in_use(grey), detector_bits(_declared_most(image)))
    if _tiff_tag(image, _PHOTOMETRIC) == 0:  # Pillow inverts 8 bits, but not 16
        most = 2**bits - 1
        grey = (most - np.minimum(grey, most)).astype(np.uint16)
    return grey if bits_in_use(grey) == bits else to_eight_bits(grey, bits)


def _declared_most(image: Image.Image) -> int:
    """The greatest value that a TIFF says it can have, 0 where that is the greatest of 16 bits."""
    bits, most = _tiff_tag(image, _BITS), _tiff_tag(image, _MOST)
    if 8 < bits < 16:
        return int(2**bits - 1)
    return most if most < 65535 else 0


def _below_zero() -> DecodeError:
    return DecodeError(Code.UNSUPPORTED, "pixels below zero; save the film with 8 or 16 bits")


def _to_luma(image: Image.Image) -> Image.Image:
    if image.mode == "L" and "transparency" not in image.info:
        return image
    if image.has_transparency_data:
        colour = image.convert("RGBA")
        black = Image.new("RGBA", colour.size, (0, 0, 0, 255))
        image = Image.alpha_composite(black, colour)
    if image.mode == "LAB":
        return image.getchannel(0)
    if image.mode in ("1", "L", "RGB"):
        return image.convert("L")
    return image.convert("RGB").convert("L")


def _tiff_tag(image: Image.Image, tag: int) -> int:
    """A number that a TIFF has, the first of several, -1 where there is none."""
    value = getattr(image, "tag_v2", {}).get(tag, -1)
    value = value[0] if isinstance(value, tuple) and value else value
    return value if isinstance(value, int) else -1
