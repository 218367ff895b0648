"""The stored pixel values of one grey frame, of any transfer syntax that is read."""

from dataclasses import dataclass, replace

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

from radistill.imaging.codestream import StreamHeader
from radistill.imaging.dicom.parse import code_string, damaged, whole_number
from radistill.imaging.dicom.streams import decode_stream
from radistill.imaging.limits import Limits
from radistill.imaging.refusal import Code, DecodeError

# pydicom's own decoders. GDCM reads all, but damaged files make it end the process.
_PLAIN = {
    ImplicitVRLittleEndian: "",
    ExplicitVRLittleEndian: "",
    ExplicitVRBigEndian: "",
    DeflatedExplicitVRLittleEndian: "",
    RLELossless: "pydicom",
}
_STREAMS = (
    JPEGBaseline8Bit,
    JPEGExtended12Bit,  # 8 bits of it
    JPEGLossless,
    JPEGLosslessSV1,
    JPEGLSLossless,
    JPEGLSNearLossless,
    JPEG2000Lossless,
    JPEG2000,
)
READ_SYNTAXES = (*_PLAIN, *_STREAMS)


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


def read_containers(dataset: Dataset, layout: Layout) -> tuple[np.ndarray, Layout]:
    """Pixel containers (rows, columns), uint8 or uint16, as they lie in the file, and their layout.

    That is `layout`, or the compressed stream's own where the header says too little of it.
    Raises DecodeError (truncated, unsupported, colour, unreadable), and whatever a decoder raises.
    """
    syntax = _transfer_syntax(dataset)
    if syntax in _STREAMS:
        frame = get_frame(dataset.PixelData, 0, number_of_frames=1)
        return _fitted(*decode_stream(frame, layout.rows, layout.columns), layout)
    if syntax not in _PLAIN:
        reason = f"compressed as {_known_name(syntax)}, which is not read"
        raise DecodeError(Code.UNSUPPORTED, reason)
    size = layout.rows * layout.columns * layout.allocated // 8
    if syntax != RLELossless and len(dataset.PixelData) < size:
        raise DecodeError(Code.TRUNCATED, "fewer pixels than its header says; copy it again")
    # pydicom needs these elements, which may be missing or odd in the file; `layout` has them.
    dataset.NumberOfFrames = dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = code_string(dataset, "PhotometricInterpretation")
    dataset.BitsStored, dataset.HighBit = layout.stored, layout.high
    dataset.PixelRepresentation = int(layout.signed)
    array, _ = get_decoder(syntax).as_array(
        dataset,
        index=0,
        raw=True,
        decoding_plugin=_PLAIN[syntax],
        # pydicom corrects by BitsStored alone; `Layout.unpack` respects HighBit too.
        correct_unused_bits=False,  # type: ignore[arg-type]
    )
    size = layout.allocated // 8
    return array.astype(f"{array.dtype.kind}{size}", copy=False).view(f"u{size}"), layout


def _fitted(samples: np.ndarray, header: StreamHeader, layout: Layout) -> tuple[np.ndarray, Layout]:
    """Samples of a stream as containers. Where they do not fit into the bits that the file's header
    names, the stream's own depth counts: cut off, they would start again from black."""
    if header.coding == "JPEG":
        layout = replace(layout, allocated=8, stored=8, high=7)
    layout = replace(layout, signed=layout.signed or header.signed)
    least, most = int(samples.min()), int(samples.max())
    if max(most, -least - 1) >> (layout.high + 1 - header.signed):
        allocated = 16 if header.bits > 8 else 8
        layout = replace(layout, allocated=allocated, stored=header.bits, high=header.bits - 1)
    return samples.astype(f"u{layout.allocated // 8}"), layout


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
