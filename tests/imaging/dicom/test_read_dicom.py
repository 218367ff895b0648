"""DICOM films against arrays worked by hand, and against themselves in other syntaxes."""

from __future__ import annotations

import math
import struct
import subprocess
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom import dcmread
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.pixels import apply_modality_lut, apply_windowing
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    DeflatedExplicitVRLittleEndian,
    DigitalXRayImageStorageForPresentation,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    RLELossless,
    SecondaryCaptureImageStorage,
)

from dicoms import (
    AGES,
    RAMP,
    STEPS,
    UNREADABLE_AGES,
    dataset,
    dicom,
    lut,
    shipped,
    shipped_path,
    without_head,
    written,
)
from radistill.imaging import DecodeError, Limits, decode, read_picture
from radistill.imaging.dicom.window import Window

COMPUTED, DIGITAL = ComputedRadiographyImageStorage, DigitalXRayImageStorageForPresentation
SIGNED = (np.arange(4096, dtype=np.int16) - 2048).reshape(64, 64)
LOSSLESS = [
    ImplicitVRLittleEndian,
    ExplicitVRBigEndian,
    DeflatedExplicitVRLittleEndian,
    RLELossless,
    JPEG2000Lossless,
]


def row(*values: int, kind: str = "u2") -> np.ndarray:
    return np.array([values], dtype=kind)


def shown(pixels: np.ndarray, **changes: Any) -> list[int]:
    grey: list[int] = decode(dicom(pixels, **changes))[0].tolist()
    return grey


def test_8_bits_without_a_window_are_shown_as_they_are() -> None:
    assert np.array_equal(decode(dicom(STEPS)), STEPS)


def test_monochrome1_is_inverted() -> None:
    inverted = decode(dicom(STEPS, PhotometricInterpretation="MONOCHROME1"))
    assert np.array_equal(inverted, 255 - STEPS)


def test_inverse_shape_inverts_and_does_not_undo_monochrome1() -> None:
    """PS3.3 C.8.11.3: a MONOCHROME1 film of DX has the shape INVERSE, and is inverted once."""
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        film = dicom(STEPS, PhotometricInterpretation=photometric, PresentationLUTShape="INVERSE")
        assert np.array_equal(decode(film), 255 - STEPS)
    assert np.array_equal(decode(dicom(STEPS, PresentationLUTShape="IDENTITY")), STEPS)


def test_linear_window_by_hand() -> None:
    """PS3.3 C.11.2.1.2.1 gives this example: centre 2048, width 4096 is the whole of 12 bits."""
    values = row(0, 1, 1024, 2048, 4094, 4095)
    grey = shown(values, BitsStored=12, HighBit=11, WindowCenter=2048, WindowWidth=4096)
    assert grey == [math.floor(int(v) / 4095 * 255) for v in values[0]]
    assert shown(row(99, 100, 101), WindowCenter=100, WindowWidth=1) == [0, 255, 255]
    assert shown(row(0, 10, 11, 20), WindowCenter=10.5, WindowWidth=11) == [0, 127, 153, 255]


def test_linear_exact_window_by_hand() -> None:
    """PS3.3 C.11.2.1.3.2: from 5 to 15."""
    window = {"WindowCenter": 10, "WindowWidth": 10, "VOILUTFunction": "LINEAR_EXACT"}
    assert shown(row(5, 6, 10, 15, 16), **window) == [0, 25, 127, 255, 255]


def test_sigmoid_window_by_hand() -> None:
    """PS3.3 C.11.2.1.3.1: a half at the centre, 1 / (1 + e^-2) half a width above."""
    window = {"WindowCenter": 100, "WindowWidth": 40, "VOILUTFunction": "SIGMOID"}
    grey = shown(row(0, 80, 100, 120, 60000), **window)
    low, high = (math.floor(255 / (1 + math.e**power)) for power in (2, -2))
    assert grey == [0, low, 127, high, 255]


def test_the_first_window_that_makes_sense_is_taken() -> None:
    windows = {"WindowCenter": [10, 10.5], "WindowWidth": [0, 11]}
    assert shown(row(0, 10, 11, 20), **windows) == [0, 127, 153, 255]


def test_slope_and_intercept_come_before_the_window() -> None:
    changes = {"RescaleSlope": 2, "RescaleIntercept": -10}
    plain = shown(row(0, 5, 10, 15), WindowCenter=5.5, WindowWidth=21)
    assert shown(row(5, 7, 10, 12), WindowCenter=5.5, WindowWidth=21, **changes) == shown(
        row(0, 4, 10, 14), WindowCenter=5.5, WindowWidth=21
    )
    assert plain[0] < plain[-1]
    assert shown(
        row(0, 5, 10), RescaleSlope=-1, RescaleIntercept=10, WindowCenter=5.5, WindowWidth=11
    ) == [255, 127, 0]


def test_modality_lut_by_hand() -> None:
    """Values up to the first entry take it, values beyond the last take that."""
    table = lut(10, 8, np.array([0, 100, 200]))
    window = {"WindowCenter": 128, "WindowWidth": 256}
    grey = shown(row(0, 10, 11, 12, 99), ModalityLUTSequence=[table], **window)
    assert grey == [0, 0, 100, 200, 200]


def test_voi_lut_goes_before_a_window_and_gives_its_upper_bits() -> None:
    table = lut(2, 12, np.array([0, 15, 16, 4095]))
    changes = {"VOILUTSequence": [table], "WindowCenter": 1, "WindowWidth": 1}
    assert shown(row(0, 3, 4, 5, 9), **changes) == [0, 0, 1, 255, 255]
    changes["PhotometricInterpretation"] = "MONOCHROME1"
    assert shown(row(0, 3, 4, 5, 9), **changes) == [255, 255, 254, 0, 0]


@pytest.mark.parametrize("vr", ["OW", "US"])
def test_lut_of_bytes_or_words(vr: str) -> None:
    table = dataset(LUTDescriptor=[4, 0, 8])
    words = np.array([0, 10, 20, 30], "<u2")
    table.add_new("LUTData", vr, words.tobytes() if vr == "OW" else words.tolist())
    assert shown(row(0, 1, 2, 3), VOILUTSequence=[table]) == [0, 10, 20, 30]
    packed = dataset(LUTDescriptor=[4, 0, 8])
    packed.add_new("LUTData", "OW", bytes([0, 10, 20, 30]))
    assert shown(row(0, 1, 2, 3), VOILUTSequence=[packed]) == [0, 10, 20, 30]


def test_bits_beyond_those_stored_are_cut_off() -> None:
    """Old files keep overlays in the unused bits."""
    window = {"BitsStored": 12, "HighBit": 11, "WindowCenter": 2048, "WindowWidth": 4096}
    plain = shown(row(0x0ABC, 0x0ABC, 0x0ABC), **window)
    assert shown(row(0x0ABC, 0xFABC, 0x5ABC), **window) == plain


def test_bits_stored_at_the_upper_end() -> None:
    low = {"BitsStored": 12, "HighBit": 11, "WindowCenter": 2048, "WindowWidth": 4096}
    assert shown(row(0xABC0, 0x1230), **low | {"HighBit": 15}) == shown(row(0xABC, 0x123), **low)


def test_signed_12_bits() -> None:
    """0xFFF is -1, whatever the four bits above it are."""
    changes = {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": 1}
    window = {"WindowCenter": 0, "WindowWidth": 3}
    grey = shown(row(0x0FFE, 0x0FFF, 0xFFFF, 0x0000, 0x0001), **changes, **window)
    assert grey == [0, 63, 63, 191, 255]


def test_padding_is_black_and_does_not_stretch() -> None:
    film = row(0, *range(1000, 2001), 65535)
    plain = decode(dicom(film[:, 1:-1]))[0]
    padded = decode(dicom(film, PixelPaddingValue=0, PixelPaddingRangeLimit=0))
    assert padded[0, 0] == 0
    assert plain.min() == 0
    assert plain.max() == 255
    ends = film.copy()
    ends[0, [0, -1]] = 63000
    both = decode(dicom(ends, PixelPaddingValue=63000))[0]
    assert both[[0, -1]].tolist() == [0, 0]
    assert np.array_equal(both[1:-1], plain)
    inverted = decode(dicom(ends, PixelPaddingValue=63000, PhotometricInterpretation="MONOCHROME1"))
    assert inverted[0, [0, -1]].tolist() == [0, 0]


def test_padding_of_signed_pixels() -> None:
    film = np.array([[-2000, 0, 500, 1000]], np.int16)
    grey = shown(film, PixelPaddingValue=-2000, WindowCenter=-1000, WindowWidth=1)
    assert grey == [0, 255, 255, 255]


def test_deep_films_without_a_window_go_from_percentile_to_percentile() -> None:
    film = np.arange(10_000, dtype=np.uint16).reshape(100, 100)
    grey = decode(dicom(film)).ravel()
    assert (grey == 0).sum() == pytest.approx(50 + 9_900 / 255, abs=2)
    assert (grey == 255).sum() == pytest.approx(50, abs=2)
    assert (np.diff(grey.astype(int)) >= 0).all()


@pytest.mark.parametrize("value", [0, 7, 65535])
def test_a_blank_film_is_black(value: int) -> None:
    assert not decode(dicom(np.full((4, 4), value, np.uint16))).any()


def test_a_film_of_padding_alone_is_black() -> None:
    assert not decode(dicom(np.full((4, 4), 7, np.uint16), PixelPaddingValue=7)).any()


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize("pixels", [RAMP, STEPS, SIGNED], ids=["12 bits", "8 bits", "signed"])
def test_every_syntax_gives_the_same_pixels(pixels: np.ndarray, syntax: str) -> None:
    if syntax == JPEG2000Lossless and pixels is SIGNED:
        pytest.skip("Pillow writes no signed JPEG 2000; test_shipped_twins reads one")
    window = {"WindowCenter": 100, "WindowWidth": 300}
    plain = decode(dicom(pixels, ExplicitVRLittleEndian, **window))
    assert len(np.unique(plain)) > 40
    assert np.array_equal(decode(dicom(pixels, syntax, **window)), plain)


def test_jpeg_baseline_is_the_jpeg_inside() -> None:
    smooth = np.add.outer(np.arange(64), np.arange(48)).astype(np.uint8)
    file = dicom(smooth, JPEGBaseline8Bit)
    start = file.index(b"\xff\xd8\xff")
    assert np.array_equal(decode(file), decode(file[start:]))
    assert np.abs(decode(file).astype(int) - smooth).max() <= 3


@pytest.mark.parametrize(
    ("name", "twin"),
    [
        ("MR_small_RLE.dcm", "MR_small.dcm"),
        ("MR_small_expb.dcm", "MR_small.dcm"),
        ("MR_small_implicit.dcm", "MR_small.dcm"),
        ("MR_small_padded.dcm", "MR_small.dcm"),
        ("MR_small_jp2klossless.dcm", "MR_small.dcm"),
        ("MR_small_jpeg_ls_lossless.dcm", "MR_small.dcm"),
        ("RG1_J2KR.dcm", "RG1_UNCR.dcm"),
        ("RG3_J2KR.dcm", "RG3_UNCR.dcm"),
        ("RG1_J2KI.dcm", "RG1_UNCI.dcm"),
        ("RG3_J2KI.dcm", "RG3_UNCI.dcm"),
    ],
)
def test_shipped_twins(name: str, twin: str) -> None:
    """Files of pydicom and pydicom-data that hold the same pixels in two syntaxes."""
    assert np.array_equal(decode(shipped(name)), decode(shipped(twin)))


def test_rg_films_are_bright_where_dense() -> None:
    """RG1 is MONOCHROME1: its least values are bone, its greatest the air around the patient."""
    path = shipped_path("RG1_UNCR.dcm")
    values, grey = dcmread(path).pixel_array, decode(path)
    assert grey.shape == values.shape == (1955, 1841)
    low, high = np.percentile(values, [5, 95])
    assert grey[values < low].min() > grey[values > high].max()


@pytest.mark.parametrize(
    "syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian]
)
def test_a_dataset_alone_without_preamble(syntax: str) -> None:
    assert np.array_equal(decode(without_head(dicom(STEPS, syntax))), STEPS)


def test_name_and_extension_do_not_matter(tmp_path: Path) -> None:
    for name in ("film", "film.dcm", "film.png", "IM000001"):
        (tmp_path / name).write_bytes(dicom(STEPS))
        assert np.array_equal(decode(tmp_path / name), STEPS)


@pytest.mark.parametrize(
    ("kind", "modality"),
    [
        (ComputedRadiographyImageStorage, "CR"),
        (SecondaryCaptureImageStorage, "OT"),
        (SecondaryCaptureImageStorage, "DX"),
        (SecondaryCaptureImageStorage, None),
        (None, "CR"),
        (None, None),
        *((kind, "DR") for kind in (COMPUTED, DIGITAL, SecondaryCaptureImageStorage, None)),
        *((kind, empty) for kind in (COMPUTED, DIGITAL) for empty in (None, "", "  ")),
    ],
)
def test_radiographs_and_captures_are_read(kind: str | None, modality: str | None) -> None:
    assert decode(dicom(STEPS, SOPClassUID=kind, Modality=modality)).shape == STEPS.shape


def test_a_multi_frame_capture_of_one_frame_is_read() -> None:
    kind = "1.2.840.10008.5.1.4.1.1.7.2"
    film = dicom(STEPS, SOPClassUID=kind, Modality="OT", NumberOfFrames=1)
    assert np.array_equal(decode(film), STEPS)


@settings(max_examples=60, deadline=None)
@given(
    center=st.integers(-200, 4300),
    width=st.integers(2, 5000),
    function=st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
)
def test_windows_agree_with_pydicom(center: int, width: int, function: str) -> None:
    made = dataset(
        PhotometricInterpretation="MONOCHROME2",
        BitsStored=12,
        PixelRepresentation=0,
        WindowCenter=center,
        WindowWidth=width,
        VOILUTFunction=function,
    )
    values = np.arange(4096)
    wanted = apply_windowing(values, made) / 4095 * 255
    got = Window(center, width, function)(values.astype(float), False)
    assert (np.abs(got - np.floor(wanted)) <= (np.abs(wanted - np.rint(wanted)) < 1e-6)).all()
    flipped = Window(center, width, function)(values.astype(float), True)
    assert np.abs(got + flipped - 255).max() <= 1


@settings(max_examples=30, deadline=None)
@given(first=st.integers(0, 200), entries=st.lists(st.integers(0, 65535), min_size=1, max_size=99))
def test_luts_agree_with_pydicom(first: int, entries: list[int]) -> None:
    item = lut(first, 16, np.array(entries))
    values = np.arange(300, dtype=np.uint16).reshape(1, -1)
    made = dataset(ModalityLUTSequence=[item])
    item["LUTData"].VR = "US"
    item["LUTData"].value = entries if len(entries) > 1 else [entries[0], 0]
    wanted = apply_modality_lut(values.astype(np.int32), made) / 256
    window = {"WindowCenter": 2**15, "WindowWidth": 2**16}
    got = decode(dicom(values, ModalityLUTSequence=[lut(first, 16, np.array(entries))], **window))
    assert np.abs(got - np.floor(wanted)).max() <= 1


@pytest.mark.parametrize(("elements", "age"), AGES)
def test_age(elements: dict[str, str], age: float | None) -> None:
    tags = read_picture(dicom(STEPS, **elements), Limits()).tags
    assert (tags["age_years"], tags["age_unreadable"]) == (age, False)


@pytest.mark.parametrize("elements", UNREADABLE_AGES)
def test_an_age_that_is_there_but_cannot_be_read(elements: dict[str, str]) -> None:
    tags = read_picture(dicom(STEPS, **elements), Limits()).tags
    assert (tags["age_years"], tags["age_unreadable"]) == (None, True)


@pytest.mark.parametrize(("vr", "value"), [("DS", "42.0"), ("IS", "42"), ("US", 42), ("LO", "42Y")])
def test_an_age_of_another_type(vr: str, value: Any) -> None:
    made = dcmread(BytesIO(dicom(STEPS)))
    made.add_new("PatientAge", vr, value)
    assert read_picture(written(made), Limits()).tags["age_years"] == 42.0


def test_tags_of_the_population() -> None:
    film = dicom(STEPS, BodyPartExamined="chest ", ViewPosition="PA", Modality="CR")
    picture = read_picture(film, Limits())
    assert picture.source == "dicom"
    assert picture.tags == {
        "age_years": None,
        "age_unreadable": False,
        "body_part": "CHEST",
        "view": "PA",
        "modality": "CR",
        "photometric": "MONOCHROME2",
    }


NAMING = (
    "PatientName",
    "PatientID",
    "OtherPatientNames",
    "ReferringPhysicianName",
    "InstitutionName",
    "AccessionNumber",
    "StudyDescription",
    "SeriesDescription",
    "ImageComments",
    "OperatorsName",
    "PatientAddress",
    "PatientMotherBirthName",
    "StudyID",
    "StationName",
    "DeviceSerialNumber",
    "BodyPartExamined",
    "ViewPosition",
    "VOILUTFunction",
    "PresentationLUTShape",
    "PatientAge",
    "PatientBirthDate",
    "StudyDate",
    "Modality",
    "PhotometricInterpretation",
    "SOPClassUID",
    "SOPInstanceUID",
    "Rows",
    "BitsStored",
    "BitsAllocated",
    "HighBit",
    "RescaleSlope",
    "RescaleIntercept",
    "NumberOfFrames",
    "WindowCenter",
    "WindowWidth",
    "PixelPaddingValue",
    "PresentationIntentType",
    "SamplesPerPixel",
    "PixelRepresentation",
    "PixelData",
    "VOILUTSequence",
    "ModalityLUTSequence",
)


def test_no_name_reaches_an_answer_a_log_or_an_error(tmp_path: Path) -> None:
    """A name in every element that could hold one, also where it makes no sense.

    In a process of its own: pytest would take the warnings away.
    """
    for keyword in NAMING:
        (tmp_path / keyword).write_bytes(with_words(keyword, "SENTINEL^Name"))
    reading = (
        "import sys, traceback\n"
        "from pathlib import Path\n"
        "from radistill.imaging import Limits, decode, read_picture\n"
        "for path in sorted(Path(sys.argv[1]).iterdir()):\n"
        "    try: print('read', read_picture(path.read_bytes(), Limits()).tags); decode(path)\n"
        "    except Exception: traceback.print_exc()\n"
    )
    done = run(reading, tmp_path)
    assert done.returncode == 0, done.stderr
    assert "read {'age_years'" in done.stdout
    assert "DecodeError" in done.stderr
    assert "damaged DICOM file" in done.stderr
    assert "SENTINEL" not in done.stdout + done.stderr
    plain = "import sys, pydicom; print(pydicom.dcmread(sys.argv[1]))"
    assert "SENTINEL" in run(plain, tmp_path / "PatientName").stdout


def run(code: str, argument: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", code, str(argument)]
    return subprocess.run(command, capture_output=True, text=True, timeout=300)


def with_words(keyword: str, words: str) -> bytes:
    """A film whose element holds text, whatever its VR; it stands first in the dataset."""
    plain = dicom(STEPS, **{keyword: None})
    tag = tag_for_keyword(keyword)
    assert tag is not None
    vr, text = dictionary_VR(tag).encode()[:2], words.ljust(14).encode()
    if vr in (b"OB", b"OW", b"SQ", b"UT"):  # these have longer headers
        vr = b"LO"
    body = len(plain) - len(without_head(plain))
    element = struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(text)) + text
    return plain[:body] + element + plain[body:]


DAMAGED = [dicom(RAMP, syntax) for syntax in (ExplicitVRLittleEndian, *LOSSLESS)] + [
    dicom(STEPS, JPEGBaseline8Bit),
    shipped("MR_small_jpeg_ls_lossless.dcm"),
]


@settings(max_examples=300, deadline=None)
@given(
    content=st.sampled_from(DAMAGED),
    where=st.floats(0, 1),
    junk=st.binary(min_size=1, max_size=12),
)
def test_damage_gives_pixels_or_a_refusal(content: bytes, where: float, junk: bytes) -> None:
    """Whatever the damage, nothing but a grey array or a DecodeError comes out."""
    at = int(where**2 * len(content))  # more often in the header than in the pixels
    try:
        grey = decode(content[:at] + junk + content[at + len(junk) :])
    except DecodeError:
        return
    assert grey.ndim == 2
    assert grey.dtype in (np.uint8, np.uint16)


def test_16_bit_png_and_dicom_may_share_a_folder(tmp_path: Path) -> None:
    """What is 8 bits in DICOM and 16 in PNG goes through one preprocessing."""
    from radistill.imaging import to_eight_bits, to_square

    film = (RAMP * 16).astype(np.uint16)
    Image.fromarray(film).save(tmp_path / "film.png")
    deep = decode(tmp_path / "film.png")
    flat = to_square(to_eight_bits(deep), 32).astype(int)
    assert np.abs(flat - to_square(deep, 32)).max() <= 1
