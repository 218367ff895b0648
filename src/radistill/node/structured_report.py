"""A prediction as a structured report by template 1500, Measurement Report (PS3.16)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from highdicom import sr
from highdicom.coding_schemes import CodingSchemeIdentificationItem
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code

from radistill.node.answer_uids import MANUFACTURER, NOTICE, answer_uid
from radistill.runtime.decision import REASONS
from radistill.schema.prediction import ABSTAIN, Prediction

SCHEME = "99RADISTILL"
DECISION = Code("decision", SCHEME, "Decision at the threshold")
REASON = Code("abstention", SCHEME, "Reason to abstain")
PRESENT = Code("52101004", "SCT", "Present")
ABSENT = Code("2667000", "SCT", "Absent")
INDETERMINATE = Code("82334004", "SCT", "Indeterminate")
_PROCEDURE = Code("399208008", "SCT", "Plain chest X-ray")
_NO_UNITS = Code("1", "UCUM", "no units")
_FINDINGS = {"pneumonia": Code("233604007", "SCT", "Pneumonia")}


def finding_code(name: str) -> Code:
    """The code of a bundle's positive class; one of the private scheme where none is known."""
    key = name.strip().lower()
    return _FINDINGS.get(key, Code(key.replace(" ", "-"), SCHEME, name))


def series_of(header: Dataset, prediction: Prediction, kind: str, number: int) -> dict[str, Any]:
    """Series, instance and device of an answer, as highdicom's classes take them.

    kind: report or capture. number: of the series. The UIDs follow from the film and the model.
    """
    film, model = header.SOPInstanceUID, prediction.model
    return {
        "series_instance_uid": answer_uid(f"{kind} series", film, model.sha256),
        "series_number": number,
        "sop_instance_uid": answer_uid(kind, film, model.sha256),
        "instance_number": 1,
        "manufacturer": MANUFACTURER,
        "manufacturer_model_name": f"{model.name} (not for diagnostic use)"[:64],
        "software_versions": model.version,
        "device_serial_number": model.sha256,
    }


def structured_report(
    header: Dataset, prediction: Prediction, positive: str, at: datetime
) -> sr.EnhancedSR:
    """An Enhanced SR in a series of its own in the film's study.

    header: `radistill.node.film_header.read_header`. positive: the class whose probability is
    reported. at: date and time of content and creation.
    """
    report = sr.MeasurementReport(
        observation_context=_observer(prediction),
        procedure_reported=_PROCEDURE,
        imaging_measurements=[_group(header, prediction, positive)],
        title=codes.DCM.ImagingMeasurementReport,
        referenced_images=[_library_entry(header)],
    )
    _describe(report[0].ContentSequence, header)
    _separate(report[0])
    return sr.EnhancedSR(
        evidence=[header],
        content=report[0],
        **series_of(header, prediction, "report", 9001),
        series_description="AI report, not for diagnostic use",
        is_complete=True,
        is_final=False,
        is_verified=False,
        content_date=at.date(),
        content_time=at.time(),
        specific_character_set=None,
        coding_schemes=[
            CodingSchemeIdentificationItem(
                SCHEME, name="radistill", responsible_organization=MANUFACTURER
            )
        ],
    )


def _separate(item: Dataset) -> None:
    """Say that items stand by themselves: viewers run them together without names otherwise."""
    if item.ValueType == "CONTAINER":
        item.ContinuityOfContent = "SEPARATE"
    for one in item.get("ContentSequence", ()):
        _separate(one)


def _observer(prediction: Prediction) -> sr.ObservationContext:
    model = prediction.model
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=answer_uid("device", model.sha256),
        name="radistill, not for diagnostic use",
        manufacturer_name=MANUFACTURER,
        model_name=model.name,
        serial_number=model.sha256,
    )
    return sr.ObservationContext(
        observer_device_context=sr.ObserverContext(codes.DCM.Device, device)
    )


def reported_probability(prediction: Prediction) -> float:
    """In the digits that are written everywhere."""
    return float(str(prediction.record()["probability"]))


def _group(
    header: Dataset, prediction: Prediction, positive: str
) -> sr.MeasurementsAndQualitativeEvaluations:
    """TID 1501: finding, probability and threshold, decision, reasons, algorithm, film."""
    model, finding = prediction.model, finding_code(positive)
    group = sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(
            uid=answer_uid("tracking", header.SOPInstanceUID, model.sha256),
            identifier=f"{finding.meaning} on the film as a whole",
        ),
        finding_type=finding,
        algorithm_id=sr.AlgorithmIdentification(
            name=model.name,
            version=model.version,
            parameters=[f"model sha256 {model.sha256}", f"threshold {prediction.threshold!r}"],
        ),
        measurements=[
            sr.Measurement(codes.DCM.Probability, reported_probability(prediction), _NO_UNITS),
            sr.Measurement(codes.DCM.ThresholdValue, prediction.threshold, _NO_UNITS),
        ],
        qualitative_evaluations=list(_evaluations(prediction, positive)),
        source_images=[
            sr.SourceImageForMeasurementGroup(header.SOPClassUID, header.SOPInstanceUID)
        ],
    )
    group[0].ContentSequence.append(
        sr.TextContentItem(codes.DCM.Comment, NOTICE, sr.RelationshipTypeValues.CONTAINS)
    )
    return group


def _evaluations(prediction: Prediction, positive: str) -> Iterator[sr.QualitativeEvaluation]:
    decision = PRESENT if prediction.label == positive else ABSENT
    if prediction.decision == ABSTAIN:
        decision = INDETERMINATE
    yield sr.QualitativeEvaluation(DECISION, decision)
    for reason in prediction.reasons:
        yield sr.QualitativeEvaluation(REASON, Code(reason, SCHEME, REASONS[reason]))


def _library_entry(header: Dataset) -> Dataset:
    """The film for the image library (TID 1600).

    highdicom reads orientation and spacing of CR and DX unguarded, and many films lack them: it
    gets a modality by which it reads neither, and `_describe` adds those that there are.
    """
    entry = Dataset()
    entry.update(header)
    entry.Modality = "OT"
    return entry


def _describe(content: Sequence[Dataset], header: Dataset) -> None:
    """Add rows of TID 1603 that the film has: orientation and spacing, each if present."""
    library = next(item for item in content if item.name == codes.DCM.ImageLibrary)
    image = library.ContentSequence[0].ContentSequence[0]
    context = sr.RelationshipTypeValues.HAS_ACQ_CONTEXT
    orientation = header.get("PatientOrientation", ())
    for name, value in zip(("Row", "Column"), orientation, strict=False):
        concept = getattr(codes.DCM, f"PatientOrientation{name}")
        image.ContentSequence.append(sr.TextContentItem(concept, value, context))
    spacing = reversed(header.get("ImagerPixelSpacing", ()))  # rows apart, then columns apart
    for name, size in zip(("Horizontal", "Vertical"), spacing, strict=False):
        concept = getattr(codes.DCM, f"{name}PixelSpacing")
        item = sr.NumContentItem(concept, float(size), codes.UCUM.Millimeter, None, context)
        image.ContentSequence.append(item)
