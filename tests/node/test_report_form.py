"""A filled form is, byte for byte, the report that highdicom makes of the film."""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any

import pydicom
import pytest
from pydicom import Dataset

from node_peers import film
from radistill.node.film_header import read_header
from radistill.node.report_form import filled_report
from radistill.node.structured_report import structured_report
from radistill.runtime.decision import REASONS
from radistill.schema.prediction import ModelIdentity, Prediction

AT = datetime(2026, 1, 2, 10, 20, 30, 400)
MODEL = ModelIdentity(name="lite0-pneumonia", version="1", sha256="0" * 64)
FILMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "oriented": {"PatientOrientation": ["L", "F"], "ImagerPixelSpacing": [0.14, 0.15]},
    "made": {"Manufacturer": "Maker", "ManufacturerModelName": "One", "Modality": "CR"},
    "kana": {"SpecificCharacterSet": ["", "ISO 2022 IR 87"], "PatientName": "Yamada=山田"},
    "no charset": {"SpecificCharacterSet": None, "PatientName": "A", "ReferringPhysicianName": ""},
    "more of the patient": {"PatientSize": "1.7", "PatientWeight": "70", "PatientComments": "x"},
    "no date": {"StudyDate": "", "StudyTime": None, "StudyID": None},
}


def content(report: Dataset, header: Dataset) -> bytes:
    """As `answer_film` leaves it, but for the time at which it was made."""
    report.InstanceCreationDate, report.InstanceCreationTime = AT.date(), AT.time()
    for equipment in report.ContributingEquipmentSequence:
        equipment.ContributionDateTime = AT
    if "SpecificCharacterSet" in header:
        report.SpecificCharacterSet = header.SpecificCharacterSet
    file = BytesIO()
    pydicom.dcmwrite(file, report, enforce_file_format=True)
    return file.getvalue()


@pytest.mark.parametrize("changes", FILMS.values(), ids=FILMS)
def test_a_filled_form_equals_the_report_of_highdicom(changes: dict[str, Any]) -> None:
    for number, (probability, decision) in enumerate(
        [(0.5, "normal"), (0.1234567, "pneumonia"), (1e-7, "abstain"), (1.0, "normal"), (0.0, "x")]
    ):
        header = read_header(film(number, **changes))
        reasons = tuple(REASONS)[:number] if decision == "abstain" else ()
        one = Prediction(
            path=str(number),
            sha256=f"{number}",
            label="PNEUMONIA" if decision == "pneumonia" else "NORMAL",
            probability=probability,
            threshold=0.5,
            decision=decision,
            reasons=reasons,
            heatmap=None,
            model=MODEL,
            ms=float(number),
        )
        made = [make(header, one, "PNEUMONIA", AT) for make in (structured_report, filled_report)]
        assert content(made[1], header) == content(made[0], header)
