"""Report and capture of a film: by the standard's rows, and by validators and readers of others."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import highdicom
import numpy as np
import pydicom
import pytest
from highdicom.sr import MeasurementReport, srread
from pydicom import Dataset
from pydicom.uid import (
    ComputedRadiographyImageStorage,
    ImplicitVRLittleEndian,
    SecondaryCaptureImageStorage,
)

from dicoms import shipped
from node_peers import PATIENT, as_picture, chest, dciodvfy_errors, film, needed
from radistill.imaging.sandbox.intake import Intake, Upload
from radistill.node.answer import Answers, answer_film
from radistill.node.film_header import missing_identifier, read_header
from radistill.node.secondary_capture import in_words, picture
from radistill.runtime.decision import REASONS, resolve
from radistill.runtime.prediction_options import PredictionOptions
from radistill.runtime.predictor import Predictor
from radistill.schema.prediction import ModelIdentity, Prediction
from template_1500 import coded, walk

AT = datetime(2026, 1, 2, 10, 20, 30, 400)


@pytest.fixture(scope="module")
def predictor() -> Predictor:
    return Predictor.load(threads=1)


@pytest.fixture(scope="module")
def judged(predictor: Predictor) -> Prediction:
    settings = replace(resolve(predictor.card, PredictionOptions()), views=True)
    with Intake() as intake:
        result = next(predictor.run([Upload("film", film())], settings, intake))
    assert isinstance(result, Prediction), result
    return result


def answered(predictor: Predictor, judged: Prediction, content: bytes) -> Answers:
    return answer_film(read_header(content), judged, predictor.card, AT)


def on_disk(answers: Answers, folder: Path) -> tuple[Path, Path]:
    paths = folder / "report.dcm", folder / "capture.dcm"
    for path, made in zip(paths, answers, strict=True):
        pydicom.dcmwrite(path, made, enforce_file_format=True)
    return paths


FILMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "oriented": {"PatientOrientation": ["L", "F"], "ImagerPixelSpacing": [0.14, 0.15]},
    "orientation alone": {"PatientOrientation": ["P", "F"]},
    "spacing alone": {"ImagerPixelSpacing": [0.2, 0.2]},
    "both empty": {"PatientOrientation": "", "ImagerPixelSpacing": ""},
    "one of two": {"PatientOrientation": ["L"], "ImagerPixelSpacing": [0.2]},
    "empty halves": {"PatientOrientation": ["", ""]},
    "CR": {"SOPClassUID": ComputedRadiographyImageStorage, "Modality": "CR"},
    "capture": {"SOPClassUID": SecondaryCaptureImageStorage, "Modality": "OT"},
    "implicit": {"syntax": ImplicitVRLittleEndian},
    "paired": {"BodyPartExamined": "HAND", "Laterality": "R"},
    "no patient": dict.fromkeys(
        [
            "PatientName",
            "PatientID",
            "PatientBirthDate",
            "PatientSex",
            "PatientAge",
            "StudyID",
            "StudyDate",
            "StudyTime",
            "AccessionNumber",
            "ReferringPhysicianName",
            "SpecificCharacterSet",
        ]
    ),
    "empty patient": dict.fromkeys(("PatientName", "PatientID", "StudyDate", "StudyTime"), ""),
}


@pytest.mark.parametrize("changes", FILMS.values(), ids=FILMS)
def test_validators_find_no_error(
    predictor: Predictor, judged: Prediction, tmp_path: Path, changes: dict[str, Any]
) -> None:
    report, capture = on_disk(answered(predictor, judged, film(**changes)), tmp_path)
    assert dciodvfy_errors(report) == []
    # An empty Laterality is allowed where it is not known, and dciodvfy only warns of it.
    assert dciodvfy_errors(capture) == []
    page = tmp_path / "report.html"
    subprocess.run([needed("dsr2html", "dcmtk"), str(report), str(page)], check=True)
    assert "Not for diagnostic use." in page.read_text("latin-1")


@pytest.mark.parametrize("changes", FILMS.values(), ids=FILMS)
def test_every_row_of_template_1500_is_there(
    predictor: Predictor, judged: Prediction, tmp_path: Path, changes: dict[str, Any]
) -> None:
    content = film(**changes)
    report, _ = on_disk(answered(predictor, judged, content), tmp_path)
    rows = walk(pydicom.dcmread(report), pydicom.dcmread(BytesIO(content)))
    assert rows["probability"] == judged.record()["probability"]
    assert rows["threshold"] == judged.threshold
    assert rows["algorithm"] == (judged.model.name, judged.model.version)
    assert f"model sha256 {judged.model.sha256}" in rows["parameters"]
    assert rows["reasons"] == list(judged.reasons)


def test_decision_and_abstention_are_coded(predictor: Predictor, judged: Prediction) -> None:
    header = read_header(film())
    codes = {}
    for decision, label, reasons in (
        ("pneumonia", predictor.card.positive, ()),
        ("normal", "NORMAL", ()),
        ("abstain", predictor.card.positive, tuple(REASONS)),
    ):
        one = judged.model_copy(update={"decision": decision, "label": label, "reasons": reasons})
        rows = walk(answer_film(header, one, predictor.card, AT).report, header)
        codes[decision] = rows["decision"]
        assert rows["reasons"] == list(reasons)
        assert in_words(one, predictor.card.positive)[-1] == rows["notice"]
    assert codes == {
        "pneumonia": ("52101004", "SCT"),
        "normal": ("2667000", "SCT"),
        "abstain": ("82334004", "SCT"),
    }


def test_highdicom_reads_the_report_back(
    predictor: Predictor, judged: Prediction, tmp_path: Path
) -> None:
    report, _ = on_disk(answered(predictor, judged, film()), tmp_path)
    content = srread(report).content
    assert isinstance(content, MeasurementReport)
    (group,) = content.get_image_measurement_groups()
    assert group.finding_type == highdicom.sr.CodedConcept("233604007", "SCT", "Pneumonia")
    values = {one.name.meaning: one.value for one in group.get_measurements()}
    assert values == {"Probability": judged.record()["probability"], "Threshold Value": 0.5}
    assert [one.referenced_sop_instance_uid for one in group.source_images] == [
        read_header(film()).SOPInstanceUID
    ]


def test_answers_stand_in_the_study_with_the_patient(
    predictor: Predictor, judged: Prediction, tmp_path: Path
) -> None:
    made = [pydicom.dcmread(one) for one in on_disk(answered(predictor, judged, film()), tmp_path)]
    for one in made:
        for name in set(PATIENT) - {"SeriesInstanceUID", "ViewPosition", "BodyPartExamined"}:
            assert str(one[name].value) == PATIENT[name], name
        assert one.ContentDate == "20260102"
        assert one.ContentTime.startswith("102030")
        assert "not for diagnostic use" in one.ManufacturerModelName
        assert one.DeviceSerialNumber == judged.model.sha256
    report, capture = made
    assert (report.CompletionFlag, report.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    assert report.PreliminaryFlag == "PRELIMINARY"
    reference = report.CurrentRequestedProcedureEvidenceSequence[0]
    assert reference.StudyInstanceUID == PATIENT["StudyInstanceUID"]
    series = reference.ReferencedSeriesSequence[0]
    assert series.SeriesInstanceUID == PATIENT["SeriesInstanceUID"]
    source = capture.SourceImageSequence[0]
    instance = series.ReferencedSOPSequence[0].ReferencedSOPInstanceUID
    assert source.ReferencedSOPInstanceUID == instance != PATIENT["StudyInstanceUID"]


def test_same_film_and_model_give_the_same_bytes(
    predictor: Predictor, judged: Prediction, tmp_path: Path
) -> None:
    contents = []
    for folder in ("one", "two"):
        (tmp_path / folder).mkdir()
        paths = on_disk(answered(predictor, judged, film()), tmp_path / folder)
        contents.append([path.read_bytes() for path in paths])
    assert contents[0] == contents[1]


def test_other_film_or_model_gives_other_uids(predictor: Predictor, judged: Prediction) -> None:
    other_model = ModelIdentity(name="other", version="1", sha256="0" * 64)
    other = judged.model_copy(update={"model": other_model})
    uids = [
        (one.SOPInstanceUID, one.SeriesInstanceUID)
        for content, result in ((film(), judged), (film(1), judged), (film(), other))
        for one in answered(predictor, result, content)
    ]
    assert len({uid for pair in uids for uid in pair}) == 12
    assert all(pydicom.uid.UID(uid).is_valid for pair in uids for uid in pair)


@pytest.mark.parametrize(
    "name",
    [
        "chrArab",
        "chrFren",
        "chrFrenMulti",
        "chrGerm",
        "chrGreek",
        "chrH31",
        "chrH32",
        "chrHbrw",
        "chrI2",
        "chrJapMulti",
        "chrJapMultiExplicitIR6",
        "chrKoreanMulti",
        "chrRuss",
        "chrX1",
        "chrX2",
        "chrSQEncoding",
        "chrSQEncoding1",
    ],
)
def test_names_in_every_character_set(
    predictor: Predictor, judged: Prediction, tmp_path: Path, name: str
) -> None:
    source = pydicom.dcmread(pydicom.data.get_charset_files(f"{name}.dcm")[0])
    values = {key: PATIENT[key] for key in ("StudyInstanceUID", "SeriesInstanceUID")}
    content = film(
        SpecificCharacterSet=source.get("SpecificCharacterSet"),
        PatientName=str(source.get("PatientName", "")),
        **values,
    )
    before = str(pydicom.dcmread(BytesIO(content)).PatientName)
    for path in on_disk(answered(predictor, judged, content), tmp_path):
        assert str(pydicom.dcmread(path).PatientName) == before
        assert dciodvfy_errors(path) == []


DAMAGED: dict[str, dict[str, Any]] = {
    "sex": {"PatientSex": "X"},
    "date": {"StudyDate": "01.02.26"},
    "day of birth": {"PatientBirthDate": "20261399"},
    "time": {"StudyTime": "noon"},
    "long number": {"AccessionNumber": "1234567890123456789"},
    "name of five parts": {"PatientName": "a^b^c^d^e^f=1=2=3"},
    "character set": {"SpecificCharacterSet": "KLINGON"},
    "age": {"PatientAge": "six"},
    "weight": {"PatientWeight": "heavy"},
}


@pytest.mark.parametrize("changes", DAMAGED.values(), ids=DAMAGED)
@pytest.mark.filterwarnings("ignore")
def test_damaged_values_of_the_film_do_not_reach_the_answer(
    predictor: Predictor, judged: Prediction, tmp_path: Path, changes: dict[str, Any]
) -> None:
    mode = pydicom.config.settings.writing_validation_mode
    pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
    pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE
    try:
        content = film(**{key: v for key, v in changes.items() if key != "PatientWeight"})
    finally:
        pydicom.config.settings.writing_validation_mode = mode
        pydicom.config.settings.reading_validation_mode = pydicom.config.WARN
    for path in on_disk(answered(predictor, judged, content), tmp_path):
        assert dciodvfy_errors(path) == []


def test_a_film_without_identifiers_is_named() -> None:
    for name in ("StudyInstanceUID", "SeriesInstanceUID"):
        for value in (None, "", "no uid", "1" * 65):
            content = film(**{name: value})
            assert missing_identifier(read_header(content)) == name
    assert missing_identifier(read_header(film())) is None


def test_the_capture_is_readable_on_a_1024_pixel_display(
    predictor: Predictor, judged: Prediction, tmp_path: Path
) -> None:
    many = judged.model_copy(update={"decision": "abstain", "reasons": tuple(REASONS)[:6]})
    for shape in ((1024, 300), (300, 1024), (1024, 1024), (1, 1024)):
        view = replace(judged.view, preview=np.resize(chest(1024) >> 4, shape).astype(np.uint8))
        drawn = picture(many.model_copy(update={"view": view}), predictor.card)
        assert max(drawn.size) <= 1024
    path = on_disk(answered(predictor, judged, film()), tmp_path)[1]
    seen = as_picture(path)
    made = pydicom.dcmread(path)
    assert np.array_equal(seen, made.pixel_array)
    # Yellow letters of the notice, and colours of the map on the film below.
    assert np.ptp(seen.astype(int), axis=2).max() > 100


def test_nothing_is_said_of_the_patient(tmp_path: Path) -> None:
    """highdicom warns of such names, and quotes them."""
    (tmp_path / "film.dcm").write_bytes(film(PatientName="Einname", PatientID=""))
    code = (
        "import logging, sys; from datetime import datetime; from pathlib import Path\n"
        "logging.basicConfig(level=logging.DEBUG)\n"
        "from radistill.node.film_header import read_header\n"
        "from radistill.node.structured_report import structured_report\n"
        "from radistill.schema.prediction import ModelIdentity, Prediction\n"
        "model = ModelIdentity(name='m', version='1', sha256='0' * 64)\n"
        "one = Prediction(path='', sha256='', label='A', probability=0.5, threshold=0.5,\n"
        "    decision='a', reasons=(), heatmap=None, model=model, ms=1)\n"
        "header = read_header(Path(sys.argv[1]).read_bytes())\n"
        "print(structured_report(header, one, 'A', datetime.now()).PatientName)"
    )
    command = [sys.executable, "-W", "always", "-c", code, str(tmp_path / "film.dcm")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout.strip() == "Einname", done.stderr
    assert "Einname" not in done.stderr
    assert PATIENT["StudyInstanceUID"] not in done.stderr


@pytest.mark.parametrize("name", ["RG1_UNCR.dcm", "RG3_UNCI.dcm"])
def test_real_headers(predictor: Predictor, judged: Prediction, tmp_path: Path, name: str) -> None:
    content = shipped(name)
    for path in on_disk(answered(predictor, judged, content), tmp_path):
        assert dciodvfy_errors(path) == []


def test_the_walk_sees_what_is_missing(predictor: Predictor, judged: Prediction) -> None:
    """Each item taken away, or with another type or relationship, makes the walk fail."""
    header = read_header(film(PatientOrientation=["L", "F"]))

    def report() -> Dataset:
        return answer_film(header, judged, predictor.card, AT).report

    walk(report(), header)
    for change in ("relationship", "remove"):
        for depth, name in ((0, "121058"), (0, "126010"), (1, "122157"), (1, "112040")):
            made = report()
            content = made.ContentSequence
            if depth:
                outer = next(one for one in content if coded(one)[0] == "126010")
                content = outer.ContentSequence[0].ContentSequence
            at = next(i for i, one in enumerate(content) if coded(one)[0] == name)
            if change == "remove":
                del content[at]
            else:
                content[at].RelationshipType = "INFERRED FROM"
            with pytest.raises(AssertionError):
                walk(made, header)
