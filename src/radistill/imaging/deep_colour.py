"""Colour and alpha of 16 bits, of which Pillow gives the upper eight: black where 12 are used."""

from __future__ import annotations

import sys
from io import BytesIO
from typing import TYPE_CHECKING

from PIL import Image

if TYPE_CHECKING:
    import numpy as np

# By how Pillow unpacks them: into which mode, and how else. Associated alpha is left out, since
# what is transparent is black already; grey and alpha are four bytes a pixel.
_KINDS = {
    "RGB;16": ("RGB", "RGB;16"),
    "RGBX;16": ("RGB", "RGBX;16"),
    "RGBa;16": ("RGB", "RGBX;16"),
    "RGBA;16": ("RGBA", "RGBA;16"),
    "LA;16": ("RGBA", "RGBA"),
}
_SWAPPED = {"B": "L", "L": "B", "N": "B" if sys.byteorder == "little" else "L"}


def raw_mode(image: Image.Image) -> str:
    """How the pixels of a film that is opened but not loaded will be unpacked, such as RGB;16B."""
    tiles = getattr(image, "tile", None)
    arguments = tiles[0].args if tiles else None
    first = arguments[0] if isinstance(arguments, tuple) and arguments else arguments
    return first if isinstance(first, str) else ""


def use_lower_bytes(image: Image.Image, raw: str, content: bytes) -> None:
    """Scale a loaded colour film of 16 bits, in place, from the bits that it uses, if not all 16.

    raw: its `raw_mode`. content: of its file, which is read again.
    """
    if raw[:-1] not in _KINDS:
        return
    import numpy as np

    from radistill.imaging.preprocess import bits_in_use, to_eight_bits

    colours = 1 if raw.startswith("LA") else 3
    upper = np.asarray(image)[..., :colours]
    if bits_in_use(upper.astype(np.uint16) << 8 | 255) == 16:
        return
    bands = _both_bytes(image, raw, content)
    bits = bits_in_use(bands[..., :colours])
    scaled = [to_eight_bits(bands[..., :colours], bits)]
    if bands.shape[2] > colours:
        scaled.append(to_eight_bits(bands[..., colours:]))
    image.paste(Image.fromarray(np.concatenate(scaled, axis=2)).convert(image.mode))


def _both_bytes(image: Image.Image, raw: str, content: bytes) -> np.ndarray:
    """(H, W, bands) uint16."""
    import numpy as np

    mode, name = _KINDS[raw[:-1]]
    if name == "RGBA":  # big-endian, as only PNG has it
        pixels = _unpacked(image, content, mode, name)
        upper, lower = pixels[..., ::2], pixels[..., 1::2]
    else:
        upper = _unpacked(image, content, mode, name + raw[-1])
        lower = _unpacked(image, content, mode, name + _SWAPPED[raw[-1]])
    return np.asarray(upper.astype(np.uint16) << 8 | lower)


def _unpacked(image: Image.Image, content: bytes, mode: str, raw: str) -> np.ndarray:
    import numpy as np

    with Image.open(BytesIO(content), formats=[str(image.format)]) as again:
        again._mode = mode
        again.tile = [
            tile._replace(args=(raw, *tile.args[1:]) if isinstance(tile.args, tuple) else raw)
            for tile in again.tile
        ]
        return np.asarray(again)
