"""Films whose answer does not depend on the rounding of a CPU or a browser.

The INT8 network gives slightly other numbers on each; a film near a limit may be decided otherwise.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from radistill.runtime import Predictor
from radistill.schema.prediction import Prediction

MARGIN = 0.05  # of probability
LIMITS = 0.1  # share of the card's limits; the posture's is a small probability, so half of it


def sure(paths: Iterable[Path], away_from: Sequence[float]) -> dict[str, Prediction]:
    """The shipped model's predictions by file name, without those near a limit or threshold.

    away_from: thresholds that no probability may be near.
    """
    paths = list(paths)
    as_shipped, stricter, laxer = (
        list(_with_limits(scale).predict(paths, workers=1)) for scale in (1, 1 - LIMITS, 1 + LIMITS)
    )
    return {
        Path(film.path).name: film
        for film, *others in zip(as_shipped, stricter, laxer, strict=True)
        if isinstance(film, Prediction)
        if all(isinstance(o, Prediction) and o.reasons == film.reasons for o in others)
        if film.reasons or all(abs(film.probability - t) > MARGIN for t in away_from)
    }


def _with_limits(scale: float) -> Predictor:
    """The shipped model that abstains earlier (scale < 1) or later."""
    predictor = Predictor.load(threads=1)
    known = predictor.card.abstention
    assert known is not None
    limits = {
        "posture_limit": known.posture_limit * (2 if scale < 1 else 0.5 if scale > 1 else 1),
        "layout_limit": known.layout_limit * scale,
        "detector_limit": known.detector_limit * scale,
    }
    abstention = known.model_copy(update=limits)
    card = predictor.card.model_copy(update={"abstention": abstention})
    return Predictor(replace(predictor.bundle, card=card))
