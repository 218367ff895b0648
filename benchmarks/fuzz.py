"""Damaged films by the thousand: how many were tried, and what became of them.

    python benchmarks/fuzz.py [--seconds 60] [--seed 0] [--keep FOLDER]

Hypothesis damages good files of every kind that is read (bytes replaced, cut out, doubled,
the end cut off; lengths and headers more often than pixels) and the intake decodes them. Each must
give a film or a refusal with a code, within the limits. A file that ends or stalls its process is
counted, and kept where --keep says. Exit status 1 if anything else came out.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
import time
from collections import Counter
from io import BytesIO
from pathlib import Path

import numpy as np
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from PIL import Image

from radistill.imaging import Code, Limits
from radistill.imaging.sandbox.intake import Decoded, Intake, Refused

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGLosslessSV1,
    RLELossless,
)

from bad_files import compressed
from deep_pictures import any_tiff, deep_png
from dicoms import RAMP, STEPS, dicom, lut, shipped, shipped_path, without_head
from jpegs import encode

BATCH = 500
LIMITS = Limits(max_bytes=32 * 2**20, max_pixels=4_000_000, memory=2**30, seconds=5)


def seeds() -> dict[str, bytes]:
    """Small good files, one of each kind."""
    grey = np.random.default_rng(0).integers(0, 256, (64, 48), dtype=np.uint8)
    kinds = {kind: image(grey, kind) for kind in ("JPEG", "PNG", "TIFF", "BMP", "WEBP")}
    deep = grey.astype(np.uint16) * 16
    kinds["16-bit PNG"] = image(deep, "PNG")
    kinds["16-bit colour PNG"] = deep_png(np.dstack([deep] * 4))
    kinds["16-bit colour TIFF"] = any_tiff(np.dstack([deep] * 3), compression=8)
    kinds["16-bit white-is-zero TIFF"] = any_tiff(deep, photometric=0)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "jpeg", "packbits"):
        kinds[f"TIFF {compression}"] = image(grey, "TIFF", compression=compression)
    kinds["progressive JPEG"] = image(grey, "JPEG", progressive=True)
    kinds["colour JPEG"] = image(np.dstack([grey] * 3), "JPEG")
    window = {"WindowCenter": 2000, "WindowWidth": 3000, "PixelPaddingValue": 0}
    tables = {"VOILUTSequence": [lut(0, 12, np.arange(4096))]}
    kinds |= {
        "DICOM": dicom(**window),
        "DICOM, tables": dicom(**tables),
        "DICOM, no head": without_head(dicom(**window)),
        "DICOM, implicit": dicom(RAMP, ImplicitVRLittleEndian, **tables),
        "DICOM, big endian": dicom(RAMP, ExplicitVRBigEndian, **window),
        "DICOM, deflated": dicom(RAMP, DeflatedExplicitVRLittleEndian, **window),
        "DICOM, RLE": dicom(RAMP, RLELossless),
        "DICOM, JPEG": dicom(STEPS, JPEGBaseline8Bit),
        "DICOM, JPEG 2000": dicom(RAMP, JPEG2000Lossless),
        "DICOM, JPEG-LS": shipped("MR_small_jpeg_ls_lossless.dcm"),
        "DICOM, lossless JPEG": shipped("JPEG-LL.dcm"),
        "DICOM, small lossless JPEG": compressed(JPEGLosslessSV1, encode(RAMP), RAMP),
        "DICOM, report": shipped_path("test-SR.dcm").read_bytes(),
    }
    return kinds


def image(pixels: np.ndarray, kind: str, **options: object) -> bytes:
    file = BytesIO()
    Image.fromarray(pixels).save(file, kind, **options)
    return file.getvalue()


WORDS = [b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f", b"\x80\0"]
damage = st.tuples(
    st.sampled_from(["replace", "insert", "remove", "double", "end"]),
    st.floats(0, 1),
    st.one_of(st.sampled_from(WORDS), st.binary(min_size=1, max_size=16)),
)


def damaged(content: bytes, changes: list[tuple[str, float, bytes]]) -> bytes:
    """Headers more often than pixels, but not the bytes that the kind is told by."""
    first = 140 if content[128:132] == b"DICM" else 12
    for what, where, junk in changes:
        at = first + int(where**3 * max(len(content) - first, 0))
        if what == "replace":
            content = content[:at] + junk + content[at + len(junk) :]
        elif what == "insert":
            content = content[:at] + junk + content[at:]
        elif what == "remove":
            content = content[:at] + content[at + len(junk) :]
        elif what == "double":
            content = content[:at] + content[at : at + 64 * len(junk)] + content[at:]
        else:
            content = content[: first + int((1 - where**3) * max(len(content) - first, 0))]
    return content


def batch(intake: Intake, number: int, counts: Counter[str], keep: Path | None) -> None:
    """Damage and decode BATCH files, seeded by `number`."""
    kinds = seeds()

    @seed(number)
    @settings(
        max_examples=BATCH, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(kind=st.sampled_from(sorted(kinds)), changes=st.lists(damage, min_size=1, max_size=4))
    def run(kind: str, changes: list[tuple[str, float, bytes]]) -> None:
        content = damaged(kinds[kind], changes)
        result = intake.decode_bytes(content, kind)
        check(result)
        code = result.code if isinstance(result, Refused) else "decoded"
        counts[code] += 1
        counts["DICOM" if kind.startswith("DICOM") else "image"] += 1
        if keep is not None and code in (Code.CRASHED, Code.TIMEOUT):
            keep.mkdir(parents=True, exist_ok=True)
            name = f"{code}-{kind}-{hashlib.sha256(content).hexdigest()[:12]}"
            (keep / name.replace(" ", "-")).write_bytes(content)

    run()


def check(result: Decoded | Refused) -> None:
    if isinstance(result, Refused):
        assert result.code in set(Code)
        assert 0 < len(result.message) < 300
    else:
        assert result.pixels.dtype == np.uint8
        assert 0 < result.pixels.size <= LIMITS.max_pixels


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    counts: Counter[str] = Counter()
    end, number = time.monotonic() + arguments.seconds, arguments.seed
    with Intake(limits=LIMITS) as intake:
        while time.monotonic() < end:
            batch(intake, number, counts, arguments.keep)
            number += 1
    tried = counts["DICOM"] + counts["image"]
    print(f"{tried} inputs: {counts['image']} images, {counts['DICOM']} DICOM; seeds ", end="")
    print(f"{arguments.seed} to {number - 1}")
    for code, count in counts.most_common():
        if code not in ("DICOM", "image"):
            print(f"  {code:14} {count}")


if __name__ == "__main__":
    main()
