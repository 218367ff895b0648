"""A prediction as a picture for any viewer: film, heat map, decision and notice burnt in."""

import math
from datetime import datetime
from functools import lru_cache

import numpy as np
from highdicom.sc import SCImage
from PIL import Image, ImageDraw, ImageFont
from pydicom import Dataset

from radistill.node.answer_uids import NOTICE
from radistill.node.structured_report import series_of
from radistill.runtime.decision import REASONS
from radistill.runtime.heatmap import overlay
from radistill.schema.card import Card
from radistill.schema.prediction import ABSTAIN, Prediction

SIDE = 1024  # pixels of the longer side: a display's height
_KEPT = """
BurnedInAnnotation LossyImageCompression LossyImageCompressionRatio LossyImageCompressionMethod
"""
_TEXT, _LINE = 22, 30  # height of letters and of lines, in pixels


def secondary_capture(header: Dataset, prediction: Prediction, card: Card, at: datetime) -> SCImage:
    """A Secondary Capture Image in a series of its own in the film's study, RGB, uncompressed.

    header: `radistill.node.film_header.read_header`. prediction: with its view.
    """
    film, model = header.SOPInstanceUID, prediction.model
    made = SCImage(
        pixel_array=np.asarray(picture(prediction, card)),
        photometric_interpretation="RGB",
        bits_allocated=8,
        coordinate_system="PATIENT",
        # Required by highdicom; replaced by the film's below, which may have none.
        patient_orientation=("L", "F"),
        study_instance_uid=header.StudyInstanceUID,
        **series_of(header, prediction, "capture", 9002),
        series_description="AI heat map, not for diagnostic use",
        content_date=at.date(),
        content_time=at.time(),
    )
    made.copy_patient_and_study_information(header)
    made.PatientOrientation = header.get("PatientOrientation", "")
    # Laterality is for paired body parts, empty where they are unknown, and not for others.
    if header.get("BodyPartExamined") == "CHEST":
        made.BodyPartExamined = "CHEST"
    else:
        made.Laterality = header.get("Laterality", "")
    for name in _KEPT.split():
        if name in header:
            made[name] = header[name]
    source = Dataset()
    source.ReferencedSOPClassUID, source.ReferencedSOPInstanceUID = header.SOPClassUID, film
    made.SourceImageSequence = [source]
    made.DerivationDescription = f"Film with class activation map of {model.name}. {NOTICE}"
    made.DateOfSecondaryCapture, made.TimeOfSecondaryCapture = made.ContentDate, made.ContentTime
    return made


def in_words(prediction: Prediction, positive: str) -> list[str]:
    """The decision for people, a line each: what, how probable, why not."""
    name = positive.lower()
    what = f"{name}: suspected" if prediction.label == positive else f"{name}: not suspected"
    if prediction.decision == ABSTAIN:
        what = "no answer: the model abstains"
    digits = f"probability {prediction.probability:.3f}, threshold {prediction.threshold:.3f}"
    reasons = [f"- {REASONS[reason]}" for reason in prediction.reasons]
    model = prediction.model
    return [
        what,
        *reasons,
        digits,
        f"{model.name} {model.version}, model {model.sha256[:12]}",
        NOTICE,
    ]


@lru_cache(256)  # most lines are those of other films, too
def _written(line: str, marked: bool) -> Image.Image:
    """A line of text on black."""
    font = ImageFont.load_default(size=_TEXT)
    made = Image.new("RGB", (math.ceil(font.getlength(line)), _LINE))
    ImageDraw.Draw(made).text((0, 0), line, "#ffd34d" if marked else "white", font)
    return made


def picture(prediction: Prediction, card: Card) -> Image.Image:
    """The film with its map, and the decision in words above; RGB, at most `SIDE` on a side."""
    assert prediction.view is not None
    assert prediction.view.preview is not None
    lines = in_words(prediction, card.positive)
    banner = _LINE * len(lines) + _LINE // 2
    film = Image.fromarray(prediction.view.preview)
    room = SIDE - banner - _LINE * 2  # `overlay` writes its caption below
    scale = min(SIDE / film.width, room / film.height)
    size = max(1, int(film.width * scale)), max(1, int(film.height * scale))
    film = film.resize(size, Image.Resampling.BILINEAR)
    drawn = overlay(np.asarray(film), prediction.view.cam, card.cam, "")
    written = [_written(line, line in (lines[0], NOTICE)) for line in lines]
    width = max(drawn.width, *(_LINE + line.width for line in written))
    made = Image.new("RGB", (min(width, SIDE), banner + drawn.height))
    made.paste(drawn, ((made.width - drawn.width) // 2, banner))
    for number, line in enumerate(written):
        made.paste(line, (_LINE // 2, _LINE // 4 + number * _LINE))
    return made
