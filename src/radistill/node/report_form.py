"""Reports filled into forms: by highdicom alone one takes as long as decoding a large film."""

from collections.abc import Iterator, Set
from datetime import datetime
from functools import lru_cache
from io import BytesIO
from typing import Any, NamedTuple

from pydicom import Dataset, dcmread, dcmwrite

from radistill.node.answer_uids import answer_uid
from radistill.node.film_header import COPIED, TYPE_2
from radistill.node.structured_report import reported_probability, structured_report
from radistill.schema.prediction import Prediction

# What highdicom reads of a film, but for what is filled in; pydicom copies what keeps its encoding.
_KIND = """
SpecificCharacterSet SOPClassUID Modality PatientOrientation ImagerPixelSpacing Manufacturer
ManufacturerModelName
"""
# What stands in a form in place of a film's own values; no report has these otherwise.
_STUDY, _SERIES, _FILM = "1.1", "1.2", "1.3"
_PROBABILITY, _ROWS, _COLUMNS = 987_654.0, 65_534, 65_533
_FORMS = 64  # kept: one for each kind of film, decision and reasons

_Place = tuple[tuple[str | int, ...], str, str | float]


class _Form(NamedTuple):
    """file: of a report of nobody's film. places: way to an item, keyword, and what stands there
    in place of the film's value."""

    file: bytes
    places: tuple[_Place, ...]


def filled_report(header: Dataset, prediction: Prediction, positive: str, at: datetime) -> Dataset:
    """What `structured_report` gives, of a form that films of a kind with like answers share."""
    kind = Dataset()
    for name in _KIND.split():
        if name in header:
            kind[name] = header[name]
    blank = {"path": "", "sha256": "", "probability": _PROBABILITY, "heatmap": None, "ms": 0.0}
    told = prediction.model_copy(update={**blank, "view": None, "sketch": None})
    form = _form(kind.to_json(), told, positive)
    report = dcmread(BytesIO(form.file))
    for name in COPIED.split():
        if name in header:
            report[name] = header[name]
    values = _values(header, prediction)
    for way, keyword, placeholder in form.places:
        item: Any = report
        for step in way:
            item = item[step].value if isinstance(step, str) else item[step]
        setattr(item, keyword, values[placeholder])
    report.file_meta.MediaStorageSOPInstanceUID = report.SOPInstanceUID
    report.ContentDate, report.ContentTime = at.date(), at.time()
    return report


def _values(header: Dataset, prediction: Prediction) -> dict[str | float, str | float]:
    """What a film has for each placeholder."""
    film, sha256 = header.SOPInstanceUID, prediction.model.sha256
    own: dict[str | float, str | float] = {
        answer_uid(kind, _FILM, sha256): answer_uid(kind, film, sha256)
        for kind in ("report", "report series", "tracking")
    }
    return {
        **own,
        _FILM: film,
        _SERIES: header.SeriesInstanceUID,
        _STUDY: header.StudyInstanceUID,
        _ROWS: header.Rows,
        _COLUMNS: header.Columns,
        _PROBABILITY: reported_probability(prediction),
    }


@lru_cache(_FORMS)
def _form(kind: str, told: Prediction, positive: str) -> _Form:
    """kind: DICOM JSON of a header's elements `_KIND`."""
    header = Dataset.from_json(kind)
    for name in TYPE_2:
        setattr(header, name, "")
    header.StudyInstanceUID, header.SeriesInstanceUID = _STUDY, _SERIES
    header.SOPInstanceUID, header.Rows, header.Columns = _FILM, _ROWS, _COLUMNS
    report, file = structured_report(header, told, positive, datetime(2000, 1, 1)), BytesIO()
    if "SpecificCharacterSet" in header:
        report.SpecificCharacterSet = header.SpecificCharacterSet
    dcmwrite(file, report, enforce_file_format=True)
    return _Form(file.getvalue(), tuple(_places(report, set(_values(header, told)), ())))


def _places(
    item: Dataset, placeholders: Set[str | float], way: tuple[str | int, ...]
) -> Iterator[_Place]:
    for element in item:
        if element.VR == "SQ":
            for number, one in enumerate(element.value):
                yield from _places(one, placeholders, (*way, element.keyword, number))
        elif element.VR in ("UI", "DS", "FD") and element.VM == 1:
            value = str(element.value) if element.VR == "UI" else float(element.value)
            if value in placeholders:
                yield way, element.keyword, value
