"""What an answer copies from its film: patient, study and reference, without damaged values."""

from __future__ import annotations

import logging
import re
import warnings
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.charset import python_encoding
from pydicom.config import RAISE
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
    SecondaryCaptureImageStorage,
)
from pydicom.valuerep import DA, TM, validate_value

from radistill.imaging.dicom.parse import inflated
from radistill.imaging.limits import Limits

# Warnings of highdicom and pynetdicom quote values, a patient's name among them.
for _name in ("highdicom", "pynetdicom"):
    logging.getLogger(_name).propagate = False
    logging.getLogger(_name).addHandler(logging.NullHandler())
warnings.filterwarnings("ignore", module=r"(highdicom|pynetdicom|pydicom)\.")

READ_CLASSES = (
    ComputedRadiographyImageStorage,
    DigitalXRayImageStorageForPresentation,
    SecondaryCaptureImageStorage,
    MultiFrameGrayscaleByteSecondaryCaptureImageStorage,
    MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
)
# Of the patient, patient study and general study modules (PS3.3 C.7.1.1, C.7.2.1, C.7.2.2).
COPIED = """
SpecificCharacterSet PatientName PatientID IssuerOfPatientID PatientBirthDate PatientSex PatientAge
PatientSize PatientWeight PatientComments PatientIdentityRemoved DeidentificationMethod
StudyInstanceUID StudyDate StudyTime StudyID StudyDescription AccessionNumber
ReferringPhysicianName
"""
# Of the film itself: what reports and captures refer to.
_FILM = """
SOPClassUID SOPInstanceUID SeriesInstanceUID Modality BodyPartExamined ViewPosition Laterality Rows
Columns PatientOrientation ImagerPixelSpacing BurnedInAnnotation LossyImageCompression
LossyImageCompressionRatio LossyImageCompressionMethod Manufacturer ManufacturerModelName
"""
# Type 2 of every answer: present, empty where not known.
TYPE_2 = [
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "StudyDate",
    "StudyTime",
    "StudyID",
    "AccessionNumber",
    "ReferringPhysicianName",
]
IDENTIFIERS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPClassUID", "SOPInstanceUID")
_UID = re.compile(r"[0-9][0-9.]{0,63}")
_HEADER_BYTES = 1 << 20
_UTF8 = "ISO_IR 192"


def read_header(source: Path | bytes) -> Dataset:
    """The elements above of a DICOM file; what the standard does not allow is left out or emptied.

    Only the first `_HEADER_BYTES` are looked at, so that a crafted file cannot keep the process
    busy. Raises whatever pydicom raises for a file that is no DICOM.
    """
    names = [*COPIED.split(), *_FILM.split()]
    if isinstance(source, Path):
        with source.open("rb") as file:
            source = file.read(_HEADER_BYTES)
    content = inflated(source, Limits(), first=_HEADER_BYTES)[:_HEADER_BYTES]
    film = dcmread(BytesIO(content), stop_before_pixels=True, force=True, specific_tags=names)
    header = Dataset()
    for name in names:
        element = _sound(film, name)
        if element is not None:
            setattr(header, name, element)
    for name in TYPE_2:
        if name not in header:
            setattr(header, name, "")
    for name in ("PatientOrientation", "ImagerPixelSpacing"):
        if name in header and (header[name].VM != 2 or not all(header[name].value)):
            del header[name]
    if header.PatientSex not in ("M", "F", "O"):
        header.PatientSex = ""
    if "SpecificCharacterSet" in header:
        header.SpecificCharacterSet = _character_set(header.SpecificCharacterSet)
    return header


def missing_identifier(header: Dataset) -> str | None:
    """The keyword of the first identifier that the film lacks and an answer needs, if any."""
    for name in IDENTIFIERS:
        if not _UID.fullmatch(str(header.get(name, ""))):
            return name
    return None


def _sound(film: Dataset, name: str) -> Any:
    """The element's value if it is one by its VR, else None."""
    try:
        element = film[name]
        value = element.value
        if value is None or value == "":
            return None
        if element.VR == "DA":
            DA(str(value), validation_mode=RAISE)
        elif element.VR == "TM":
            TM(str(value), validation_mode=RAISE)
        elif element.VR == "UI":
            return str(value) if _UID.fullmatch(str(value)) else None
        for one in value if isinstance(value, Sequence) and not isinstance(value, str) else [value]:
            validate_value(element.VR, one if isinstance(one, int) else str(one), RAISE)
    except Exception:  # pydicom converts on access and raises nearly anything
        return None
    return value


def _character_set(value: str | Sequence[str]) -> str | list[str]:
    """As the film has it, the first by its name if it is left empty; UTF-8 if it is unknown."""
    if isinstance(value, str):
        return value if value in python_encoding else _UTF8
    names = [name or "ISO 2022 IR 6" for name in value]
    return names if all(name in python_encoding for name in names) else _UTF8
