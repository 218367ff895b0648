"""A grey image to the size that a model takes, without numpy."""

from PIL import Image


def shrink(image: Image.Image, size: int) -> Image.Image:
    """An image of mode L to (size, size), bilinear with antialiasing; see `to_square`."""
    target = (size, size)
    return image if image.size == target else image.resize(target, Image.Resampling.BILINEAR)
