"""Files that must be refused: a name, the code it gets, and the bytes, made here.

`docs/intake.md` lists them; `tests/imaging/test_bad_files.py` tries each and compares the list.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from functools import cache
from io import BytesIO
from typing import Any

import numpy as np
from PIL import Image, PngImagePlugin
from pydicom.encaps import encapsulate
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

from dicoms import RAMP, STEPS, dataset, dicom, encoded, lut, shipped, shipped_path, written

GREY = np.random.default_rng(0).integers(0, 256, (64, 48), dtype=np.uint8)
_ROWS = b"\x28\0\x10\0"  # the tag


def image(kind: str, pixels: np.ndarray = GREY, **options: Any) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


def half(file: bytes) -> bytes:
    return file[: len(file) // 2]


def patched(file: bytes, old: bytes, new: bytes) -> bytes:
    assert old in file
    return file.replace(old, new, 1)


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(*chunks: bytes, width: int = 8, height: int = 8) -> bytes:
    """A grey PNG of these dimensions with more chunks between its header and its rows."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    rows = chunk(b"IDAT", zlib.compress(bytes(9 * 8)))
    return b"\x89PNG\r\n\x1a\n" + header + b"".join(chunks) + rows + chunk(b"IEND", b"")


@cache
def bomb(size: int = 100 * 2**20) -> bytes:
    """Zeros that deflate to a thousandth."""
    return zlib.compress(bytes(size), 9)


def many_texts() -> bytes:
    text = chunk(b"zTXt", b"k\0\0" + bomb(2**20 - 1))
    return png(*[text] * 70)


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG whose header says another size than it holds."""
    file = image("JPEG")
    at = file.index(b"\xff\xc0") + 5
    return file[:at] + struct.pack(">HH", height, width) + file[at + 4 :]


def frames(kind: str, count: int = 3, **options: Any) -> bytes:
    file = BytesIO()
    pages = [Image.fromarray(GREY // (n + 1)).convert("RGB") for n in range(count)]
    pages[0].save(file, kind, save_all=True, append_images=pages[1:], **options)
    return file.getvalue()


def tiff(**tags: tuple[int, int]) -> bytes:
    """A TIFF with these entries changed: name -> (tag, value)."""
    file = bytearray(image("TIFF"))
    for tag, value in tags.values():
        count = struct.unpack_from("<H", file, 8)[0]
        for at in range(10, 10 + 12 * count, 12):
            if struct.unpack_from("<H", file, at)[0] == tag:
                struct.pack_into("<HHII", file, at, tag, 4, 1, value)
    return bytes(file)


def deflated(body: bytes) -> bytes:
    """A DICOM file of the deflated syntax with this body."""
    file = dicom(syntax=DeflatedExplicitVRLittleEndian)
    length = struct.unpack_from("<I", file, 140)[0]
    return file[: 144 + length] + body


def compressed(syntax: str, stream: bytes, pixels: np.ndarray = RAMP, **changes: Any) -> bytes:
    return dicom(pixels, syntax, PixelData=encapsulate([stream]), **changes)


def of_kind(keyword: str, modality: str, pixels: bool = True) -> bytes:
    uid = str(getattr(__import__("pydicom.uid", fromlist=[keyword]), keyword))
    if pixels:
        return dicom(SOPClassUID=uid, Modality=modality)
    return written(dataset(SOPClassUID=uid, Modality=modality, SOPInstanceUID="1.2.3"))


def nested(depth: int) -> bytes:
    """VOI LUT sequences within one another, each of undefined length."""
    head = struct.pack("<HH2sHI", 0x28, 0x3010, b"SQ", 0, 0xFFFFFFFF)
    head += struct.pack("<HHI", 0xFFFE, 0xE000, 0xFFFFFFFF)
    file = dicom()
    at = file.rindex(b"\xe0\x7f\x10\x00")
    return file[:at] + head * depth + file[at:]


def with_text(keyword: str, value: str) -> bytes:
    """A decimal or integer string that pydicom would not write."""
    marked = dicom(**{keyword: "77777777"})
    return patched(marked, b"77777777", value.ljust(8).encode())


BAD: dict[str, tuple[str, Callable[[], bytes]]] = {
    # Not an image at all.
    "no bytes": ("empty", bytes),
    "one byte": ("not-an-image", lambda: b"\xff"),
    "HTML named .jpg": ("not-an-image", lambda: b"<!DOCTYPE html><html>404</html>"),
    "PDF": ("not-an-image", lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"),
    "ZIP": ("not-an-image", lambda: b"PK\x03\x04" + bytes(60)),
    "GIF": ("not-an-image", lambda: image("GIF")),
    "ELF program": ("not-an-image", lambda: b"\x7fELF" + bytes(600)),
    "JPEG behind junk": ("not-an-image", lambda: b"junk" + image("JPEG")),
    "zeros": ("not-an-image", lambda: bytes(4096)),
    # JPEG.
    "JPEG: first bytes alone": ("unreadable", lambda: b"\xff\xd8\xff"),
    "JPEG: cut in half": ("truncated", lambda: half(image("JPEG"))),
    "JPEG: header, then HTML": ("truncated", lambda: b"\xff\xd8\xff\xe0<html></html>" * 9),
    "JPEG: says 65,535 x 65,535": ("too-large", lambda: jpeg_of(65535, 65535)),
    "JPEG: says no height": ("unreadable", lambda: jpeg_of(48, 0)),
    "JPEG: wrong segment length": (
        "truncated",
        lambda: patched(image("JPEG"), b"\xff\xdb\x00\x43", b"\xff\xdb\xff\xff"),
    ),
    # PNG.
    "PNG: signature alone": ("unreadable", lambda: png()[:8]),
    "PNG: cut in half": ("truncated", lambda: half(image("PNG"))),
    "PNG: pixel bomb": ("too-large", lambda: png(width=60000, height=60000)),
    "PNG: no width": ("unreadable", lambda: png(width=0)),
    "PNG: text bomb (zTXt)": ("too-large", lambda: png(chunk(b"zTXt", b"k\0\0" + bomb()))),
    "PNG: text bomb (iTXt)": (
        "too-large",
        lambda: png(chunk(b"iTXt", b"k\0\1\0\0\0" + bomb())),
    ),
    "PNG: profile bomb (iCCP)": ("too-large", lambda: png(chunk(b"iCCP", b"k\0\0" + bomb()))),
    "PNG: 70 MiB in many texts": ("too-large", many_texts),
    "PNG: wrong checksum": (
        "unreadable",
        lambda: patched(image("PNG"), b"IHDR\0\0\0\x30", b"IHDR\0\0\0\x31"),
    ),
    "PNG: rows that do not inflate": (
        "unreadable",
        lambda: patched(png(), b"IDAT\x78", b"IDAT\x00"),
    ),
    "PNG: no header": ("unreadable", lambda: b"\x89PNG\r\n\x1a\n" + png()[33:]),
    "PNG: animated": ("multi-frame", lambda: frames("PNG")),
    # TIFF.
    "TIFF: first bytes alone": ("unreadable", lambda: b"II*\0"),
    "TIFF: cut in half": ("truncated", lambda: half(image("TIFF"))),
    "TIFF: directory beyond the end": ("unreadable", lambda: b"II*\0\xff\xff\xff\x7f" + bytes(99)),
    "TIFF: pixel bomb": ("too-large", lambda: tiff(w=(256, 60000), h=(257, 60000))),
    "TIFF: no width": ("unreadable", lambda: tiff(w=(256, 0))),
    "TIFF: unknown compression": ("unreadable", lambda: tiff(c=(259, 60001))),
    "TIFF: floating point": ("unsupported", lambda: image("TIFF", GREY.astype(np.float32))),
    "TIFF: beyond 16 bits": ("unsupported", lambda: image("TIFF", GREY.astype(np.int32) * 70000)),
    "TIFF: three pages": ("multi-frame", lambda: frames("TIFF")),
    # BMP and WebP.
    "BMP: header of zeros": ("unreadable", lambda: b"BM" + bytes(80)),
    "BMP: cut in half": ("truncated", lambda: half(image("BMP"))),
    "BMP: pixel bomb": (
        "too-large",
        lambda: image("BMP")[:18] + struct.pack("<ii", 60000, 60000) + image("BMP")[26:],
    ),
    "WebP: cut in half": ("unreadable", lambda: half(image("WEBP"))),
    "WebP: header alone": ("unreadable", lambda: b"RIFF\x40\0\0\0WEBPVP8 " + bytes(64)),
    "WebP: animated": ("multi-frame", lambda: frames("WEBP", lossless=True)),
    # DICOM of other kinds.
    "DICOM: mark alone": ("no-pixels", lambda: bytes(128) + b"DICM"),
    "DICOM: CT": ("modality", lambda: of_kind("CTImageStorage", "CT")),
    "DICOM: MR": ("modality", lambda: of_kind("MRImageStorage", "MR")),
    "DICOM: ultrasound": ("modality", lambda: of_kind("UltrasoundImageStorage", "US")),
    "DICOM: mammography": (
        "modality",
        lambda: of_kind("DigitalMammographyXRayImageStorageForPresentation", "MG"),
    ),
    "DICOM: fluoroscopy": (
        "modality",
        lambda: of_kind("XRayRadiofluoroscopicImageStorage", "RF"),
    ),
    "DICOM: angiography": ("modality", lambda: of_kind("XRayAngiographicImageStorage", "XA")),
    "DICOM: CT that says it is DX": ("modality", lambda: of_kind("CTImageStorage", "DX")),
    "DICOM: secondary capture of a CT": (
        "modality",
        lambda: of_kind("SecondaryCaptureImageStorage", "CT"),
    ),
    "DICOM: unknown kind": ("modality", lambda: dicom(SOPClassUID="1.2.3.4")),
    "DICOM: unknown modality": ("modality", lambda: dicom(Modality="ZZ")),
    "DICOM: report (SR)": ("no-pixels", lambda: of_kind("BasicTextSRStorage", "SR", False)),
    "DICOM: presentation state": (
        "no-pixels",
        lambda: of_kind("GrayscaleSoftcopyPresentationStateStorage", "PR", False),
    ),
    "DICOM: PDF inside": ("no-pixels", lambda: of_kind("EncapsulatedPDFStorage", "DOC", False)),
    "DICOM: DICOMDIR": (
        "no-pixels",
        lambda: shipped_path("dicomdirtests/DICOMDIR").read_bytes(),
    ),
    "DICOM: three frames": (
        "multi-frame",
        lambda: dicom(NumberOfFrames=3, PixelData=RAMP.tobytes() * 3),
    ),
    "DICOM: raw detector data": (
        "unsupported",
        lambda: of_kind("DigitalXRayImageStorageForProcessing", "DX"),
    ),
    "DICOM: RGB": (
        "colour",
        lambda: dicom(
            STEPS,
            SamplesPerPixel=3,
            PlanarConfiguration=0,
            PhotometricInterpretation="RGB",
            PixelData=bytes(3 * 64),
        ),
    ),
    "DICOM: palette": (
        "colour",
        lambda: dicom(STEPS, PhotometricInterpretation="PALETTE COLOR"),
    ),
    # DICOM that stops early or says too much.
    "DICOM: cut within the header": ("no-pixels", lambda: dicom()[: dicom().index(_ROWS)]),
    "DICOM: cut within the pixels": ("truncated", lambda: dicom()[:-1000]),
    "DICOM: fewer pixels than it says": ("truncated", lambda: dicom(Rows=65)),
    "DICOM: JPEG 2000 cut in half": (
        "truncated",
        lambda: half(dicom(np.tile(GREY, (4, 4)), JPEG2000Lossless)),
    ),
    "DICOM: says 65,535 x 65,535": ("too-large", lambda: dicom(Rows=65535, Columns=65535)),
    "DICOM: no rows": ("unreadable", lambda: dicom(Rows=0)),
    "DICOM: columns missing": ("unreadable", lambda: dicom(Columns=None)),
    "DICOM: an element longer than the file": (
        "truncated",
        lambda: patched(dicom(), _ROWS + b"US\x02\0", _ROWS + b"UN\0\0\xf0\xff\xff\xff"),
    ),
    "DICOM: 3,000 sequences in one another": ("unreadable", lambda: nested(3000)),
    "DICOM: minus one frame": ("unreadable", lambda: with_text("NumberOfFrames", "-1")),
    "DICOM: frames that are no number": ("unreadable", lambda: with_text("NumberOfFrames", "two")),
    # DICOM whose values make no sense.
    "DICOM: slope NaN": (
        "unreadable",
        lambda: patched(dicom(RescaleSlope="7777", RescaleIntercept=0), b"7777", b"NaN "),
    ),
    "DICOM: slope 0": ("unreadable", lambda: dicom(RescaleSlope=0, RescaleIntercept=0)),
    "DICOM: intercept infinite": (
        "unreadable",
        lambda: patched(dicom(RescaleSlope=1, RescaleIntercept="7777"), b"7777", b"inf "),
    ),
    "DICOM: slope that is a word": (
        "unreadable",
        lambda: patched(dicom(RescaleSlope="7777", RescaleIntercept=0), b"7777", b"word"),
    ),
    "DICOM: 32 bits": ("unsupported", lambda: dicom(BitsAllocated=32)),
    "DICOM: 1 bit": ("unsupported", lambda: dicom(BitsAllocated=1, BitsStored=1, HighBit=0)),
    "DICOM: 17 bits of 16": ("unreadable", lambda: dicom(BitsStored=17, HighBit=16)),
    "DICOM: 0 bits": ("unreadable", lambda: dicom(BitsStored=0, HighBit=0)),
    "DICOM: sign 7": ("unreadable", lambda: dicom(PixelRepresentation=7)),
    "DICOM: two samples a pixel": ("unreadable", lambda: dicom(SamplesPerPixel=2)),
    "DICOM: photometric missing": ("unreadable", lambda: dicom(PhotometricInterpretation=None)),
    "DICOM: floating point": (
        "unsupported",
        lambda: dicom(PixelData=None, FloatPixelData=bytes(4 * RAMP.size)),
    ),
    "DICOM: LUT without entries": (
        "unreadable",
        lambda: dicom(VOILUTSequence=[dataset(LUTDescriptor=[256, 0, 8], LUTData=b"")]),
    ),
    "DICOM: LUT of 99 bits": (
        "unreadable",
        lambda: dicom(ModalityLUTSequence=[lut(0, 99, np.arange(256))]),
    ),
    # DICOM that is compressed badly.
    "DICOM: deflate bomb": ("too-large", lambda: deflated(bomb()[2:-4])),
    "DICOM: deflated, cut short": (
        "truncated",
        lambda: dicom(syntax=DeflatedExplicitVRLittleEndian)[:-40],
    ),
    "DICOM: deflated, garbage": ("unreadable", lambda: deflated(b"\xff" * 500)),
    "DICOM: unknown compression": (
        "unsupported",
        lambda: patched(compressed(JPEGLSLossless, bytes(9)), b".4.80", b".4.89"),
    ),
    "DICOM: MPEG2": (
        "unsupported",
        lambda: compressed("1.2.840.10008.1.2.4.100", b"\0\0\1\xb3" + bytes(60)),
    ),
    "DICOM: JPEG of 12 bits": ("unsupported", lambda: shipped("JPGExtended.dcm")),
    "DICOM: no fragment": (
        "unreadable",
        lambda: dicom(
            syntax=JPEG2000Lossless, PixelData=b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\xdd\xe0\0\0\0\0"
        ),
    ),
    "DICOM: JPEG bomb inside": (
        "unreadable",
        lambda: compressed(JPEGBaseline8Bit, jpeg_of(65500, 65500), GREY),
    ),
    "DICOM: JPEG of another size": (
        "unreadable",
        lambda: compressed(JPEGBaseline8Bit, image("JPEG"), STEPS),
    ),
    "DICOM: JPEG in colour inside": (
        "colour",
        lambda: compressed(JPEGBaseline8Bit, image("JPEG", np.dstack([GREY] * 3)), GREY),
    ),
    "DICOM: JPEG that is garbage": (
        "unreadable",
        lambda: compressed(JPEGBaseline8Bit, image("JPEG")[:300] + bytes(300), GREY),
    ),
    "DICOM: JPEG 2000 of another size": (
        "unreadable",
        lambda: compressed(JPEG2000Lossless, image("JPEG2000", no_jp2=True)),
    ),
    "DICOM: JPEG lossless that is garbage": (
        "unreadable",
        lambda: compressed(
            JPEGLosslessSV1, b"\xff\xd8\xff\xc3\x00\x0b\x10\x00\x40\x00\x40\x01\x01\x11\0" * 4
        ),
    ),
    "DICOM: JPEG-LS that is garbage": (
        "unreadable",
        lambda: compressed(
            JPEGLSLossless,
            b"\xff\xd8\xff\xf7\x00\x0b\x10\x00\x40\x00\x40\x01\x01\x11\0" + bytes(99),
        ),
    ),
    "DICOM: RLE that is garbage": ("unreadable", lambda: compressed(RLELossless, b"\xff" * 300)),
    "DICOM: RLE with too few segments": (
        "unreadable",
        lambda: dicom(RAMP, RLELossless, PixelData=encoded(RAMP.astype(np.uint8), RLELossless)),
    ),
}

ODD: dict[str, Callable[[], bytes]] = {
    "JPEG: CMYK": lambda: _converted("CMYK", "JPEG"),
    "JPEG: junk after the end": lambda: image("JPEG") + b"junk" * 1000,
    "JPEG: EXIF that is damaged": lambda: image("JPEG", exif=b"Exif\0\0II*\0\xff\xff\xff\xff"),
    "PNG: RGBA": lambda: _converted("RGBA", "PNG"),
    "PNG: 16 bits": lambda: image("PNG", GREY.astype(np.uint16) * 257),
    "PNG: palette": lambda: _converted("P", "PNG"),
    "PNG: 1 bit": lambda: _converted("1", "PNG"),
    "JPEG: says it is taller": lambda: jpeg_of(48, 6400),
    "PNG: text": lambda: image("PNG", pnginfo=_text("../../name")),
    "TIFF: CMYK": lambda: _converted("CMYK", "TIFF"),
    "TIFF: directory that leads to itself": lambda: _looped(image("TIFF")),
    "DICOM: TIFF in its preamble": lambda: b"II*\0" + dicom()[4:],
    "DICOM: zero window width": lambda: dicom(WindowCenter=9, WindowWidth=0),
    "DICOM: ../ in its identifiers": lambda: patched(
        dicom(SOPInstanceUID="1.2.826.0.1.9999"), b"1.2.826.0.1.9999", b"../../etc/passwd"
    ),
    "DICOM: junk after the pixels": lambda: dicom() + b"junk" * 100,
    "DICOM: padded file": lambda: dicom() + b"\xfc\xff\xfc\xffOB\0\0\x08\0\0\0" + bytes(8),
    "DICOM: more pixels than it says": lambda: dicom(Rows=60),
    "DICOM: LUT of 65,536 entries": lambda: dicom(VOILUTSequence=[lut(0, 16, np.arange(65536))]),
}


def _converted(mode: str, kind: str) -> bytes:
    file = BytesIO()
    Image.fromarray(GREY).convert("RGB").convert(mode).save(file, kind)
    return file.getvalue()


def _text(value: str) -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Title", value)
    return info


def _looped(file: bytes) -> bytes:
    count = struct.unpack_from("<H", file, 8)[0]
    at = 10 + 12 * count
    return file[:at] + struct.pack("<I", 8) + file[at + 4 :]
