"""Lossless JPEG (ISO 10918-1, annex H) of one component, which many detectors write.

For installations without imagecodecs, which is ten times faster and a third of all that a light one
holds. Other decoders end the process on damaged files, or are under the GPL.
"""

import struct
from dataclasses import dataclass, field

import numpy as np

from radistill.imaging.refusal import Code, DecodeError

_BLOCK = 1 << 18  # bytes of the stream decoded together; every bit of it takes some bytes
_PEEK = 1 << 16  # a code has 16 bits at most


@dataclass
class _Header:
    """The header before the pixels of the only scan."""

    precision: int = 0
    rows: int = 0
    columns: int = 0
    restart: int = 0  # samples between restart markers, 0 for none
    tables: dict[int, tuple[bytes, bytes]] = field(default_factory=dict)
    table: int = 0
    predictor: int = 0
    shift: int = 0
    start: int = 0  # of the coded pixels


def decode_lossless(stream: bytes) -> np.ndarray:
    """A stream to its samples (rows, columns), uint16.

    Raises DecodeError (truncated, unreadable), and struct.error or IndexError where it stops
    within its header.
    """
    header = _read_header(stream)
    lengths, sizes = _code_tables(*header.tables[header.table])
    total = header.rows * header.columns
    each = header.restart or total
    if each % header.columns:
        raise _damaged("restarts within a row")
    samples = np.empty((header.rows, header.columns), np.uint16)
    segments = _segments(stream, header.start)
    for row in range(0, header.rows, each // header.columns):
        part = samples[row : row + each // header.columns]
        if not segments:
            raise _short()
        differences = _differences(segments.pop(0), lengths, sizes, part.size)
        _undo_prediction(differences.reshape(part.shape), header, part)
    return samples << header.shift


def _read_header(stream: bytes) -> _Header:
    header, at = _Header(), 2
    while True:
        if stream[at] != 0xFF:
            raise _damaged("no marker where one should be")
        marker = stream[at + 1]
        if marker == 0xFF:  # fill
            at += 1
            continue
        length = struct.unpack_from(">H", stream, at + 2)[0]
        body = stream[at + 4 : at + 2 + length]
        at += 2 + length
        if marker == 0xC3:
            header.precision, header.rows, header.columns = struct.unpack_from(">BHH", body)
        elif marker == 0xC4:
            _read_tables(body, header)
        elif marker == 0xDD:
            header.restart = struct.unpack_from(">H", body)[0]
        elif marker == 0xDA:
            header.table, header.predictor, header.shift = body[2] >> 4, body[3], body[5] & 15
            header.start = at
            return _checked(header)


def _checked(header: _Header) -> _Header:
    sensible = 2 <= header.precision <= 16 and header.rows and header.columns
    known = header.table in header.tables and 1 <= header.predictor <= 7
    if not (sensible and known and header.shift < header.precision):
        raise _damaged("a header that makes no sense")
    return header


def _read_tables(body: bytes, header: _Header) -> None:
    at = 0
    while at < len(body):
        counts = body[at + 1 : at + 17]
        end = at + 17 + sum(counts)
        header.tables[body[at] & 15] = counts, body[at + 17 : end]
        at = end


def _code_tables(counts: bytes, values: bytes) -> tuple[np.ndarray, np.ndarray]:
    """For each 16 bits that may come next: length of the code they begin with, 0 if none, and
    how many bits the difference has (annex C.2)."""
    lengths, sizes = np.zeros(_PEEK, np.uint8), np.zeros(_PEEK, np.uint8)
    at, index = 0, 0
    for length, count in enumerate(counts, 1):
        width = 1 << (16 - length)
        for _ in range(count):
            if at + width > _PEEK or index >= len(values) or values[index] > 16:
                raise _damaged("codes that make no sense")
            lengths[at : at + width], sizes[at : at + width] = length, values[index]
            at, index = at + width, index + 1
    return lengths, sizes


def _segments(stream: bytes, start: int) -> list[np.ndarray]:
    """The coded bytes between restart markers, up to any other marker, without stuffing."""
    data = np.frombuffer(stream, np.uint8)[start:]
    marks = np.flatnonzero(data[:-1] == 0xFF)
    kinds = data[marks + 1]
    ends = marks[(kinds != 0) & (kinds != 0xFF) & ((kinds < 0xD0) | (kinds > 0xD7))]
    end = int(ends[0]) if len(ends) else len(data)
    cuts = marks[(kinds >= 0xD0) & (kinds <= 0xD7) & (marks < end)]
    stuffed = np.zeros(len(data), bool)
    stuffed[marks[kinds == 0] + 1] = True
    starts, stops = [0, *(cuts + 2)], [*cuts, end]
    return [data[a:b][~stuffed[a:b]] for a, b in zip(starts, stops, strict=True)]


def _differences(
    data: np.ndarray, lengths: np.ndarray, sizes: np.ndarray, count: int
) -> np.ndarray:
    """`count` differences, int32 (count,). Every bit is decoded as if a code began there; one
    walk from code to code then finds the real beginnings."""
    steps = lengths + np.where(sizes == 16, 0, sizes)  # 16: the difference is 32768, without bits
    steps[lengths == 0] = 1  # no code begins so: refused in `_values`
    padded = np.concatenate([data, np.zeros(8, np.uint8)]).astype(np.uint64)
    pieces, got, position = [], 0, 0
    for block in range(0, len(data), _BLOCK):
        size = min(_BLOCK, len(data) - block)
        forty = _forty_bits(padded[block : block + size + 4])
        peeked = np.empty((size, 8), np.uint16)
        for bit in range(8):
            peeked[:, bit] = (forty >> np.uint64(24 - bit)) & np.uint64(0xFFFF)
        next_up = peeked.reshape(-1)
        places = _walk(steps[next_up].tobytes(), position - 8 * block, count - got)
        position = 8 * block + places.pop()
        pieces.append(_values(forty, next_up, np.array(places, np.int64), lengths, sizes))
        got += len(places)
        if got == count:
            break
    if got < count or position > 8 * len(data):
        raise _short()
    return np.concatenate(pieces)


def _forty_bits(padded: np.ndarray) -> np.ndarray:
    """Each byte and the four behind it as one number; the last four have none of their own."""
    forty = padded[:-4] << np.uint64(32)
    for behind in range(1, 5):
        forty |= padded[behind : len(padded) - 4 + behind] << np.uint64(32 - 8 * behind)
    return np.asarray(forty)


def _walk(steps: bytes, at: int, most: int) -> list[int]:
    """Where codes begin, and at the end where the next one does."""
    places: list[int] = []
    end = len(steps)
    while at < end and len(places) < most:
        places.append(at)
        at += steps[at]
    return [*places, at]


def _values(
    forty: np.ndarray,
    peeked: np.ndarray,
    places: np.ndarray,
    lengths: np.ndarray,
    sizes: np.ndarray,
) -> np.ndarray:
    """The differences that begin at these bits (table H.2)."""
    codes = peeked[places]
    if not lengths[codes].all():
        raise _damaged("a code that is none")
    size = sizes[codes].astype(np.int64)
    held = np.where(size == 16, 0, size)
    behind = 40 - (places & 7) - lengths[codes] - held
    bits = (forty[places >> 3].astype(np.int64) >> behind) & ((1 << held) - 1)
    negative = bits < (1 << np.maximum(held, 1)) >> 1
    values = np.where(negative & (held > 0), bits - (1 << held) + 1, bits)
    return np.where(size == 16, 32768, values).astype(np.int32)


def _undo_prediction(differences: np.ndarray, header: _Header, samples: np.ndarray) -> None:
    """Differences (rows, columns) into samples (table H.1); all is modulo 65,536.

    The first row is predicted from the left, the first column from above.
    """
    differences[0, 0] += 1 << (header.precision - header.shift - 1)
    if header.predictor == 1:
        differences[:, 0] = np.cumsum(differences[:, 0])
        samples[:] = np.cumsum(differences, axis=1, dtype=np.int64) & 0xFFFF
        return
    above = np.cumsum(differences[0], dtype=np.int64) & 0xFFFF
    samples[0] = above
    for row in range(1, len(differences)):
        above = _next_row(differences[row].astype(np.int64), above, header.predictor) & 0xFFFF
        samples[row] = above


def _next_row(row: np.ndarray, above: np.ndarray, predictor: int) -> np.ndarray:
    if predictor == 2:
        return np.asarray(row + above)
    if predictor == 3:
        return np.asarray(row + np.concatenate([above[:1], above[:-1]]))
    if predictor in (4, 5):
        slope = np.diff(above) >> (predictor - 4)
        row[0] += above[0]
        row[1:] += slope
        return np.cumsum(row)
    values = [int(row[0] + above[0]) & 0xFFFF]
    for difference, up, corner in zip(
        row[1:].tolist(), above[1:].tolist(), above[:-1].tolist(), strict=True
    ):
        left = values[-1]
        guess = up + ((left - corner) >> 1) if predictor == 6 else (left + up) >> 1
        values.append((difference + guess) & 0xFFFF)
    return np.array(values)


def _damaged(what: str) -> DecodeError:
    return DecodeError(Code.UNREADABLE, f"damaged lossless JPEG ({what})")


def _short() -> DecodeError:
    return DecodeError(Code.TRUNCATED, "its compressed pixels stop early; copy it again")
