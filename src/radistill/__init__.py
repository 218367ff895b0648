"""radistill: from chest X-rays to a small classifier that runs anywhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from radistill.runtime.prediction_options import Precision
    from radistill.runtime.predictor import Predictor

__version__ = "0.2.0"


def load(
    bundle: Path | str | None = None, *, precision: Precision = "auto", threads: int = 0
) -> Predictor:
    """A model ready to predict: `radistill.load("RUN/bundle").predict("film.jpeg")`.

    See `radistill.runtime.Predictor.load`.
    """
    from radistill.runtime.predictor import Predictor

    return Predictor.load(bundle, precision=precision, threads=threads)
