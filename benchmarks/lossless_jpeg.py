"""CPU seconds to decode a full-size film of lossless JPEG, three ways in turn.

    python benchmarks/lossless_jpeg.py [--rounds 7] [--predictors 1 6]

The film is a phantom of 4248 x 3480 pixels and 12 bits with noise, encoded by dcmtk's dcmcjpeg.
Decoders: the one without the extra `dicom`, that with it (libjpeg-turbo through imagecodecs), and
dcmdjpeg, whose time includes reading and writing its files. All must give the same pixels.
"""

from __future__ import annotations

import argparse
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from pydicom import dcmread
from pydicom.encaps import get_frame

from radistill.imaging.dicom.lossless import decode_lossless
from radistill.imaging.dicom.streams import decode_stream
from radistill.phantoms.cohort import plan
from radistill.phantoms.generate import film

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))
from dicoms import dicom

ROWS, COLUMNS = 4248, 3480


def full_size() -> np.ndarray:
    grey, _ = film(plan(1, seed=0)[0], seed=0)
    small = Image.fromarray(grey.astype(np.float32))
    large = small.resize((COLUMNS, ROWS), Image.Resampling.BICUBIC)
    noise = np.random.default_rng(0).normal(0, 6, (ROWS, COLUMNS))
    return (np.asarray(large) * 16 + noise).clip(0, 4095).astype(np.uint16)


def cpu_seconds(work: Callable[[], object], who: int) -> float:
    before = resource.getrusage(who)
    work()
    after = resource.getrusage(who)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def compare(folder: Path, predictor: int, rounds: int) -> None:
    coded = folder / f"{predictor}.dcm"
    encode = ["+e1"] if predictor == 1 else ["+el", "+sv", str(predictor)]
    subprocess.run(["dcmcjpeg", *encode, folder / "film.dcm", coded], check=True)
    frame = get_frame(dcmread(coded).PixelData, 0, number_of_frames=1)
    ways: dict[str, tuple[Callable[[], object], int]] = {
        "ours": (lambda: decode_lossless(frame), resource.RUSAGE_SELF),
        "imagecodecs": (lambda: decode_stream(frame, ROWS, COLUMNS), resource.RUSAGE_SELF),
        "dcmdjpeg": (
            lambda: subprocess.run(["dcmdjpeg", coded, folder / "plain.dcm"], check=True),
            resource.RUSAGE_CHILDREN,
        ),
    }
    assert np.array_equal(decode_lossless(frame), decode_stream(frame, ROWS, COLUMNS)[0])
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, (work, who) in ways.items():
            times[name].append(cpu_seconds(work, who))
    ours, new, theirs = (statistics.median(times[name]) for name in ways)
    ratios = sorted(a / b for a, b in zip(times["ours"], times["imagecodecs"], strict=True))
    print(
        f"| {predictor} | {ours:.2f} | {new:.2f} | {theirs:.2f} | {ours / new:.1f} "
        f"({ratios[0]:.1f} to {ratios[-1]:.1f}) | {theirs / new:.1f} |"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--predictors", type=int, nargs="+", default=[1, 6])
    arguments = parser.parse_args()
    if shutil.which("dcmcjpeg") is None:
        raise SystemExit("needs dcmcjpeg and dcmdjpeg: install dcmtk")
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        (folder / "film.dcm").write_bytes(dicom(full_size(), BitsStored=12, HighBit=11))
        print("| predictor | ours, s | imagecodecs, s | dcmdjpeg, s | ours / it | dcmdjpeg / it |")
        print("|---|---|---|---|---|---|")
        for predictor in arguments.predictors:
            compare(folder, predictor, arguments.rounds)


if __name__ == "__main__":
    main()
