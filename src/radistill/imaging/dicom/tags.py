"""DICOM tags of the population: age, body part, view; none that identifies the patient."""

import re
from datetime import date
from typing import Any

from pydicom import Dataset

from radistill.imaging.dicom.parse import code_string

_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
_CODE = re.compile(r"[A-Z0-9 _]{1,16}")  # VR CS: anything else is free text in the wrong place
_OLDEST = 130


def population_tags(dataset: Dataset) -> dict[str, Any]:
    """age_years (one decimal), body_part, view, modality and photometric; None where unknown.

    The age is PatientAge, else from the dates of birth and of the study, which are not passed on.
    """
    return {
        "age_years": _age(dataset),
        "body_part": _code(dataset, "BodyPartExamined"),
        "view": _code(dataset, "ViewPosition"),
        "modality": _code(dataset, "Modality"),
        "photometric": _code(dataset, "PhotometricInterpretation"),
    }


def _code(dataset: Dataset, keyword: str) -> str | None:
    text = code_string(dataset, keyword)
    return text if _CODE.fullmatch(text) else None


def _age(dataset: Dataset) -> float | None:
    age = re.fullmatch(r"(\d{1,3})([YMWD])", code_string(dataset, "PatientAge"))
    if age:
        years = int(age[1]) * _YEARS[age[2]]
    else:
        born, studied = _date(dataset, "PatientBirthDate"), _date(dataset, "StudyDate")
        if born is None or studied is None:
            return None
        years = (studied - born).days / 365.25
    return round(years, 1) if 0 <= years <= _OLDEST else None


def _date(dataset: Dataset, keyword: str) -> date | None:
    text = code_string(dataset, keyword)
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{8}", text) else None
    except ValueError:
        return None
