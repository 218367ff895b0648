"""Which DICOM objects are radiographs of one image, and the refusal of the others by name."""

from pydicom import Dataset
from pydicom.uid import UID

from radistill.imaging.dicom.parse import code_string, damaged, whole_number
from radistill.imaging.refusal import Code, DecodeError

_RAW = "1.2.840.10008.5.1.4.1.1.1.1.1"  # digital X-ray, for processing
_SECONDARY = frozenset(
    "1.2.840.10008.5.1.4.1.1.7" + end for end in ("", ".1", ".2", ".3", ".4")
)  # secondary capture; .1 to .4 are its multi-frame kinds, which may hold a single frame
_PLAIN = frozenset(
    {
        _RAW,
        "1.2.840.10008.5.1.4.1.1.1",  # computed radiography
        "1.2.840.10008.5.1.4.1.1.1.1",  # digital X-ray, for presentation
    }
)
_READ = _SECONDARY | _PLAIN
# PS3.3 C.7.3.1.1.1. RG is film, and DR what many files have for DX; the second row is what
# secondary captures are marked as.
_RADIOGRAPHS = frozenset({"CR", "DX", "DR", "RG"})
_CAPTURES = frozenset({"OT", "SC", "HC"})
_OTHERS = """
CT: computed tomography, MR: magnetic resonance, US: ultrasound, MG: mammography,
PT: positron emission, NM: nuclear medicine, XA: angiography, RF: fluoroscopy, PX: panoramic X-ray,
IO: intra-oral X-ray, BMD: bone densitometry, ECG: electrocardiogram, ES: endoscopy,
OP: ophthalmic photograph, XC: photograph, GM: microscopy, SM: slide, DOC: document, SR: report,
PR: presentation state, SEG: segmentation, RTIMAGE: radiotherapy image, RTDOSE: radiotherapy dose,
IVUS: ultrasound
"""
_WANTED = "radistill reads CR, DX and secondary capture"


def check_kind(dataset: Dataset) -> None:
    """Refuse what is not one grey image of a radiograph.

    Raises DecodeError: no-pixels, modality, multi-frame, colour or unsupported, in that order.
    """
    name = _object_name(dataset)
    if "FloatPixelData" in dataset or "DoubleFloatPixelData" in dataset:
        raise DecodeError(Code.UNSUPPORTED, "floating point pixels; save with 8 or 16 bits")
    if "PixelData" not in dataset:
        cut = "; if there should be one, copy it again" if _is_read(dataset) else ""
        raise DecodeError(Code.NO_PIXELS, f"DICOM without an image ({name}){cut}")
    _check_modality(dataset, name)
    _check_frames(dataset)
    _check_grey(dataset)


def _object_name(dataset: Dataset) -> str:
    """What the standard calls this object. An unknown identifier is not repeated."""
    uid = code_string(dataset, "SOPClassUID")
    name = UID(uid).name
    return name if name != uid else "an unknown kind of object"


def _is_read(dataset: Dataset) -> bool:
    return code_string(dataset, "SOPClassUID") in _READ


def _check_modality(dataset: Dataset, name: str) -> None:
    uid, modality = code_string(dataset, "SOPClassUID"), code_string(dataset, "Modality")
    others = dict(entry.strip().split(": ") for entry in _OTHERS.split(","))
    if modality in others:
        reason = f"DICOM of {others[modality]} ({modality}); {_WANTED}"
        raise DecodeError(Code.MODALITY, reason)
    if uid and not _is_read(dataset):
        raise DecodeError(Code.MODALITY, f"DICOM of another kind ({name}); {_WANTED}")
    captured = uid not in _PLAIN and modality in _CAPTURES
    if modality and modality not in _RADIOGRAPHS and not captured:
        raise DecodeError(Code.MODALITY, f"DICOM of another modality; {_WANTED}")
    if uid == _RAW or code_string(dataset, "PresentationIntentType") == "FOR PROCESSING":
        reason = "raw detector data (for processing); send the image made for presentation"
        raise DecodeError(Code.UNSUPPORTED, reason)


def _check_frames(dataset: Dataset) -> None:
    frames = whole_number(dataset, "NumberOfFrames", 1)
    if frames < 0:
        raise damaged("NumberOfFrames")
    if frames > 1:
        raise DecodeError(Code.MULTI_FRAME, f"DICOM of {frames} frames; send one film a file")


def _check_grey(dataset: Dataset) -> None:
    photometric = code_string(dataset, "PhotometricInterpretation")
    samples = whole_number(dataset, "SamplesPerPixel", 1)
    if samples == 1 and photometric in ("MONOCHROME1", "MONOCHROME2"):
        return
    if samples == 3 or photometric.startswith(("RGB", "YBR", "PALETTE", "HSV", "ARGB", "CMYK")):
        raise DecodeError(Code.COLOUR, "DICOM in colour; send the grey film")
    raise damaged("PhotometricInterpretation" if samples == 1 else "SamplesPerPixel")
