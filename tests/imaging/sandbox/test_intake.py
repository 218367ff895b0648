"""Decoding in processes of their own: the same films, and every bad file survived."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from bad_files import BAD, GREY, ODD, image
from dicoms import STEPS, dicom
from radistill.errors import RadistillError
from radistill.imaging import DecodeError, Limits, decode, to_square
from radistill.imaging.sandbox.decoded import result_of
from radistill.imaging.sandbox.intake import (
    Decoded,
    Intake,
    Refused,
    Upload,
)

SMALL = Limits(max_bytes=32 * 2**20)


@pytest.fixture(scope="module")
def intake() -> Iterator[Intake]:
    with Intake(workers=2, limits=SMALL) as shared:
        yield shared


def film(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (20, 30 + seed % 7), dtype=np.uint8)


def test_films_come_back_in_order_and_unchanged(intake: Intake, tmp_path: Path) -> None:
    paths = []
    for n in range(150):
        paths.append(tmp_path / f"{n}.png")
        paths[-1].write_bytes(image("PNG", film(n)))
    results = list(intake.decode(paths))
    assert [result.path for result in results] == [str(path) for path in paths]
    for n, result in enumerate(results):
        assert isinstance(result, Decoded)
        assert np.array_equal(result.pixels, film(n))
        assert result.sha256 == hashlib.sha256(paths[n].read_bytes()).hexdigest()
        assert (result.source, result.tags) == ("png", {})


def test_dicom_comes_with_its_population_and_in_8_bits(intake: Intake) -> None:
    content = dicom(STEPS, PatientAge="004Y", PatientName="SENTINEL^Name", ViewPosition="AP")
    result = intake.decode_bytes(content, "upload")
    assert isinstance(result, Decoded)
    assert result.tags["age_years"] == 4.0
    assert result.tags["view"] == "AP"
    assert np.array_equal(result.pixels, STEPS)
    assert "SENTINEL" not in repr(result)


def test_16_bits_become_8(intake: Intake) -> None:
    deep = (GREY.astype(np.uint16) << 4) + 7
    result = intake.decode_bytes(image("PNG", deep), "deep.png")
    assert isinstance(result, Decoded)
    assert result.pixels.dtype == np.uint8
    assert np.abs(result.pixels - deep / 4095 * 255).max() <= 0.5 + 1e-6


def test_every_bad_file_is_refused_and_the_rest_go_on(intake: Intake, tmp_path: Path) -> None:
    """Files and bytes take the same road."""
    good = tmp_path / "good"
    good.write_bytes(dicom(STEPS))
    paths = []
    for number, (_, make) in enumerate(BAD.values()):
        path = tmp_path / f"{number}.jpg"
        path.write_bytes(make())
        paths += [path, good]
    results = list(intake.decode(paths))
    codes = [result.code for result in results[::2] if isinstance(result, Refused)]
    assert codes == [code for code, _ in BAD.values()]
    assert all(isinstance(result, Decoded) for result in results[1::2])
    uploads = [Upload(name, make()) for name, (_, make) in BAD.items()]
    again = [result.code for result in intake.decode(uploads) if isinstance(result, Refused)]
    assert again == codes


def test_odd_files_are_read_as_without_a_process(intake: Intake) -> None:
    for name, make in ODD.items():
        result = intake.decode_bytes(make(), name)
        assert isinstance(result, Decoded), result
        if decode(make()).dtype == np.uint8:
            assert np.array_equal(result.pixels, decode(make()))


def test_films_made_small_are_those_of_the_whole(intake: Intake, tmp_path: Path) -> None:
    """Square and preview as a caller would make them of `decode`'s pixels."""
    files = {
        "small.png": image("PNG", film(1)),
        "wide.jpeg": image("JPEG", np.random.default_rng(0).integers(0, 256, (40, 900), np.uint8)),
        "deep.tif": image("TIFF", (GREY.astype(np.uint16) << 4) + 7),
        "square.png": image("PNG", film(2)[:16, :16]),
        "film.dcm": dicom(STEPS, PatientAge="004Y"),
        "bad.png": b"",
    }
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    paths = [tmp_path / name for name in files]
    whole = list(intake.decode(paths))
    small = list(intake.decode(paths, square=16, preview=300, sources=["jpeg", "dicom"]))
    assert small[-1] == whole[-1]
    for one, other in zip(whole[:-1], small[:-1], strict=True):
        assert isinstance(one, Decoded)
        assert isinstance(other, Decoded)
        assert np.array_equal(other.pixels, to_square(one.pixels, 16))
        assert other.shape == one.shape == one.pixels.shape
        assert (other.path, other.sha256, other.tags) == (one.path, one.sha256, one.tags)
        assert (other.preview is None) == (one.source not in ("jpeg", "dicom"))
        assert other.ms > 0
    preview = small[1].preview  # type: ignore[union-attr]
    picture = Image.fromarray(whole[1].pixels)  # type: ignore[union-attr]
    picture.thumbnail((300, 300), Image.Resampling.BILINEAR)
    assert preview is not None
    assert np.array_equal(preview, np.asarray(picture))


GOOD = {"sha256": "0" * 64, "height": 9, "width": 7, "source": "png", "tags": {}, "ms": 1.0}
LIES = [
    {"sha256": "../../" + "0" * 58},
    {"height": 0},
    {"width": "7"},
    {"tags": {"age_years": "SENTINEL"}},
    {"tags": 3},
    {"ms": float("nan")},
    {"preview": [2, 3]},
    {"preview": [-1, -6]},
    {"preview": [10**30, 1]},
    {"code": "no such code", "message": ""},
    {"code": "empty"},
]


@pytest.mark.parametrize("lie", LIES, ids=repr)
def test_what_a_process_says_is_checked(lie: dict[str, object]) -> None:
    """One that a file has taken over may say anything; a path or a crash must not come of it."""
    honest = result_of("film", (GOOD, bytearray(16)), 4)
    assert isinstance(honest, Decoded)
    with pytest.raises(DecodeError, match="gave no film"):
        result_of("film", (GOOD | lie, bytearray(16)), 4)
    with pytest.raises(DecodeError, match="gave no film"):
        result_of("film", (GOOD, bytearray(15)), 4)


def test_names_that_are_not_utf8(intake: Intake, tmp_path: Path) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9\n.png"))
    path.write_bytes(image("PNG", film(1)))
    (result,) = intake.decode([path])
    assert isinstance(result, Decoded)
    assert result.path == str(path)


def test_it_is_lazy(intake: Intake, tmp_path: Path) -> None:
    path = tmp_path / "film.png"
    path.write_bytes(image("PNG", film(1)))
    taken = []

    def endless() -> Iterator[Path]:
        while True:
            taken.append(path)
            yield path

    results = intake.decode(endless())
    assert isinstance(next(results), Decoded)
    results.close()  # type: ignore[attr-defined]
    assert len(taken) < 500


def test_several_threads_share_it(intake: Intake) -> None:
    from concurrent.futures import ThreadPoolExecutor

    uploads = [Upload(str(n), image("PNG", film(n))) for n in range(40)]
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda u: intake.decode_bytes(u.data, u.name), uploads))
    for n, result in enumerate(results):
        assert isinstance(result, Decoded)
        assert np.array_equal(result.pixels, film(n))


HOSTILE = """
import os, time
from PIL import Image
honest = Image.open
def hostile(file, *arguments, **options):
    content = file.getvalue()
    if b"CRASH" in content: os.abort()
    if b"HANG" in content: time.sleep(1000)
    if b"SPIN" in content:
        while True: pass
    if b"EAT" in content: bytearray(2**50 if b"MUCH" in content else 3 * 2**30)
    if b"WRITE" in content: os.write(os.open("written", os.O_CREAT | os.O_WRONLY), b"words")
    if b"PRINT" in content: print("words", flush=True); os.write(2, b"words")
    image = honest(file, *arguments, **options)
    if b"SLOW" in content:
        load = image.load
        def slow():
            while time.process_time() < before + 2: pass
            return load()
        before, image.load = time.process_time(), slow
    return image
Image.open = hostile
"""


@pytest.fixture
def hostile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Pillow that does what a file says, in the decoding processes alone."""
    (tmp_path / "sitecustomize.py").write_text(HOSTILE, "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def telling(*words: str) -> list[Upload]:
    return [Upload(word, image("PNG", film(0)) + word.encode()) for word in words]


def test_crash_hang_and_memory(hostile: Path) -> None:
    limits = Limits(seconds=3.0, memory=2**30)
    words = ("ok", "CRASH", "HANG", "ok", "SPIN", "EAT", "EAT MUCH", "WRITE", "PRINT", "ok")
    with Intake(limits=limits) as intake:
        start = time.monotonic()
        results = list(intake.decode(telling(*words)))
    codes = [result.code if isinstance(result, Refused) else "ok" for result in results]
    assert codes == [
        *("ok", "crashed", "timeout", "ok", "timeout", "too-large", "too-large", "too-large"),
        *("ok", "ok"),
    ]
    assert time.monotonic() - start < 60
    assert (hostile / "written").read_bytes() == b""


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="needs Linux")
def test_four_slow_films_on_one_core_are_in_time(hostile: Path) -> None:
    """Each needs 2 of its 3 s, but all have to wait for 8."""
    core = min(os.sched_getaffinity(0))
    with Intake(workers=4, limits=Limits(seconds=3.0)) as intake:
        assert all(isinstance(r, Decoded) for r in intake.decode(telling(*["ok"] * 8)))
        for child in intake._children:
            assert child._process is not None
            os.sched_setaffinity(child._process.pid, {core})
        start = time.monotonic()
        results = list(intake.decode(telling(*["SLOW"] * 4)))
    assert [type(result) for result in results] == [Decoded] * 4
    assert time.monotonic() - start > 6


def test_larger_films_have_more_time(hostile: Path) -> None:
    """2 s are too many for a small one and not for two million pixels."""
    large = image("PNG", np.zeros((1000, 2000), np.uint8))
    with Intake(limits=Limits(seconds=1.0)) as intake:
        small, big = intake.decode([*telling("SLOW"), Upload("big", large + b"SLOW")])
    assert isinstance(small, Refused)
    assert small.code == "timeout"
    assert isinstance(big, Decoded)


def test_in_a_group_only_the_culprit_is_blamed(hostile: Path) -> None:
    paths = []
    for number in range(80):
        word = {50: b"CRASH", 61: b"HANG"}.get(number, b"")
        paths.append(hostile / f"{number}.png")
        paths[-1].write_bytes(image("PNG", film(number)) + word)
    with Intake(limits=Limits(seconds=3.0)) as intake:
        results = list(intake.decode(paths))
    assert [(n, r.code) for n, r in enumerate(results) if isinstance(r, Refused)] == [
        (50, "crashed"),
        (61, "timeout"),
    ]
    for number, result in enumerate(results):
        if isinstance(result, Decoded):
            assert np.array_equal(result.pixels, film(number))


@pytest.mark.skipif(not hasattr(signal, "SIGSTOP"), reason="needs signals")
def test_a_process_that_is_killed_or_stopped_is_replaced() -> None:
    good = image("PNG", film(3))
    with Intake(limits=Limits(seconds=3.0)) as intake:
        for what, code in ((signal.SIGKILL, None), (signal.SIGSTOP, "timeout"), (None, None)):
            if what is not None:
                assert isinstance(intake.decode_bytes(good, "film"), Decoded)
                process = intake._children[0]._process
                assert process is not None
                process.send_signal(what)
                time.sleep(0.1)
            result = intake.decode_bytes(good, "film")
            assert (result.code if isinstance(result, Refused) else None) == code


def test_nothing_is_left_running() -> None:
    with Intake(workers=2) as intake:
        intake.decode_bytes(image("PNG", film(3)), "film")
        processes = [child._process for child in intake._children]
    assert all(process is not None and process.returncode is not None for process in processes)


def test_a_process_that_cannot_start_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "sitecustomize.py").write_text("import os; os._exit(3)", "utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Intake() as intake, pytest.raises(RadistillError, match="cannot start"):
        intake.decode_bytes(image("PNG", film(3)), "film")


def test_a_program_in_the_working_folder_is_not_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "numpy.py").write_text("raise SystemExit(9)", "utf-8")
    monkeypatch.chdir(tmp_path)
    with Intake() as intake:
        assert isinstance(intake.decode_bytes(image("PNG", film(3)), "film"), Decoded)


def test_a_folder_of_ten_thousand_files(intake: Intake, tmp_path: Path) -> None:
    content = [image("PNG", np.full((2, 2), n, np.uint8)) for n in range(250)]
    for n in range(10_000):
        (tmp_path / f"{n}.png").write_bytes(content[n % 250])
    paths = (tmp_path / f"{n}.png" for n in range(10_000))
    for n, result in enumerate(intake.decode(paths)):
        assert isinstance(result, Decoded)
        assert result.pixels[0, 0] == n % 250
    assert n == 9_999


def test_workers_must_be_some() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        Intake(workers=0)


def test_the_process_starts_with_little() -> None:
    heavy = ("numpy", "pydicom", "onnxruntime", "pydantic", "rich")
    code = (
        "import sys, radistill.imaging.sandbox.worker\n"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == "[]", done.stderr
