"""The engine in the browser against the Python runtime: pixels, codes, decisions."""

from __future__ import annotations

import base64
import io
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jpeg_ls
import numpy as np
import pytest
from PIL import Image
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    JPEGLSLossless,
    RLELossless,
)

import static_page
from bad_files import BAD, ODD, chunk, compressed, image
from chromium import context as new_context
from chromium import launched, need_npm_parts
from deep_pictures import any_tiff, deep_png
from dicoms import AGES, STEPS, UNREADABLE_AGES, dataset, dicom, lut, shipped_path, without_head
from jpegs import encode, jpeg_2000
from radistill.imaging import DecodeError, Limits, read_picture, to_square
from radistill.page import static_site
from radistill.phantoms import generate
from radistill.phantoms.cohort import plan
from radistill.phantoms.generate import film as phantom
from radistill.runtime import Failure, Predictor
from radistill.runtime.decision import REASONS

from .sure_films import sure

Y, X = np.mgrid[0:301, 0:211]
NOISE = np.random.default_rng(1)
GREY = ((np.sin(Y / 17) + np.cos(X / 13) + 2) * 60 + NOISE.normal(0, 6, Y.shape)).clip(0, 255)
GREY = GREY.astype(np.uint8)
DEEP = (GREY.astype(np.uint16) * 16 + NOISE.integers(0, 16, Y.shape)).astype(np.uint16)
COLOUR = np.dstack([GREY, np.roll(GREY, 9, 1), 255 - GREY])
CLOSE = 0.01  # of probability; most films agree to six digits
MAX_BYTES = 32 * 2**20

PIXELS = """async (content) => {
  const { readPicture } = await import(new URL("engine/decode.js", location.href));
  const { Limits } = await import(new URL("engine/refusal.js", location.href));
  const bytes = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  const { grey, width, height, tags } = await readPicture(bytes, new Limits());
  const flat = new Uint8Array(grey.buffer, grey.byteOffset, grey.byteLength);
  let text = "";
  for (let i = 0; i < flat.length; i += 8192) {
    text += String.fromCharCode(...flat.subarray(i, i + 8192));
  }
  return { width, height, tags, deep: grey instanceof Uint16Array, grey: btoa(text) };
}"""
RESIZE = """async ([content, width, height, side]) => {
  const { resize } = await import(new URL("engine/resample.js", location.href));
  const grey = Uint8Array.from(atob(content), (letter) => letter.charCodeAt(0));
  return [...resize(grey, width, height, side, side)];
}"""


@pytest.fixture(scope="module")
def tab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A browser at the static page, with the bundle that ships."""
    need_npm_parts()
    out = tmp_path_factory.mktemp("parity") / "page"
    static_site.write_page(out)
    with launched() as chrome, static_page.served(out) as url:
        yield static_page.bare(new_context(chrome).new_page(), url)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load(threads=1)


def text(content: bytes) -> str:
    return base64.b64encode(content).decode()


# Pixels.


def turned(how: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x112] = how
    return exif


def mode(name: str, kind: str) -> bytes:
    file = io.BytesIO()
    Image.fromarray(COLOUR).convert(name).save(file, kind)
    return file.getvalue()


ADAM7 = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)


def interlaced(depth: int) -> bytes:
    """A grey PNG in seven passes, which Pillow reads but does not write; filter: up."""
    samples = DEEP if depth == 16 else GREY >> (8 - depth)
    rows = b""
    for x, y, dx, dy in ADAM7:
        part = samples[y::dy, x::dx]
        if depth == 16:
            packed = part.astype(">u2").view(np.uint8).reshape(len(part), -1)
        else:
            bits = np.unpackbits(part[..., None], axis=2)[..., 8 - depth :]
            packed = np.packbits(bits.reshape(len(part), -1), axis=1)
        up = packed - np.vstack([np.zeros_like(packed[:1]), packed[:-1]])
        rows += np.hstack([np.full((len(up), 1), 2, np.uint8), up]).tobytes()
    height, width = samples.shape
    header = struct.pack(">IIBBBBB", width, height, depth, 0, 0, 0, 1)
    parts = ((b"IHDR", header), (b"IDAT", zlib.compress(rows)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


def raw_png(header: bytes, *parts: bytes) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(parts) + chunk(b"IEND", b"")


def with_hidden(depth: int, colours: int, at: tuple[int, int] = (9, 9)) -> bytes:
    """A PNG without alpha that calls the grey or colour of one pixel transparent (tRNS)."""
    samples = np.dstack([DEEP >> 4, DEEP % 251, DEEP >> 5][:colours]).astype(np.uint16)
    samples = samples * 257 if depth == 16 else samples >> (8 - depth)
    hidden = struct.pack(f">{colours}H", *samples[at].tolist())
    if depth >= 8:
        packed = samples.astype(f">u{depth // 8}").reshape(len(samples), -1).view(np.uint8)
    else:
        bits = np.unpackbits(samples.astype(np.uint8), axis=2)[..., 8 - depth :]
        packed = np.packbits(bits.reshape(len(bits), -1), axis=1)
    rows = np.hstack([np.zeros((len(packed), 1), np.uint8), packed]).tobytes()
    height, width = samples.shape[:2]
    header = struct.pack(">IIBBBBB", width, height, depth, 0 if colours == 1 else 2, 0, 0, 0)
    return raw_png(header, chunk(b"tRNS", hidden), chunk(b"IDAT", zlib.compress(rows)))


def in_small_parts(*sizes: int) -> bytes:
    """A PNG whose rows come in chunks of these lengths, and the rest."""
    whole = image("PNG", GREY)
    at = whole.index(b"IDAT")
    length = int.from_bytes(whole[at - 4 : at])
    rows, parts = whole[at + 4 : at + 4 + length], []
    for size in sizes:
        parts.append(rows[:size])
        rows = rows[size:]
    return raw_png(whole[16:29], *(chunk(b"IDAT", part) for part in (*parts, rows)))


def with_text(name: bytes, body: bytes) -> bytes:
    """A PNG with one more chunk before its pixels."""
    whole = image("PNG", GREY)
    return whole[:33] + chunk(name, body) + whole[33:]


XMP = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:Description tiff:Orientation="6"/></x:xmpmeta>'
EXIF = turned(6).tobytes()
PROFILE = b"\nexif\n      %d\n%s\n" % (len(EXIF), EXIF.hex().encode())


def webp_with_exif(prefix: bytes) -> bytes:
    content = image("WEBP", COLOUR, lossless=True, exif=turned(6))
    body = prefix + EXIF.removeprefix(b"Exif\0\0")
    at = content.index(b"EXIF")
    content = content[: at + 4] + struct.pack("<I", len(body)) + body + bytes(len(body) % 2)
    return content[:4] + struct.pack("<I", len(content) - 8) + content[8:]


def saved(picture: Image.Image, **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, "TIFF", **options)
    return file.getvalue()


def run_lengths() -> bytes:
    """A BMP of eight bits a pixel, each row a run of its own grey."""
    side = 64
    rows = b"".join(bytes([side, y, 0, 0]) for y in range(side)) + b"\0\1"
    palette = b"".join(bytes([v, v, v, 0]) for v in range(256))
    start = 54 + len(palette)
    head = struct.pack("<IiiHHIIiiII", 40, side, side, 1, 8, 1, len(rows), 0, 0, 256, 0)
    return b"BM" + struct.pack("<IHHI", start + len(rows), 0, 0, start) + head + palette + rows


CLEAR = np.where(X < 90, 4095, 0).astype(np.uint16)
TWELVE_OF_16: dict[str, Callable[[np.ndarray], bytes]] = {
    "RGB PNG": lambda grey: deep_png(np.dstack([grey, grey // 2, grey])),
    "RGBA PNG": lambda grey: deep_png(np.dstack([grey, grey, grey, CLEAR])),
    "LA PNG": lambda grey: deep_png(np.dstack([grey, CLEAR << 4 | 15])),
    "RGB TIFF": lambda grey: any_tiff(np.dstack([grey, grey // 2, grey]), compression=8),
    "RGBA TIFF": lambda grey: any_tiff(np.dstack([grey, grey, grey, CLEAR]), extra=2),
    "RGBX TIFF": lambda grey: any_tiff(np.dstack([grey, grey, grey, CLEAR]), ">", extra=0),
    "white-is-zero TIFF": lambda grey: any_tiff(grey, photometric=0),
}


def hot(grey: np.ndarray) -> np.ndarray:
    changed = grey.copy()
    changed[9, 9] = 65535
    return changed


TWELVE = {"BitsStored": 12, "HighBit": 11}
CURVE = lut(100, 12, np.sqrt(np.arange(4096)) * 64)

SAME: dict[str, Callable[[], bytes]] = {
    "JPEG": lambda: image("JPEG", GREY, quality=80),
    "JPEG, progressive": lambda: image("JPEG", GREY, progressive=True),
    "JPEG, grey in colour": lambda: image("JPEG", np.dstack([GREY] * 3)),
    **{
        f"JPEG, orientation {how}": lambda how=how: image("JPEG", GREY, exif=turned(how))
        for how in range(2, 9)
    },
    "PNG": lambda: image("PNG", GREY),
    "PNG, 16 bits": lambda: image("PNG", DEEP),
    "PNG, colour": lambda: image("PNG", COLOUR),
    "PNG, palette": lambda: mode("P", "PNG"),
    "PNG, 1 bit": lambda: mode("1", "PNG"),
    **{
        f"PNG, interlaced, {depth} bits": lambda depth=depth: interlaced(depth)
        for depth in (1, 2, 4, 8, 16)
    },
    "PNG, turned": lambda: image("PNG", GREY, exif=turned(6)),
    **{
        f"TIFF, {name}, {pixels.dtype} {pixels.ndim}": lambda name=name, pixels=pixels: image(
            "TIFF", pixels, compression=name
        )
        for name in ("raw", "tiff_lzw", "tiff_adobe_deflate", "packbits")
        for pixels in (GREY, DEEP, COLOUR)
    },
    "TIFF, 32 bits within 16": lambda: image("TIFF", DEEP.astype(np.int32)),
    "TIFF, palette": lambda: mode("P", "TIFF"),
    "BMP": lambda: image("BMP", GREY),
    "BMP, colour": lambda: image("BMP", COLOUR),
    "WebP": lambda: image("WEBP", COLOUR, lossless=True),
    "WebP, turned": lambda: image("WEBP", COLOUR, lossless=True, exif=turned(6)),
    **{
        f"DICOM, {syntax.name}": lambda syntax=syntax: dicom(DEEP, syntax, **TWELVE)
        for syntax in (
            ImplicitVRLittleEndian,
            ExplicitVRBigEndian,
            DeflatedExplicitVRLittleEndian,
            RLELossless,
            JPEG2000Lossless,
        )
    },
    "DICOM, JPEG": lambda: dicom(GREY, JPEGBaseline8Bit),
    "DICOM, 8 bits": lambda: dicom(GREY),
    "DICOM without a head": lambda: without_head(dicom(DEEP, **TWELVE)),
    "DICOM, MONOCHROME1": lambda: dicom(DEEP, PhotometricInterpretation="MONOCHROME1", **TWELVE),
    "DICOM, inverse": lambda: dicom(DEEP, PresentationLUTShape="INVERSE", **TWELVE),
    "DICOM, windows": lambda: dicom(DEEP, WindowCenter=[9, 900], WindowWidth=[0, 700], **TWELVE),
    "DICOM, exact": lambda: dicom(
        DEEP, WindowCenter=1900.5, WindowWidth=800.25, VOILUTFunction="LINEAR_EXACT", **TWELVE
    ),
    "DICOM, sigmoid": lambda: dicom(
        DEEP, WindowCenter=1900, WindowWidth=800, VOILUTFunction="SIGMOID", **TWELVE
    ),
    "DICOM, slope": lambda: dicom(
        DEEP, RescaleSlope="-0.37", RescaleIntercept="921.5", WindowCenter=600, WindowWidth=700
    ),
    "DICOM, padding": lambda: dicom(
        DEEP, PixelPaddingValue=300, PixelPaddingRangeLimit=900, **TWELVE
    ),
    "DICOM, VOI LUT": lambda: dicom(DEEP, VOILUTSequence=[CURVE], **TWELVE),
    "DICOM, VOI LUT, implicit": lambda: dicom(
        DEEP, ImplicitVRLittleEndian, VOILUTSequence=[CURVE], **TWELVE
    ),
    "DICOM, modality LUT": lambda: dicom(DEEP, ModalityLUTSequence=[CURVE], **TWELVE),
    "DICOM, signed": lambda: dicom(DEEP, PixelRepresentation=1, PixelPaddingValue=-2000, **TWELVE),
    "DICOM, other bits": lambda: dicom(DEEP << 3 | 5, BitsStored=12, HighBit=14),
    "DICOM, age": lambda: dicom(DEEP, PatientAge="018M", BodyPartExamined="CHEST", **TWELVE),
    "DICOM, dates": lambda: dicom(DEEP, PatientBirthDate="20200229", StudyDate="20231101"),
    **{f"{name} of 12 bits": lambda make=make: make(DEEP) for name, make in TWELVE_OF_16.items()},
    **{
        f"{name} of 16 bits": lambda make=make: make(DEEP << 4)
        for name, make in TWELVE_OF_16.items()
    },
    "PNG with a hot pixel": lambda: deep_png(hot(DEEP)),
    "TIFF with a hot pixel": lambda: any_tiff(hot(DEEP), photometric=0),
    "colour PNG with a hot pixel": lambda: deep_png(np.dstack([hot(DEEP)] * 3)),
    "TIFF of 12 bits that uses 10": lambda: any_tiff(DEEP >> 2, max_sample=4095),
    "TIFF, bright, white is zero": lambda: any_tiff(4095 - DEEP // 8, photometric=0),
    "TIFF, big-endian, white is zero": lambda: any_tiff(DEEP, ">", photometric=0),
    "TIFF, 12 bits without gaps": lambda: any_tiff(
        GREY[:, :210], "<", bits=12, width=140, photometric=0
    ),
    **{
        f"PNG of {depth} bits with a transparent {'grey' if colours == 1 else 'colour'}": (
            lambda depth=depth, colours=colours: with_hidden(depth, colours)
        )
        for depth, colours in ((1, 1), (2, 1), (4, 1), (8, 1), (16, 1), (8, 3), (16, 3))
    },
    "PNG, half transparent": lambda: image("PNG", np.dstack([COLOUR, np.roll(GREY, 5, 0)])),
    "PNG in chunks of a byte": lambda: in_small_parts(*[1] * 9),
    "PNG in chunks of none and more": lambda: in_small_parts(0, 1, 0, 70, 0),
    "PNG turned by XMP": lambda: with_text(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + XMP),
    "PNG turned by ImageMagick": lambda: with_text(
        b"zTXt", b"Raw profile type exif\0\0" + zlib.compress(PROFILE)
    ),
    "PNG turned by ImageMagick, plain": lambda: with_text(
        b"tEXt", b"Raw profile type exif\0" + PROFILE
    ),
    "JPEG turned by XMP": lambda: image("JPEG", GREY, xmp=XMP),
    "WebP turned by XMP": lambda: image("WEBP", COLOUR, lossless=True, xmp=XMP),
    "WebP, EXIF as in JPEG": lambda: webp_with_exif(b"Exif\0\0"),
    "WebP, EXIF alone": lambda: webp_with_exif(b""),
    "TIFF, signed": lambda: any_tiff(DEEP.astype(np.int16)),
    "TIFF, signed 8 bits": lambda: any_tiff((DEEP >> 5).astype(np.int8)),
    "DICOM, Monochrome2": lambda: dicom(DEEP, PhotometricInterpretation="Monochrome2", **TWELVE),
    "DICOM, empty VOI LUT": lambda: dicom(DEEP, VOILUTSequence=[dataset(), CURVE], **TWELVE),
    "DICOM, no VOI LUT": lambda: dicom(DEEP, VOILUTSequence=[dataset()], **TWELVE),
    "DICOM, 8 bits in JPEG": lambda: compressed(
        JPEGBaseline8Bit, image("JPEG", GREY), GREY, BitsAllocated=16, BitsStored=12, HighBit=11
    ),
    "DICOM, JPEG 2000 of open length": lambda: compressed(
        JPEG2000Lossless, jpeg_2000(DEEP, open_end=True) + bytes(3), DEEP, **TWELVE
    ),
    "DICOM, JPEG-LS with zeros": lambda: compressed(
        JPEGLSLossless, jpeg_ls.encode(DEEP).tobytes()[:-2] + b"\0\0\xff\xd9", DEEP, **TWELVE
    ),
    "DICOM, JPEG 2000 that is deeper": lambda: compressed(
        JPEG2000Lossless, jpeg_2000(DEEP << 4), DEEP, **TWELVE
    ),
    "DICOM, JPEG 2000 that is signed": lambda: compressed(
        JPEG2000Lossless, jpeg_2000(DEEP << 4, signed=True), DEEP
    ),
    "DICOM, JPEG-LS that is deeper": lambda: compressed(
        JPEGLSLossless, jpeg_ls.encode(DEEP << 4).tobytes(), DEEP, **TWELVE
    ),
    "DICOM, lossless JPEG that is deeper": lambda: compressed(
        JPEGLosslessSV1, encode(DEEP[:80, :60] << 4), DEEP[:80, :60], **TWELVE
    ),
    "DICOM, JPEG-LS in name only": lambda: compressed(JPEGLSLossless, jpeg_2000(DEEP), DEEP),
    **{
        name: lambda name=name: shipped_path(name).read_bytes()
        for name in ("RG1_UNCR.dcm", "RG3_J2KI.dcm", "JPEGLSNearLossless_16.dcm")
    },
}


@pytest.mark.parametrize("name", SAME)
def test_the_same_pixels_and_tags(tab: Any, name: str) -> None:
    """Bit for bit, and of the same depth."""
    content = SAME[name]()
    wanted = read_picture(content, Limits())
    got = tab.evaluate(PIXELS, text(content))
    depth = np.uint16 if got["deep"] else np.uint8
    grey = np.frombuffer(base64.b64decode(got["grey"]), depth)
    np.testing.assert_array_equal(grey.reshape(got["height"], got["width"]), wanted.grey)
    assert grey.dtype == wanted.grey.dtype
    assert got["tags"] == dict(wanted.tags)


def test_the_same_ages(tab: Any) -> None:
    for elements in (*(elements for elements, _ in AGES), *UNREADABLE_AGES):
        content = dicom(STEPS, **elements)
        got = tab.evaluate(PIXELS, text(content))["tags"]
        assert got == dict(read_picture(content, Limits()).tags), elements


def test_colour_is_close(tab: Any) -> None:
    """Pillow takes a JPEG's luma as it lies, the page from red, green and blue."""
    content = image("JPEG", COLOUR)
    got = np.frombuffer(base64.b64decode(tab.evaluate(PIXELS, text(content))["grey"]), np.uint8)
    wanted = read_picture(content, Limits()).grey
    difference = np.abs(got.reshape(wanted.shape).astype(int) - wanted)
    assert difference.mean() < 0.01
    assert difference.max() <= 4


@pytest.mark.parametrize("quality", [60, 95])
def test_ycbcr_jpeg_in_tiff_is_close(tab: Any, quality: int) -> None:
    """Both from luma; the decoders round on their own."""
    picture = Image.fromarray(COLOUR).convert("YCbCr")
    content = saved(picture, compression="jpeg", quality=quality)
    got = np.frombuffer(base64.b64decode(tab.evaluate(PIXELS, text(content))["grey"]), np.uint8)
    difference = np.abs(got.reshape(GREY.shape).astype(int) - read_picture(content, Limits()).grey)
    assert difference.mean() < 0.3
    assert difference.max() <= 12


UNREAD: dict[str, Callable[[], bytes]] = {
    "TIFF, fax": lambda: saved(Image.fromarray(GREY).convert("1"), compression="group3"),
    "TIFF, fax, group 4": lambda: saved(Image.fromarray(GREY).convert("1"), compression="group4"),
    "TIFF, LZMA": lambda: saved(Image.fromarray(GREY), compression="lzma"),
    "TIFF, YCbCr": lambda: saved(Image.fromarray(COLOUR).convert("YCbCr"), compression="tiff_lzw"),
    "TIFF, reversed bits": lambda: any_tiff(GREY, fill_order=2),
    "BMP, run lengths": run_lengths,
}


@pytest.mark.parametrize("name", UNREAD)
def test_what_the_page_cannot_read_neither_reads(tab: Any, name: str) -> None:
    content = UNREAD[name]()
    with pytest.raises(DecodeError) as refused:
        read_picture(content, Limits())
    (record,) = static_page.predict(tab, {"film": content}, max_bytes=MAX_BYTES)
    assert record["error"]["code"] == refused.value.code == "unsupported"
    assert "which is not read; convert it to PNG" in record["error"]["message"]


@pytest.mark.parametrize("side", [16, 48])
@pytest.mark.parametrize(
    "shape", [(301, 211), (48, 48), (20, 500), (1, 1), (33, 47), (900, 150), (300, 299)]
)
def test_the_same_squares(tab: Any, shape: tuple[int, int], side: int) -> None:
    grey = np.random.default_rng(0).integers(0, 256, shape, np.uint8)
    got = tab.evaluate(RESIZE, [text(grey.tobytes()), shape[1], shape[0], side])
    np.testing.assert_array_equal(np.reshape(got, (side, side)), to_square(grey, side))


# Codes.


def test_bad_files_have_the_same_codes(tab: Any) -> None:
    files = {name: make() for name, (_, make) in BAD.items()}
    wanted = {name: code for name, (code, _) in BAD.items()}
    got = {
        record["path"]: record.get("error", {}).get("code", "read")
        for record in static_page.predict(tab, files, max_bytes=MAX_BYTES)
    }
    assert got == wanted


def test_kinds_that_are_not_read_are_named_alike(tab: Any) -> None:
    files = {
        "JPEG-LS": jpeg_ls.encode(DEEP).tobytes(),
        "lossless JPEG": encode(DEEP[:60, :50]),
        "TIFF with LERC compression": any_tiff(GREY, compression=34887),
        "JPEG of 12 bits": image("JPEG").replace(b"\xff\xc0\0\x0b\x08", b"\xff\xc1\0\x0b\x0c"),
    }
    for record in static_page.predict(tab, files):
        with pytest.raises(DecodeError) as caught:
            read_picture(files[record["path"]], Limits())
        assert record["error"]["code"] == caught.value.code == "unsupported"
        assert record["error"]["message"] == caught.value.reason
        assert caught.value.reason.startswith(record["path"])


def test_odd_files_are_read(tab: Any) -> None:
    records = static_page.predict(tab, {name: make() for name, make in ODD.items()})
    assert not [record for record in records if "error" in record]


# Decisions.


def compare(
    tab: Any, predictor: Predictor, films: dict[str, bytes], folder: Path, **options: Any
) -> None:
    """The probabilities of the page and of Python must be close, all else equal."""
    names = {"threshold": "threshold", "band": "band", "any_population": "anyPopulation"}
    sent = {names[key]: value for key, value in options.items()}
    got = static_page.predict(tab, films, sent)
    paths = [folder / f"{i}" for i in range(len(films))]
    for path, content in zip(paths, films.values(), strict=True):
        path.write_bytes(content)
    for page, result in zip(got, predictor.predict(paths, workers=1, **options), strict=True):
        assert not isinstance(result, Failure), result
        python = result.record()
        assert abs(page["probability"] - python["probability"]) < CLOSE
        for key in ("label", "decision", "reasons", "threshold", "sha256", "model"):
            assert page[key] == python[key], (page["path"], key)


def test_phantoms_get_the_same_answers(tab: Any, predictor: Predictor, tmp_path: Path) -> None:
    generate(tmp_path / "phantoms", 60, 0, size=96)
    paths = sorted((tmp_path / "phantoms").glob("t*/*/*"))
    chosen = sure(paths, [0.2, 0.5, 0.8])  # a threshold, and the ends of a band of 0.3
    films = {name: Path(film.path).read_bytes() for name, film in [*chosen.items()][:20]}
    assert len(films) == 20
    compare(tab, predictor, films, tmp_path)
    compare(tab, predictor, films, tmp_path, threshold=0.5, band=0.3)


def test_abstains_for_the_same_reasons(tab: Any, predictor: Predictor, tmp_path: Path) -> None:
    """Pictures that are no films, films that lie or are cut, and DICOM of other people."""
    adult = read_picture(shipped_path("RG1_UNCR.dcm").read_bytes(), Limits()).grey[::4, ::4]
    film, _ = phantom(plan(80, seed=0)[0], seed=0)
    cut = film.copy()
    cut[:, : cut.shape[1] // 2] = 0
    films = {
        "photo": image("JPEG", COLOUR),
        "noise": image("PNG", NOISE.integers(0, 256, (90, 90), dtype=np.uint8)),
        "blank": image("PNG", np.full((90, 90), 77, np.uint8)),
        "tiny": image("PNG", film[::12, ::12]),
        "film": image("PNG", film),
        "inverted": image("PNG", 255 - film),
        "on its head": image("PNG", film[::-1]),
        "on its side": image("PNG", np.rot90(film)),
        "cut": image("PNG", cut),
        "adult": dicom(adult, PatientAge="061Y", ViewPosition="PA", BodyPartExamined="CHEST"),
        "ageless": dicom(adult, PatientAge="old"),
        "hand": dicom(adult, PatientAge="004Y", ViewPosition="LL", BodyPartExamined="HAND"),
    }
    for name, content in films.items():
        (tmp_path / name).write_bytes(content)
    certain = sure([tmp_path / name for name in films], [predictor.card.threshold])
    assert certain.keys() == films.keys()
    reasons = {reason for film in certain.values() for reason in film.reasons}
    assert reasons == {*REASONS} - {"near-threshold", "population-modality"}
    compare(tab, predictor, films, tmp_path)
    compare(tab, predictor, films, tmp_path, any_population=True)


@pytest.mark.data
@pytest.mark.slow
def test_a_hundred_films_and_five_dicoms(
    tab: Any, predictor: Predictor, shared: Path, tmp_path: Path
) -> None:
    data = shared / "data"
    every = sorted((data / "chest_xray" / "test").rglob("*.jpeg"))
    chosen = [*random.Random(0).sample(every, 76), *sorted((data / "originals").iterdir())[:24]]
    films = {
        name: Path(film.path).read_bytes()
        for name, film in sure(chosen, [predictor.card.threshold]).items()
    }
    names = ("RG1_UNCR.dcm", "RG1_J2KR.dcm", "RG1_UNCI.dcm", "RG3_UNCI.dcm", "RG3_J2KR.dcm")
    films |= {name: shipped_path(name).read_bytes() for name in names}
    assert len(films) > 80
    compare(tab, predictor, films, tmp_path)
