"""DICOM files made to measure, for tests of any folder."""

from __future__ import annotations

import struct
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.pixels.encoders.base import RLELosslessEncoder
from pydicom.uid import (
    DigitalXRayImageStorageForPresentation,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
)

RAMP = np.arange(4096, dtype=np.uint16).reshape(64, 64)  # every value of 12 bits
STEPS = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4


# Elements of a file, and the age in years that they tell.
BORN = {"PatientBirthDate": "20200101", "StudyDate": "20230701"}  # 3.5 years before
AGES: list[tuple[dict[str, Any], float | None]] = [
    ({"PatientAge": "045Y"}, 45.0),
    ({"PatientAge": "018M"}, 1.5),
    ({"PatientAge": "006W"}, 0.1),
    ({"PatientAge": "003D"}, 0.0),
    ({"PatientAge": "000Y"}, 0.0),
    # As files have it against the standard.
    ({"PatientAge": "62"}, 62.0),
    ({"PatientAge": "051"}, 51.0),
    ({"PatientAge": "0051Y"}, 51.0),
    ({"PatientAge": "51YR"}, 51.0),
    ({"PatientAge": "51 Y"}, 51.0),
    ({"PatientAge": "42.0"}, 42.0),
    ({"PatientAge": "42,5"}, 42.5),
    ({"PatientAge": "1.5Y"}, 1.5),
    ({"PatientAge": " 062y "}, 62.0),
    ({"PatientAge": "Y062"}, 62.0),
    ({"PatientAge": "45 years"}, 45.0),
    ({"PatientAge": "45 Years old"}, 45.0),
    ({"PatientAge": "45yo"}, 45.0),
    ({"PatientAge": "45 y.o."}, 45.0),
    ({"PatientAge": "18 months"}, 1.5),
    ({"PatientAge": "6 wks"}, 0.1),
    ({"PatientAge": "+45Y"}, 45.0),
    # Dates, where the age does not tell.
    (BORN, 3.5),
    ({**BORN, "StudyDate": None, "AcquisitionDate": "20230701"}, 3.5),
    ({**BORN, "StudyDate": "unknown", "SeriesDate": "20230701"}, 3.5),
    ({**BORN, "StudyDate": "", "ContentDate": "2023.07.01"}, 3.5),
    ({**BORN, "StudyDate": "", "AcquisitionDateTime": "20230701121314.5"}, 3.5),
    ({**BORN, "PatientBirthDate": "2020-01-01"}, 3.5),
    ({**BORN, "PatientAge": "42"}, 3.5),  # months
    ({**BORN, "PatientAge": "003"}, 3.5),
    ({**BORN, "PatientAge": "old"}, 3.5),
    ({**BORN, "PatientAge": "045Y"}, 45.0),
    ({**BORN, "StudyDate": "20190701", "PatientAge": "045Y"}, 45.0),
    ({**BORN, "StudyDate": "20190701", "PatientAge": "45"}, 45.0),
    # None is there.
    ({"PatientBirthDate": "20200101"}, None),
    ({"StudyDate": "20230701"}, None),
    ({"PatientAge": ""}, None),
    ({"PatientAge": "   "}, None),
    ({}, None),
]
UNREADABLE_AGES: list[dict[str, Any]] = [
    *({"PatientAge": "999Y"}, {"PatientAge": "1700M"}, {"PatientAge": "-05Y"}),
    *({"PatientAge": "-62"}, {"PatientAge": "148"}, {"PatientAge": "1968"}),
    *({"PatientAge": "19680512"}, {"PatientAge": "*"}, {"PatientAge": "unknown"}),
    *({"PatientAge": "Doe^Jane"}, {"PatientAge": "45-50"}, {"PatientAge": "Y"}),
    *({"PatientAge": "nan"}, {"PatientAge": "45X"}, {"PatientAge": "1.2.3"}),
    # Of a small child, a number may be months, weeks or days.
    *({"PatientAge": "4"}, {"PatientAge": "018"}, {"PatientAge": "000"}),
    {"PatientBirthDate": "20240101", "StudyDate": "20230701"},
    {"PatientBirthDate": "18000101", "StudyDate": "20230701"},
    {"PatientBirthDate": "19680000", "StudyDate": "20230701"},
]


def dicom(pixels: np.ndarray = RAMP, syntax: str = ExplicitVRLittleEndian, **changes: Any) -> bytes:
    """A DX film as a file: `pixels` (H, W) of 8 or 16 bits, MONOCHROME2, without a window.

    `changes` replace elements by keyword; None leaves one out. PixelData may be given encoded.
    """
    allocated = pixels.dtype.itemsize * 8
    stored = 12 if pixels is RAMP else allocated
    values: dict[str, Any] = {
        "SOPClassUID": DigitalXRayImageStorageForPresentation,
        "SOPInstanceUID": "1.2.826.0.1.3680043.8.498.1",
        "Modality": "DX",
        "Rows": pixels.shape[0],
        "Columns": pixels.shape[1],
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "BitsAllocated": allocated,
        "BitsStored": stored,
        "HighBit": stored - 1,
        "PixelRepresentation": int(pixels.dtype.kind == "i"),
        "PixelData": encoded(pixels, syntax) if "PixelData" not in changes else None,
    }
    return written(dataset(**values | changes), syntax)


def dataset(**values: Any) -> Dataset:
    """A dataset of these elements, without those that are None."""
    made = Dataset()
    for keyword, value in values.items():
        if value is not None:
            setattr(made, keyword, value)
    return made


def written(made: Dataset, syntax: str = ExplicitVRLittleEndian) -> bytes:
    """A dataset as a file of this transfer syntax, which may be one that does not exist."""
    if "PixelData" in made:
        made["PixelData"].VR = "OW" if made.get("BitsAllocated") == 16 else "OB"
        made["PixelData"].is_undefined_length = made.PixelData[:4] == b"\xfe\xff\x00\xe0"
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = syntax
    made.file_meta.MediaStorageSOPClassUID = made.get("SOPClassUID", "1.2.3")
    made.file_meta.MediaStorageSOPInstanceUID = "1.2.826.0.1.3680043.8.498.1"
    file = BytesIO()
    pydicom.dcmwrite(
        file,
        made,
        implicit_vr=syntax == ImplicitVRLittleEndian,
        little_endian=syntax != ExplicitVRBigEndian,
        enforce_file_format=True,
    )
    return file.getvalue()


def encoded(pixels: np.ndarray, syntax: str) -> bytes:
    """PixelData as this transfer syntax wants it."""
    if syntax == RLELossless:
        return encapsulate([_rle(pixels)])
    if syntax == JPEGBaseline8Bit:
        return encapsulate([_with_pillow(pixels, "JPEG", quality=95)])
    if syntax == JPEG2000Lossless:
        return encapsulate([_with_pillow(pixels, "JPEG2000", no_jp2=True)])
    order = ">" if syntax == ExplicitVRBigEndian else "<"
    return pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()


def without_head(file: bytes) -> bytes:
    """A file without preamble, mark and file meta information: the dataset alone."""
    length = struct.unpack_from("<I", file, 140)[0]  # (0002,0000) is the first element
    return file[144 + length :]


def lut(first: int, bits: int, entries: np.ndarray) -> Dataset:
    """An item of a sequence of look-up tables."""
    item = dataset(LUTDescriptor=[len(entries) % 65536, first, bits])
    item.add_new("LUTData", "OW", entries.astype("<u2").tobytes())
    return item


def shipped(name: str, **changes: Any) -> bytes:
    """A test file of pydicom or pydicom-data, marked as a film, with `changes`."""
    path = get_testdata_file(name, download=False)
    if path is None:
        raise FileNotFoundError(f"{name}: install pydicom-data")
    made = pydicom.dcmread(str(path), force=True)
    syntax = str(made.file_meta.TransferSyntaxUID)
    values = {"SOPClassUID": DigitalXRayImageStorageForPresentation, "Modality": "DX", **changes}
    for keyword, value in values.items():
        setattr(made, keyword, value)
    return written(made, syntax)


def shipped_path(name: str) -> Path:
    """Where a test file of pydicom or pydicom-data lies, as it is."""
    path = get_testdata_file(name, download=False)
    if path is None:
        raise FileNotFoundError(f"{name}: install pydicom-data")
    return Path(str(path))


def _rle(pixels: np.ndarray) -> bytes:
    rows, columns = pixels.shape
    return RLELosslessEncoder.encode(
        pixels.view(f"u{pixels.itemsize}"),
        rows=rows,
        columns=columns,
        number_of_frames=1,
        samples_per_pixel=1,
        photometric_interpretation="MONOCHROME2",
        bits_allocated=8 * pixels.itemsize,
        bits_stored=8 * pixels.itemsize,
        pixel_representation=0,
    )


def _with_pillow(pixels: np.ndarray, kind: str, **options: Any) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()
