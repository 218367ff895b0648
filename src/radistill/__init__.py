"""radistill: from chest X-rays to a small classifier that runs anywhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from radistill.runtime.prediction_options import Precision
    from radistill.runtime.predictor import Predictor

# Before ONNX Runtime is loaded: newer ones keep an id of the device in the user's cache and send
# what they count to their makers, from a hospital too.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

__version__ = "0.2.0"


def load(
    bundle: Path | str | None = None, *, precision: Precision = "auto", threads: int = 0
) -> Predictor:
    """A model ready to predict: `radistill.load("RUN/bundle").predict("film.jpeg")`.

    See `radistill.runtime.Predictor.load`.
    """
    from radistill.runtime.predictor import Predictor

    return Predictor.load(bundle, precision=precision, threads=threads)
