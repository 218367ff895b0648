"""A film and its prediction -> the objects that go to the PACS."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from pydicom import Dataset
from pydicom.valuerep import DT

from radistill.node.secondary_capture import secondary_capture
from radistill.node.structured_report import structured_report
from radistill.schema.card import Card
from radistill.schema.prediction import Prediction


class Answers(NamedTuple):
    """Both stand in the film's study, each in a series of its own."""

    report: Dataset
    capture: Dataset


def answer_film(header: Dataset, prediction: Prediction, card: Card, at: datetime) -> Answers:
    """Report and capture of one film; equal arguments give equal objects.

    header: `radistill.node.film_header.read_header`. prediction: with its view
    (`Settings.views`). at: when it was judged.
    """
    made = Answers(
        structured_report(header, prediction, card.positive, at),
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
