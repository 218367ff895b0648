"""DICOM tags of the population: age, body part, view; none that identifies the patient."""

import re
from typing import Any

from pydicom import Dataset

from radistill.imaging.dicom.age import read_age
from radistill.imaging.dicom.parse import code_string

_CODE = re.compile(r"[A-Z0-9 _]{1,16}")  # VR CS: anything else is free text in the wrong place


def population_tags(dataset: Dataset) -> dict[str, Any]:
    """age_years, age_unreadable, body_part, view, modality and photometric; None where unknown.

    The dates that an age comes from are not passed on.
    """
    years, unreadable = read_age(dataset)
    return {
        "age_years": years,
        "age_unreadable": unreadable,
        "body_part": _code(dataset, "BodyPartExamined"),
        "view": _code(dataset, "ViewPosition"),
        "modality": _code(dataset, "Modality"),
        "photometric": _code(dataset, "PhotometricInterpretation"),
    }


def _code(dataset: Dataset, keyword: str) -> str | None:
    text = code_string(dataset, keyword)
    return text if _CODE.fullmatch(text) else None
