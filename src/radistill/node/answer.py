"""A film and its prediction -> the objects that go to the PACS."""

from datetime import datetime
from typing import NamedTuple

import numpy as np
from pydicom import Dataset
from pydicom.uid import DigitalXRayImageStorageForPresentation
from pydicom.valuerep import DT

from radistill.node.answer_uids import answer_uid
from radistill.node.film_header import IDENTIFIERS, READ_CLASSES, TYPE_2
from radistill.node.report_form import filled_report
from radistill.node.secondary_capture import secondary_capture
from radistill.node.standard_modules import keep_modules_of
from radistill.runtime.predictor import Predictor
from radistill.schema.card import Card
from radistill.schema.prediction import ABSTAIN, Prediction, View


class Answers(NamedTuple):
    """Both stand in the film's study, each in a series of its own."""

    report: Dataset
    capture: Dataset


def answer_film(header: Dataset, prediction: Prediction, card: Card, at: datetime) -> Answers:
    """Report and capture of one film; equal arguments give equal objects.

    header: `radistill.node.film_header.read_header`. prediction: with its view
    (`Settings.views`). at: when it was judged.
    """
    keep_modules_of([*READ_CLASSES, header.SOPClassUID])
    made = Answers(
        filled_report(header, prediction, card.positive, at),
        secondary_capture(header, prediction, card, at),
    )
    for one in made:
        # highdicom takes the clock's time here, and not every character set of the standard.
        one.InstanceCreationDate, one.InstanceCreationTime = one.ContentDate, one.ContentTime
        for equipment in one.ContributingEquipmentSequence:
            equipment.ContributionDateTime = DT(at)
        if "SpecificCharacterSet" in header:
            one.SpecificCharacterSet = header.SpecificCharacterSet
    return made


def drawn_answers(predictor: Predictor) -> Answers:
    """Answers to a black film of the patient "radistill^check", for trying targets.

    The first answers of a process take a second, which no film should wait for.
    """
    card = predictor.card
    header = Dataset()
    for name, value in {
        "PatientName": "radistill^check",
        "PatientID": "radistill-check",
        "SOPClassUID": DigitalXRayImageStorageForPresentation,
        "Modality": "DX",
        "BodyPartExamined": "CHEST",
        "Rows": 64,
        "Columns": 64,
    }.items():
        setattr(header, name, value)
    for name in IDENTIFIERS:
        if name not in header:
            setattr(header, name, answer_uid("check", name))
    for name in TYPE_2:
        if name not in header:
            setattr(header, name, "")
    prediction = Prediction(
        path="",
        sha256="0" * 64,
        label=card.positive,
        probability=0.0,
        threshold=card.threshold,
        decision=ABSTAIN,
        reasons=("nearly-empty",),
        heatmap=None,
        model=predictor.model,
        ms=0.0,
        view=View(np.zeros(card.cam.size, np.float32), np.zeros((512, 512), np.uint8), np.zeros(0)),
    )
    return answer_film(header, prediction, card, datetime(2026, 1, 1))
