"""The stored pixel values of one grey frame, of any transfer syntax that is read."""

from dataclasses import dataclass

import numpy as np
from pydicom import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels.decoders.base import get_decoder
from pydicom.uid import (
    JPEG2000,
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    RLELossless,
)

from radistill.imaging.dicom.codestream import declared_size
from radistill.imaging.dicom.lossless import decode_lossless
from radistill.imaging.dicom.parse import damaged, whole_number
from radistill.imaging.limits import Limits
from radistill.imaging.refusal import Code, DecodeError

_OWN = "own"
# pydicom's decoder for each. Pillow brings libjpeg-turbo and OpenJPEG, pyjpegls CharLS. GDCM reads
# all of them, but damaged files make it end the process.
_DECODERS = {
    ImplicitVRLittleEndian: "",
    ExplicitVRLittleEndian: "",
    ExplicitVRBigEndian: "",
    DeflatedExplicitVRLittleEndian: "",
    RLELossless: "pydicom",
    JPEGBaseline8Bit: "pillow",
    JPEGExtended12Bit: "pillow",  # 8 bits of it
    JPEGLossless: _OWN,
    JPEGLosslessSV1: _OWN,
    JPEGLSLossless: "pyjpegls",
    JPEGLSNearLossless: "pyjpegls",
    JPEG2000Lossless: "pillow",
    JPEG2000: "pillow",
}


@dataclass(frozen=True)
class Layout:
    """How values lie in their containers: `stored` bits whose highest is bit `high`."""

    rows: int
    columns: int
    allocated: int
    stored: int
    high: int
    signed: bool

    def unpack(self, containers: np.ndarray) -> np.ndarray:
        """Unsigned containers of any shape to int32 values, other bits (overlays) cut off."""
        values = (containers.astype(np.int32) >> (self.high + 1 - self.stored)) & self.mask
        return self.with_sign(values)

    def with_sign(self, values: np.ndarray) -> np.ndarray:
        """`stored` bits read as two's complement if the pixels are signed."""
        half = 1 << (self.stored - 1)
        return np.where(values >= half, values - 2 * half, values) if self.signed else values

    @property
    def mask(self) -> int:
        return (1 << self.stored) - 1

    @property
    def range(self) -> tuple[int, int]:
        """Least and greatest value that can be stored."""
        half = 1 << (self.stored - 1)
        return (-half, half - 1) if self.signed else (0, self.mask)


def read_layout(dataset: Dataset, limits: Limits) -> Layout:
    """Check the pixels' description. Raises DecodeError: too-large, unsupported or unreadable."""
    rows, columns = whole_number(dataset, "Rows"), whole_number(dataset, "Columns")
    if rows < 1 or columns < 1:
        raise damaged("Rows or Columns")
    limits.check_pixels(columns, rows)
    allocated = whole_number(dataset, "BitsAllocated")
    if allocated not in (8, 16):
        raise DecodeError(Code.UNSUPPORTED, f"{allocated} bits a pixel; 8 and 16 are read")
    stored = whole_number(dataset, "BitsStored", allocated)
    high = whole_number(dataset, "HighBit", stored - 1)
    if not 1 <= stored <= high + 1 <= allocated:
        raise damaged("BitsStored or HighBit")
    signed = whole_number(dataset, "PixelRepresentation", 0)
    if signed not in (0, 1):
        raise damaged("PixelRepresentation")
    return Layout(rows, columns, allocated, stored, high, bool(signed))


def read_containers(dataset: Dataset, layout: Layout) -> np.ndarray:
    """Pixel containers (rows, columns), uint8 or uint16, as they lie in the file.

    Raises DecodeError (truncated, unsupported, unreadable), and whatever a decoder raises.
    """
    syntax = _transfer_syntax(dataset)
    if syntax not in _DECODERS:
        reason = f"compressed as {_known_name(syntax)}, which is not read"
        raise DecodeError(Code.UNSUPPORTED, reason)
    if syntax == JPEGExtended12Bit and layout.stored != 8:
        raise DecodeError(Code.UNSUPPORTED, "JPEG of 12 bits; convert it with dcmdjpeg")
    if syntax.is_compressed and syntax != DeflatedExplicitVRLittleEndian:
        _check_frame(dataset, layout, syntax)
    elif len(dataset.PixelData) < layout.rows * layout.columns * layout.allocated // 8:
        raise DecodeError(Code.TRUNCATED, "fewer pixels than its header says; copy it again")
    if _DECODERS[syntax] == _OWN:
        samples = decode_lossless(get_frame(dataset.PixelData, 0, number_of_frames=1))
        if samples.shape != (layout.rows, layout.columns):  # a second header, further on
            raise _other_size()
        return samples
    # pydicom needs these elements, which may be missing or odd in the file; `layout` has them.
    dataset.NumberOfFrames = dataset.SamplesPerPixel = 1
    dataset.BitsStored, dataset.HighBit = layout.stored, layout.high
    dataset.PixelRepresentation = int(layout.signed)
    array, _ = get_decoder(syntax).as_array(
        dataset,
        index=0,
        raw=True,
        decoding_plugin=_DECODERS[syntax],
        # pydicom corrects by BitsStored alone; `Layout.unpack` respects HighBit too.
        correct_unused_bits=False,  # type: ignore[arg-type]
    )
    # A decoder may give 8 bits for 16 if the stream has no more; a sign is spread over both.
    size = layout.allocated // 8
    return array.astype(f"{array.dtype.kind}{size}", copy=False).view(f"u{size}")


def _transfer_syntax(dataset: Dataset) -> UID:
    syntax = dataset.file_meta.get("TransferSyntaxUID")
    if isinstance(syntax, UID) and syntax:
        return syntax
    implicit, little = dataset.original_encoding
    if not little:
        return ExplicitVRBigEndian
    return ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian


def _known_name(syntax: UID) -> str:
    return syntax.name if syntax.name != str(syntax) else "an unknown kind"


def _check_frame(dataset: Dataset, layout: Layout, syntax: UID) -> None:
    """The compressed stream must declare the size that the header does, or none (RLE)."""
    frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
    if syntax == RLELossless:
        return
    if declared_size(frame) != (layout.columns, layout.rows):
        raise _other_size()


def _other_size() -> DecodeError:
    return DecodeError(Code.UNREADABLE, "its compressed pixels have another size than it says")
