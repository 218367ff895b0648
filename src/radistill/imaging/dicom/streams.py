"""Samples of one compressed grey frame, with the depth and the sign that the stream has."""

from contextlib import suppress
from io import BytesIO

import numpy as np
from PIL import Image

from radistill.imaging.codestream import StreamHeader, read_header
from radistill.imaging.dicom.lossless import decode_lossless
from radistill.imaging.refusal import Code, DecodeError

_END = b"\xff\xd9"  # of JPEG, JPEG-LS and JPEG 2000
_MOST_PADDING = 4


def decode_stream(frame: bytes, rows: int, columns: int) -> tuple[np.ndarray, StreamHeader]:
    """(rows, columns), int32 where the stream is signed, else uint8 or uint16, and its header.

    Which decoder it takes is up to the stream: some archives keep a file's transfer syntax when
    they compress it in another way. Pillow brings libjpeg-turbo and OpenJPEG, pyjpegls CharLS.

    Raises DecodeError (unreadable, colour, unsupported, truncated), and whatever a decoder raises.
    """
    header = read_header(frame)
    if header is None:
        raise DecodeError(Code.UNREADABLE, "its compressed pixels have no header")
    if header.components >= 3:
        raise DecodeError(Code.COLOUR, "its compressed pixels are in colour; send the grey film")
    if header.coding == "JPEG" and header.bits != 8:
        reason = f"JPEG of {header.bits} bits; convert it with dcmdjpeg"
        raise DecodeError(Code.UNSUPPORTED, reason)
    if header.coding not in _DECODERS or header.bits > 16:
        reason = f"{header.coding} of {header.bits} bits; convert it with gdcmconv --raw"
        raise DecodeError(Code.UNSUPPORTED, reason)
    if (header.components, header.height, header.width) != (1, rows, columns):
        raise _other_size()
    samples = _DECODERS[header.coding](_without_padding(frame), header)
    if samples.shape != (rows, columns):  # a second header, further on
        raise _other_size()
    return samples, header


def _without_padding(frame: bytes) -> bytes:
    """A stream up to its end marker, behind which files put a byte or two, or zeros.

    A JPEG 2000 tile-part of open length (ISO 15444-1, A.4.2: Psot is 0) would take them for its.
    """
    end = frame.rfind(_END) + len(_END)
    behind = frame[end:]
    return frame[:end] if len(behind) <= 2 or not behind.strip(b"\0") else frame


def _jpeg(frame: bytes, header: StreamHeader) -> np.ndarray:
    with Image.open(BytesIO(frame), formats=["JPEG"]) as image:
        return np.asarray(image)


def _jpeg_2000(frame: bytes, header: StreamHeader) -> np.ndarray:
    with Image.open(BytesIO(frame), formats=["JPEG2000"]) as image:
        samples = np.asarray(image)
    # Pillow adds half the range to signed samples, and moves all to the top of 8 or 16 bits.
    samples = samples >> (8 * samples.itemsize - header.bits)
    return samples.astype(np.int32) - (1 << (header.bits - 1)) if header.signed else samples


def _jpeg_ls(frame: bytes, header: StreamHeader) -> np.ndarray:
    import jpeg_ls

    for _ in range(_MOST_PADDING):
        try:
            return np.asarray(jpeg_ls.decode(np.frombuffer(frame, np.uint8)))
        except Exception:
            # Some encoders pad before the end marker, which CharLS counts as damage.
            if not frame.endswith(b"\0" + _END):
                raise
            frame = frame[: -len(_END) - 1] + _END
    raise DecodeError(Code.UNREADABLE, "its compressed pixels end in zeros")


def _lossless_jpeg(frame: bytes, header: StreamHeader) -> np.ndarray:
    """By libjpeg-turbo, which the extra `dicom` brings, else by our own decoder, slowly.

    libjpeg-turbo fills up what is missing: a stream without its end is left to ours, which tells.
    """
    if frame.endswith(_END):
        with suppress(ImportError):
            from imagecodecs import jpeg8_decode

            return np.asarray(jpeg8_decode(frame))
    return decode_lossless(frame)


def _other_size() -> DecodeError:
    return DecodeError(Code.UNREADABLE, "its compressed pixels have another size than it says")


_DECODERS = {
    "JPEG": _jpeg,
    "JPEG 2000": _jpeg_2000,
    "JPEG-LS": _jpeg_ls,
    "lossless JPEG": _lossless_jpeg,
}
