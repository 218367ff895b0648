"""Files that are whole, but of a kind that is not read: what they are, and how to convert them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import jpeg_ls
import numpy as np
import pytest

from bad_files import half, image
from deep_pictures import any_tiff
from jpegs import encode
from radistill.imaging import DecodeError, decode

GREY = (np.add.outer(np.arange(60), np.arange(80)) % 251).astype(np.uint8)
DEEP = GREY.astype(np.uint16) * 16


def jpeg_of_12_bits() -> bytes:
    codecs = pytest.importorskip("imagecodecs")
    return bytes(codecs.jpeg8_encode(DEEP, bitspersample=12))


def lerc_in_tiff() -> bytes:
    codecs = pytest.importorskip("imagecodecs")
    packed = np.frombuffer(codecs.lerc_encode(GREY), np.uint8)
    file = bytearray(any_tiff(packed[None], compression=34887))
    for tag, value in ((256, 80), (257, 60), (278, 60)):
        at = file.index(tag.to_bytes(2, "little") + b"\x03\0\1\0\0\0", 8 + len(packed))
        file[at + 8 : at + 10] = value.to_bytes(2, "little")
    return bytes(file)


KINDS = {
    "JPEG-LS": lambda: jpeg_ls.encode(DEEP).tobytes(),
    "lossless JPEG": lambda: encode(DEEP),
    "JPEG of 12 bits": jpeg_of_12_bits,
    "TIFF with LERC compression": lerc_in_tiff,
    "TIFF with JPEG 2000 compression": lambda: any_tiff(GREY, compression=34712),
    "TIFF with JPEG XL compression": lambda: any_tiff(GREY, compression=50002),
    "TIFF with JBIG compression": lambda: any_tiff(GREY, compression=34661),
    "TIFF of 24 bits": lambda: any_tiff(np.zeros((9, 27), np.uint8), bits=24),
    "TIFF of 64 bits": lambda: any_tiff(DEEP.astype(np.int64)),
    "TIFF of 2 samples of 16 bits": lambda: any_tiff(np.dstack([DEEP, DEEP]), photometric=1),
}


@pytest.mark.parametrize("name", KINDS)
def test_it_is_named_and_not_called_damaged(name: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(KINDS[name]())
    assert caught.value.code == "unsupported"
    assert caught.value.reason.startswith(f"{name}, which is not read; convert it to PNG")


@pytest.mark.parametrize("name", ["JPEG of 12 bits", "TIFF with LERC compression"])
def test_what_is_cut_is_not_intact(name: str) -> None:
    with pytest.raises(DecodeError) as caught:
        decode(half(KINDS[name]()))
    assert caught.value.code in ("truncated", "unreadable")


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("JPEG-LS", DEEP),
        ("lossless JPEG", DEEP),
        ("JPEG of 12 bits", DEEP),
        ("TIFF with LERC compression", GREY),
    ],
)
def test_the_way_out_works(name: str, wanted: np.ndarray, tmp_path: Path) -> None:
    """The command of docs/intake.md."""
    pytest.importorskip("imagecodecs")
    (tmp_path / "film").write_bytes(KINDS[name]())
    text = (Path(__file__).resolve().parents[2] / "docs" / "intake.md").read_text("utf-8")
    command = next(line for line in text.splitlines() if "import sys, imagecodecs" in line)
    code = command.split('"')[1]
    subprocess.run([sys.executable, "-c", code, "film", "film.png"], cwd=tmp_path, check=True)
    got = decode(tmp_path / "film.png")
    assert got.shape == wanted.shape
    assert np.abs(got.astype(int) - wanted).max() <= 16 * ("12" in name)


def test_an_ordinary_jpeg_that_is_damaged_is_still_damaged() -> None:
    with pytest.raises(DecodeError) as caught:
        decode(image("JPEG")[:3])
    assert caught.value.code == "unreadable"
