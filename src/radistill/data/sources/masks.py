"""Masks that lie beside films, told by their names or by their pixels."""

import re

import numpy as np

_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")
_LAST = {"annotation", "annotations", "labels", "seg", "segmentation", "segmentations", "truth"}
_ROWS = 256  # looked at, of any film


def is_mask(name: str) -> bool:
    """Whether a folder, or a file without its ending, is named like masks or annotations.

    `masks`, `lung masks`, `leftMask`, `film-7_mask`, `mask_7`, `lungmask`; at the end also
    `segmentation`, `ground_truth`, `annotations` and `labels`.
    """
    words = [word.lower() for word in _WORD.findall(name)]
    masks = any(word.endswith(("mask", "masks")) for word in words)
    return masks or bool(words and words[-1] in _LAST)


def is_black_and_white(grey: np.ndarray) -> bool:
    """Whether nearly all of a picture (H, W) is of its darkest and its brightest grey, or of one.

    A sixteenth of the range about each counts as it, which JPEG needs. Hot pixels do not count.
    """
    step = max(1, min(grey.shape) // _ROWS)
    some = grey[::step, ::step]
    low, high = int(some.min()), int(some.max())
    near = (high - low) // 16
    shares = float((some <= low + near).mean()), float((some >= high - near).mean())
    return low == high or (sum(shares) > 0.98 and min(shares) > 0.001)
