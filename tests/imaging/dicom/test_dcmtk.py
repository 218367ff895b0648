"""The same pixels as dcmtk, whose tools encode here and render what we decode."""

from __future__ import annotations

import shutil
import subprocess
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from dicoms import RAMP, dicom, lut, shipped_path
from radistill.imaging import decode

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, ("dcm2pnm", "dcmcjpeg", "dcmcjpls"))), reason="dcmtk is not installed"
)
FILMS = ["RG1_UNCR.dcm", "RG1_UNCI.dcm", "RG3_UNCR.dcm", "RG3_UNCI.dcm"]
SIGNED = (np.arange(4096, dtype=np.int16) - 2048).reshape(64, 64)
WINDOW: dict[str, Any] = {"WindowCenter": 2000, "WindowWidth": 3001}


def tool(*arguments: object) -> bytes:
    done = subprocess.run([*map(str, arguments)], capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    return done.stdout


def rendered(path: Path, *options: str) -> np.ndarray:
    """What dcmtk shows: the first window, overlays off."""
    program = {"jpeg": "dcmj2pnm", "jpls": "dcml2pnm"}.get(path.suffix[1:], "dcm2pnm")
    picture = tool(program, "-q", "-O", *(options or ("+Wi", "1")), "+op", path)
    return np.asarray(Image.open(BytesIO(picture)))


def assert_same(path: Path, *options: str) -> None:
    assert np.array_equal(decode(path), rendered(path, *options))


@pytest.fixture
def write(tmp_path: Path) -> Any:
    def write(pixels: np.ndarray = RAMP, **changes: Any) -> Path:
        path = tmp_path / "film.dcm"
        path.write_bytes(dicom(pixels, **changes))
        return path

    return write


@pytest.mark.parametrize("name", FILMS)
def test_radiographs_of_pydicom_data(name: str) -> None:
    assert_same(shipped_path(name))


def test_voi_lut_of_pydicom_data() -> None:
    assert_same(shipped_path("vlut_04.dcm"), "+Wl", "1")


ENCODERS = {
    "RLE": ("dcmcrle",),
    "deflated": ("dcmconv", "+td"),
    "big endian": ("dcmconv", "+tb"),
    "implicit": ("dcmconv", "+ti"),
    "JPEG lossless SV1": ("dcmcjpeg", "+e1"),
    **{f"JPEG lossless, predictor {n}": ("dcmcjpeg", "+el", "+sv", str(n)) for n in range(1, 8)},
    "JPEG-LS": ("dcmcjpls", "+el"),
    "JPEG-LS near lossless": ("dcmcjpls", "+en", "+md", "3"),
}


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("pixels", [RAMP, SIGNED], ids=["unsigned", "signed"])
def test_syntaxes(encoder: str, pixels: np.ndarray, write: Any, tmp_path: Path) -> None:
    if "near" in encoder and pixels is SIGNED:
        pytest.skip("dcmtk writes no signed near lossless JPEG-LS")
    kind = {"dcmcjpeg": "jpeg", "dcmcjpls": "jpls"}.get(ENCODERS[encoder][0], "dcm")
    encoded = tmp_path / f"encoded.{kind}"
    noise = np.random.default_rng(0).permutation(pixels.ravel()).reshape(64, 64)
    noise[:32] = pixels[:32]
    stored = {"BitsStored": 12, "HighBit": 11} if pixels is RAMP else {}
    tool(*ENCODERS[encoder], write(noise, **WINDOW, **stored), encoded)
    assert_same(encoded)
    if "near" not in encoder:
        assert np.array_equal(decode(encoded), decode(tmp_path / "film.dcm"))


def test_jpeg_baseline(write: Any, tmp_path: Path) -> None:
    smooth = np.add.outer(np.arange(64), np.arange(48)).astype(np.uint8)
    tool("dcmcjpeg", "+eb", write(smooth, WindowCenter=128, WindowWidth=256), tmp_path / "a.jpeg")
    assert_same(tmp_path / "a.jpeg")


@pytest.mark.parametrize("predictor", ["1", "4"])
def test_a_whole_film_of_lossless_jpeg(predictor: str, tmp_path: Path) -> None:
    film = shipped_path("RG3_UNCR.dcm")
    tool("dcmcjpeg", "+el", "+sv", predictor, film, tmp_path / "film.jpeg")
    assert np.array_equal(decode(tmp_path / "film.jpeg"), decode(film))


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("shape", [None, "INVERSE"])
@pytest.mark.parametrize("function", ["LINEAR", "SIGMOID"])
def test_windows(photometric: str, shape: str | None, function: str, write: Any) -> None:
    chain = {"PhotometricInterpretation": photometric, "PresentationLUTShape": shape}
    assert_same(write(**WINDOW, **chain, VOILUTFunction=function))


@pytest.mark.parametrize(
    "changes",
    [
        {"RescaleSlope": -1, "RescaleIntercept": 4095},
        {"RescaleSlope": 3, "RescaleIntercept": -1024},
        {"BitsStored": 10, "HighBit": 9, "WindowCenter": 500, "WindowWidth": 400},
        {"BitsStored": 12, "HighBit": 15},
        {"WindowCenter": 77, "WindowWidth": 1},
    ],
    ids=["falling slope", "slope", "overlay bits", "upper bits", "width 1"],
)
def test_values(changes: dict[str, Any], write: Any) -> None:
    assert_same(write(RAMP.copy() * 16 if "HighBit" in changes else RAMP, **(WINDOW | changes)))


@pytest.mark.parametrize("bits", [8, 10, 12, 16])
def test_tables(bits: int, write: Any) -> None:
    entries = (np.linspace(0, 1, 3000) ** 2 * (2**bits - 1)).astype(np.uint16)
    assert_same(write(VOILUTSequence=[lut(100, bits, entries)]), "+Wl", "1")
    window = {"WindowCenter": 2 ** (bits - 1), "WindowWidth": 2**bits}
    assert_same(write(ModalityLUTSequence=[lut(100, bits, entries)], **window))
