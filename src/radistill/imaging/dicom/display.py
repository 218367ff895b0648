"""Stored values to grey bytes, as a viewer displays them (PS3.4, annex N.2)."""

import math

import numpy as np
from pydicom import Dataset

from radistill.imaging.dicom.lut import read_lut
from radistill.imaging.dicom.parse import (
    code_string,
    damaged,
    real_number,
    real_numbers,
    whole_number,
)
from radistill.imaging.dicom.stored import Layout
from radistill.imaging.dicom.window import FUNCTIONS, Window
from radistill.imaging.preprocess import histogram

_PERCENTILES = (0.5, 99.5)


def to_grey(containers: np.ndarray, dataset: Dataset, layout: Layout) -> np.ndarray:
    """Containers (H, W) to bytes (H, W), dense bright, padding black.

    There are at most 65,536 different containers: each is converted once, in a table that gives
    every pixel its byte. Steps: modality LUT or slope; VOI LUT, else the first window that makes
    sense, else `_fallback`; inversion.

    Raises DecodeError (unreadable) for a table or slope that makes no sense.
    """
    little_endian = bool(dataset.original_encoding[1])
    stored = layout.unpack(np.arange(2**layout.allocated))
    padding = _padding(stored, dataset, layout)
    modality = read_lut(dataset, "ModalityLUTSequence", little_endian)
    values = modality(stored) if modality else _rescaled(stored, dataset)
    voi = read_lut(dataset, "VOILUTSequence", little_endian)
    if voi:
        table = voi.to_bytes(values, _is_inverted(dataset))
    else:
        window = _window(dataset) or _fallback(containers, values, padding, layout)
        table = window(values, _is_inverted(dataset))
    table[padding] = 0
    grey: np.ndarray = table.astype(np.uint8).take(containers)
    return grey


def _rescaled(stored: np.ndarray, dataset: Dataset) -> np.ndarray:
    slope, intercept = (real_number(dataset, f"Rescale{name}") for name in ("Slope", "Intercept"))
    slope, intercept = 1.0 if slope is None else slope, intercept or 0.0
    if not (math.isfinite(slope) and math.isfinite(intercept)) or slope == 0:
        raise damaged("RescaleSlope or RescaleIntercept")
    return np.asarray(stored * slope + intercept)


def _padding(stored: np.ndarray, dataset: Dataset, layout: Layout) -> np.ndarray:
    """Which stored values mark pixels outside of the film: one value, or a range of them."""
    if real_number(dataset, "PixelPaddingValue") is None:
        return np.zeros(stored.shape, dtype=bool)
    ends = [whole_number(dataset, "PixelPaddingValue")]
    ends.append(whole_number(dataset, "PixelPaddingRangeLimit", ends[0]))
    # Written as US or SS whatever the pixels are: brought to the pixels' bits and sign.
    first, last = sorted(layout.with_sign(np.asarray(ends) & layout.mask))
    return np.asarray((stored >= first) & (stored <= last))


def _window(dataset: Dataset) -> Window | None:
    function = code_string(dataset, "VOILUTFunction")
    function = function if function in FUNCTIONS else FUNCTIONS[0]
    centers, widths = (real_numbers(dataset, f"Window{name}") for name in ("Center", "Width"))
    windows = (Window(*pair, function) for pair in zip(centers, widths, strict=False))
    return next((window for window in windows if window.makes_sense), None)


def _fallback(
    containers: np.ndarray, values: np.ndarray, padding: np.ndarray, layout: Layout
) -> Window:
    """Without a window: 8 bits or fewer are shown as they are, deeper films from percentile to
    percentile of what is not padding."""
    if layout.stored <= 8:
        first, last = sorted((values.min(), values.max()))
    else:
        counts = histogram(containers, len(values))
        counts[padding] = 0
        first, last = _percentiles(values, counts)
    if first == last:  # a blank film: everything at or below the centre is black
        return Window(first + 0.5, 1)
    return Window((first + last) / 2, last - first, "LINEAR_EXACT")


def _percentiles(values: np.ndarray, counts: np.ndarray) -> tuple[float, float]:
    """Of values that occur so often each; equal ones if nothing does."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(counts[order])
    wanted = [percent / 100 * reached[-1] for percent in _PERCENTILES]
    first, last = values[order[np.searchsorted(reached, wanted).clip(max=len(order) - 1)]]
    return float(first), float(last)


def _is_inverted(dataset: Dataset) -> bool:
    """Once, not twice: PS3.3 C.8.11.3 gives a MONOCHROME1 film the shape INVERSE."""
    shape = code_string(dataset, "PresentationLUTShape")
    return shape == "INVERSE" or code_string(dataset, "PhotometricInterpretation") == "MONOCHROME1"
