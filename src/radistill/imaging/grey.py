"""Any Pillow image to one grey image or array, and to the size that a model takes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PIL import Image

from radistill.imaging.refusal import Code, DecodeError

if TYPE_CHECKING:
    import numpy as np

_TIFF_PHOTOMETRIC = 262  # 0: white is zero


def to_grey(image: Image.Image) -> Image.Image | np.ndarray:
    """A loaded Pillow image of any mode to mode L, or to (H, W) uint16.

    Raises DecodeError (unsupported) for floating point, and for integers outside of 16 bits.
    """
    if image.mode == "I" or image.mode.startswith("I;16"):
        return _deep(image)
    if image.mode == "F":
        raise DecodeError(
            Code.UNSUPPORTED, "floating point pixels; save the film with 8 or 16 bits"
        )
    return _to_luma(image)


def shrink(image: Image.Image, size: int) -> Image.Image:
    """An image of mode L or F to (size, size), bilinear with antialiasing; see `to_square`."""
    target = (size, size)
    return image if image.size == target else image.resize(target, Image.Resampling.BILINEAR)


def _deep(image: Image.Image) -> np.ndarray:
    import numpy as np

    values = np.asarray(image)
    if image.mode != "I":
        grey = values.astype(np.uint16)
        # Pillow inverts white-is-zero at 8 bits but not at 16.
        return 65535 - grey if _white_is_zero(image) else grey
    if values.size and (values.min() < 0 or values.max() > 65535):
        raise DecodeError(
            Code.UNSUPPORTED, "integers outside of 16 bits; save the film with 8 or 16 bits"
        )
    return values.astype(np.uint16)


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


def _white_is_zero(image: Image.Image) -> bool:
    tags = getattr(image, "tag_v2", None)
    return tags is not None and tags.get(_TIFF_PHOTOMETRIC) == 0
