"""Bytes to a dataset that holds what the pixels need and nothing that names the patient."""

import logging
import warnings
import zlib
from io import BytesIO
from typing import Any

from pydicom import Dataset, dcmread
from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_file_meta_info
from pydicom.tag import BaseTag
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian

from radistill.imaging.limits import Limits
from radistill.imaging.refusal import Code, DecodeError

# Warnings of pydicom quote values, which may be a patient's name: they go nowhere, unless the
# program that imports radistill gives the logger "pydicom" a handler of its own.
logging.getLogger("pydicom").propagate = False
logging.getLogger("pydicom").addHandler(logging.NullHandler())
warnings.filterwarnings("ignore", module=r"pydicom\.")

# No other element becomes part of the dataset: a name that was never read cannot leak.
_ELEMENTS = """
SOPClassUID Modality PresentationIntentType NumberOfFrames Rows Columns SamplesPerPixel
PhotometricInterpretation PlanarConfiguration BitsAllocated BitsStored HighBit PixelRepresentation
PixelPaddingValue PixelPaddingRangeLimit RescaleSlope RescaleIntercept ModalityLUTSequence
VOILUTSequence VOILUTFunction WindowCenter WindowWidth PresentationLUTShape PatientAge
PatientBirthDate StudyDate SeriesDate AcquisitionDate AcquisitionDateTime ContentDate
BodyPartExamined ViewPosition PixelData FloatPixelData DoubleFloatPixelData
"""
_PREAMBLE = 132
_PIXEL_DATA = (b"\xe0\x7f\x10\x00", b"\x7f\xe0\x00\x10")


def parse(content: bytes, limits: Limits) -> Dataset:
    """A DICOM file, with or without preamble, to a dataset of the elements above.

    Raises DecodeError (truncated, too-large), and whatever pydicom raises for damaged files.
    """
    content = inflated(content, limits)
    dataset = dcmread(BytesIO(content), force=True, specific_tags=_ELEMENTS.split())
    # pydicom leaves an element out that the file stops within.
    if "PixelData" not in dataset and any(tag in content for tag in _PIXEL_DATA):
        reason = "the DICOM file stops within its pixels; copy it again from its source"
        raise DecodeError(Code.TRUNCATED, reason)
    return dataset


def inflated(content: bytes, limits: Limits, first: int = 0) -> bytes:
    """A deflated file (PS3.5, A.5) as an explicit one, stopping where it grows too large.

    pydicom would inflate whatever there is. Other files come back as they are. first: bytes of the
    dataset that are enough, 0 for all.
    """
    if content[_PREAMBLE - 4 : _PREAMBLE] != b"DICM":
        return content
    file = BytesIO(content)
    file.seek(_PREAMBLE)
    meta = FileMetaDataset(read_dataset(file, False, True, stop_when=_after_meta))
    if meta.get("TransferSyntaxUID") != DeflatedExplicitVRLittleEndian:
        return content
    inflator = zlib.decompressobj(-zlib.MAX_WBITS)
    body = inflator.decompress(content[file.tell() :], first or limits.max_bytes + 1)
    limits.check_bytes(len(body))
    if not inflator.eof and not first:
        reason = "the deflated DICOM file stops before its end; copy it again from its source"
        raise DecodeError(Code.TRUNCATED, reason)
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    plain = DicomBytesIO()
    plain.write(content[:_PREAMBLE])
    write_file_meta_info(plain, meta, enforce_standard=False)
    plain.write(body)
    return bytes(plain.getvalue())


def _after_meta(tag: BaseTag, vr: str | None, length: int) -> bool:
    return tag.group != 2


def whole_number(dataset: Dataset, keyword: str, default: int | None = None) -> int:
    """An integer element. Raises DecodeError (unreadable) if it is damaged, or missing without a
    default."""
    value = _value(dataset, keyword)
    if value is None and default is not None:
        return default
    try:
        return int(value)
    except (TypeError, ValueError, OverflowError):
        raise damaged(keyword) from None


def real_number(dataset: Dataset, keyword: str) -> float | None:
    """A decimal element; None where missing or empty. Raises DecodeError (unreadable)."""
    value = _value(dataset, keyword)
    try:
        return None if value is None else float(value)
    except (TypeError, ValueError, OverflowError):
        raise damaged(keyword) from None


def real_numbers(dataset: Dataset, keyword: str) -> list[float]:
    """All the values of a decimal element, none if they are damaged."""
    try:
        value = dataset.get(keyword)
        if value is None or value == "":
            return []
        return [float(v) for v in (value if hasattr(value, "__iter__") else [value])]
    except Exception:
        return []


def code_string(dataset: Dataset, keyword: str) -> str:
    """A coded string in capitals, without surrounding spaces; "" where missing or damaged."""
    try:
        value = _value(dataset, keyword)
    except DecodeError:
        return ""
    return str(value).strip().upper() if isinstance(value, str) else ""


def text_of(dataset: Dataset, keyword: str) -> str:
    """An element of any type as text in capitals, "?" where damaged, "" where missing."""
    try:
        value = _value(dataset, keyword)
    except DecodeError:
        return "?"
    return "" if value is None else str(value).strip(" \0").upper()


def damaged(keyword: str) -> DecodeError:
    """The refusal of a file for one element, named without its value."""
    return DecodeError(Code.UNREADABLE, f"damaged DICOM file (its {keyword} makes no sense)")


def _value(dataset: Dataset, keyword: str) -> Any:
    """The element's value, the first of several, None where missing or empty."""
    try:
        value = dataset.get(keyword)
        if not isinstance(value, str | bytes) and hasattr(value, "__getitem__"):
            value = value[0] if len(value) else None
    except Exception:  # pydicom converts values on access and raises nearly anything
        raise damaged(keyword) from None
    return None if value in ("", b"") else value
