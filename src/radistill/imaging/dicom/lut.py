"""Look-up tables of DICOM (PS3.3 C.11.1.1 and C.11.2.1.1)."""

from dataclasses import dataclass

import numpy as np
from pydicom import Dataset

from radistill.imaging.dicom.parse import damaged


@dataclass(frozen=True)
class Lut:
    """entries[0] is for every value up to `first`, the last for every value beyond."""

    first: int
    entries: np.ndarray
    bits: int

    def __call__(self, values: np.ndarray) -> np.ndarray:
        """Values of any shape to entries; fractions are rounded first."""
        index = np.rint(values).astype(np.int64) - self.first
        looked_up = self.entries[np.clip(index, 0, len(self.entries) - 1)]
        return np.asarray(looked_up, dtype=np.float64)

    def to_bytes(self, values: np.ndarray, inverted: bool) -> np.ndarray:
        """Values to the upper eight bits of their entries; `inverted` puts zero at 255."""
        grey = np.floor(self(values) / 2 ** (self.bits - 8)).clip(0, 255)
        return np.asarray(255 - grey if inverted else grey)


def read_lut(dataset: Dataset, keyword: str, little_endian: bool) -> Lut | None:
    """The first table of a sequence, None where there is none: some files have items without one.

    Raises DecodeError (unreadable) for a table that is damaged.
    """
    try:
        items = dataset.get(keyword) or ()
        item = next((one for one in items if one.get("LUTDescriptor") or one.get("LUTData")), None)
        if item is None:
            return None
        count, first, bits = (int(value) for value in item.LUTDescriptor)
        entries = _entries(item.LUTData, count or 65536, little_endian)
    except Exception:  # pydicom converts values on access and raises nearly anything
        raise damaged(keyword) from None
    if not 8 <= bits <= 16:
        raise damaged(keyword)
    return Lut(first, entries, bits)


def _entries(data: bytes | list[int] | int, count: int, little_endian: bool) -> np.ndarray:
    """LUTData as words, or as bytes where it is half as long. Raises ValueError if too short."""
    if isinstance(data, int):
        data = [data]
    if not isinstance(data, bytes):
        data = np.asarray(data).astype("<u2" if little_endian else ">u2").tobytes()
    if len(data) >= 2 * count:
        return np.frombuffer(data, "<u2" if little_endian else ">u2", count)
    return np.frombuffer(data, np.uint8, count)
