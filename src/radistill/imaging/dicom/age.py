"""The patient's age in years, from PatientAge as files really write it, or from dates."""

import re
from datetime import date

from pydicom import Dataset

from radistill.imaging.dicom.parse import text_of

# PS3.5 has three digits and Y, M, W or D. Files also have "62", "51 Y", "42.0" and "45 years".
_AGE = re.compile(
    r"\+?(\d+(?:[.,]\d+)?) *(Y(?:(?:EA)?RS?|\.?O)?|M(?:OS?|ONS?|THS?|ONTHS?)?|W(?:(?:EE)?KS?)?"
    r"|D(?:AYS?)?)\.?(?: OLD)?",
    re.ASCII,
)
_UNIT_FIRST = re.compile(r"([YMWD]) *(\d+)", re.ASCII)
_NUMBER = re.compile(r"\+?(\d+(?:[.,]\d+)?)", re.ASCII)
_YEARS = {"Y": 1.0, "M": 1 / 12, "W": 7 / 365.25, "D": 1 / 365.25}
_OLDEST = 130
_MONTHS = 24  # up to here a number alone may be the months, weeks or days of a small child

_DATE = re.compile(r"(\d{4})[.\-/]?(\d\d)[.\-/]?(\d\d)", re.ASCII)
TAKEN = ("StudyDate", "AcquisitionDate", "AcquisitionDateTime", "SeriesDate", "ContentDate")


def read_age(dataset: Dataset) -> tuple[float | None, bool]:
    """(years to one decimal or None, whether an age is there that cannot be read).

    PatientAge where it names its unit; else the dates of birth and of the film, the first of
    `TAKEN` that is one; else a number alone, which means years from 25 up.
    """
    said, born = text_of(dataset, "PatientAge"), text_of(dataset, "PatientBirthDate")
    dates = (_date(text_of(dataset, keyword)[:10]) for keyword in TAKEN)
    taken = next((day for day in dates if day), None)
    years = _with_unit(said)
    if years is None:
        years = _between(_date(born), taken)
    if years is None:
        years = _without_unit(said)
    if years is None:
        return None, bool(said or (born and taken))
    return round(years, 1), False


def _with_unit(text: str) -> float | None:
    age = _AGE.fullmatch(_UNIT_FIRST.sub(r"\2\1", text))
    return _possible(_number(age[1]) * _YEARS[age[2][0]]) if age else None


def _without_unit(text: str) -> float | None:
    age = _NUMBER.fullmatch(text)
    return _possible(_number(age[1])) if age and _number(age[1]) > _MONTHS else None


def _number(text: str) -> float:
    return float(text.replace(",", "."))


def _between(born: date | None, taken: date | None) -> float | None:
    return _possible((taken - born).days / 365.25) if born and taken else None


def _possible(years: float) -> float | None:
    return years if 0 <= years <= _OLDEST else None


def _date(text: str) -> date | None:
    parts = _DATE.match(text)
    try:
        return date(*map(int, parts.groups())) if parts else None
    except ValueError:
        return None
