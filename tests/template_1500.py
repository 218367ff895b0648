"""An own walk of a report by template 1500 (PS3.16): rows, types, relationships and order.

Written from the standard's tables, without highdicom, which made the report.
"""

from __future__ import annotations

from typing import Any

from pydicom import Dataset

# (concept, value type, relationship, least, most); in the order of the template.
ROOT = [  # TID 1500 with TID 1204, 1002 and 1600
    ("121049", "CODE", "HAS CONCEPT MOD", 1, 1),  # language
    ("121005", "CODE", "HAS OBS CONTEXT", 1, 1),  # observer type
    ("121012", "UIDREF", "HAS OBS CONTEXT", 1, 1),  # TID 1004, device observer UID
    ("121013", "TEXT", "HAS OBS CONTEXT", 0, 1),
    ("121014", "TEXT", "HAS OBS CONTEXT", 0, 1),
    ("121015", "TEXT", "HAS OBS CONTEXT", 0, 1),
    ("121016", "TEXT", "HAS OBS CONTEXT", 0, 1),
    ("121058", "CODE", "HAS CONCEPT MOD", 1, 9),  # procedure reported
    ("111028", "CONTAINER", "CONTAINS", 0, 1),  # image library
    ("126010", "CONTAINER", "CONTAINS", 1, 1),  # imaging measurements
]
GROUP = [  # TID 1501 with TID 4019
    ("112039", "TEXT", "HAS OBS CONTEXT", 1, 1),  # tracking identifier
    ("112040", "UIDREF", "HAS OBS CONTEXT", 1, 1),
    ("121071", "CODE", "CONTAINS", 1, 1),  # finding
    ("111001", "TEXT", "HAS CONCEPT MOD", 1, 1),  # algorithm name
    ("111003", "TEXT", "HAS CONCEPT MOD", 1, 1),
    ("111002", "TEXT", "HAS CONCEPT MOD", 1, 9),
    ("122157", "NUM", "CONTAINS", 1, 1),  # probability
    ("122411", "NUM", "CONTAINS", 1, 1),  # threshold
    ("decision", "CODE", "CONTAINS", 1, 1),
    ("abstention", "CODE", "CONTAINS", 0, 99),
    ("121112", "IMAGE", "CONTAINS", 1, 1),  # source of measurement
    ("121106", "TEXT", "CONTAINS", 1, 1),  # comment: the extension that the template allows
]
ENTRY = [  # TID 1601 with TID 1602 and 1603
    ("121139", "CODE", "HAS ACQ CONTEXT", 1, 1),
    ("110910", "NUM", "HAS ACQ CONTEXT", 1, 1),
    ("110911", "NUM", "HAS ACQ CONTEXT", 1, 1),
    ("111044", "TEXT", "HAS ACQ CONTEXT", 0, 1),
    ("111043", "TEXT", "HAS ACQ CONTEXT", 0, 1),
    ("111026", "NUM", "HAS ACQ CONTEXT", 0, 1),
    ("111066", "NUM", "HAS ACQ CONTEXT", 0, 1),
]


def coded(item: Dataset, sequence: str = "ConceptNameCodeSequence") -> tuple[str, str]:
    """(value, scheme) of a code; long values stand in an element of their own."""
    (code,) = item[sequence].value
    assert code.CodeMeaning
    assert ("CodeValue" in code) != ("LongCodeValue" in code)
    value = code.get("CodeValue") or code.LongCodeValue
    assert ("LongCodeValue" in code) == (len(value) > 16)
    return value, code.CodingSchemeDesignator


def walk(report: Dataset, film: Dataset) -> dict[str, Any]:
    """The values of the rows. AssertionError where a row is missing, wrong or out of order."""
    assert report.ValueType == "CONTAINER"
    assert report.ContinuityOfContent == "SEPARATE"  # else viewers leave out the names of items
    assert coded(report) == ("126000", "DCM")
    (template,) = report.ContentTemplateSequence
    assert (template.MappingResource, template.TemplateIdentifier) == ("DCMR", "1500")
    root = _rows(report.ContentSequence, ROOT)
    assert coded(root["121005"][0], "ConceptCodeSequence") == ("121007", "DCM")
    _library(root["111028"], film)
    (group,) = root["126010"][0].ContentSequence
    assert coded(group) == ("125007", "DCM")
    assert group.ContinuityOfContent == "SEPARATE"
    assert group.ContentTemplateSequence[0].TemplateIdentifier == "1501"
    rows = _rows(group.ContentSequence, GROUP)
    _refers(rows["121112"][0], film)
    schemes = {item.CodingSchemeDesignator for item in report.CodingSchemeIdentificationSequence}
    assert "99RADISTILL" in schemes
    return {
        "probability": _number(rows["122157"][0], "1"),
        "threshold": _number(rows["122411"][0], "1"),
        "decision": coded(rows["decision"][0], "ConceptCodeSequence"),
        "reasons": [coded(one, "ConceptCodeSequence")[0] for one in rows["abstention"]],
        "algorithm": (rows["111001"][0].TextValue, rows["111003"][0].TextValue),
        "parameters": [one.TextValue for one in rows["111002"]],
        "notice": rows["121106"][0].TextValue,
    }


def _rows(
    items: list[Dataset], template: list[tuple[str, str, str, int, int]]
) -> dict[str, list[Dataset]]:
    order = [concept for concept, *_ in template]
    found: dict[str, list[Dataset]] = {concept: [] for concept in order}
    last = 0
    for item in items:
        value, _ = coded(item)
        assert value in found, f"{value} is no row here"
        assert order.index(value) >= last, f"{value} is out of order"
        last = order.index(value)
        found[value].append(item)
    for concept, kind, relationship, least, most in template:
        assert least <= len(found[concept]) <= most, f"{len(found[concept])} of {concept}"
        for item in found[concept]:
            assert (item.ValueType, item.RelationshipType) == (kind, relationship), concept
    return found


def _library(library: list[Dataset], film: Dataset) -> None:
    (group,) = library[0].ContentSequence
    assert coded(group) == ("126200", "DCM")
    (image,) = group.ContentSequence
    _refers(image, film)
    rows = _rows(image.ContentSequence, ENTRY)
    assert _number(rows["110910"][0], "{pixels}") == film.Rows
    assert _number(rows["110911"][0], "{pixels}") == film.Columns
    orientation = film.get("PatientOrientation") or []
    both = len(orientation) == 2 and all(orientation)
    said = [row[0].TextValue for row in (rows["111044"], rows["111043"]) if row]
    assert said == (list(orientation) if both else [])
    spacing = film.get("ImagerPixelSpacing") or []
    spacing = [] if isinstance(spacing, float) else spacing
    sizes = [_number(row[0], "mm") for row in (rows["111066"], rows["111026"]) if row]
    assert sizes == [float(size) for size in spacing]


def _refers(item: Dataset, film: Dataset) -> None:
    (reference,) = item.ReferencedSOPSequence
    assert reference.ReferencedSOPInstanceUID == film.SOPInstanceUID
    assert reference.ReferencedSOPClassUID == film.SOPClassUID


def _number(item: Dataset, unit: str) -> float:
    (measured,) = item.MeasuredValueSequence
    assert coded(measured, "MeasurementUnitsCodeSequence") == (unit, "UCUM")
    return float(measured.NumericValue)
