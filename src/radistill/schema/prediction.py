"""The result for one file: a prediction, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

ABSTAIN = "abstain"


@dataclass(frozen=True)
class ModelIdentity:
    """The model that predicted. sha256: of the ONNX file that ran."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, eq=False)
class View:
    """What a page needs to draw a film.

    cam: the class activation map, float32 (h, w). preview: of what browsers do not draw (DICOM and
    TIFF), uint8 (H, W), longest side at most 1024.
    """

    cam: np.ndarray
    preview: np.ndarray | None


@dataclass(frozen=True)
class Prediction:
    """One film.

    label: the likelier class at this threshold. probability: of the positive class, calibrated as
    the card says. decision: `label` in lower case, or "abstain" for at least one of `reasons`
    (codes; docs/predict.md explains them). heatmap: the overlay's path. ms: milliseconds of
    decoding, network and judgement; a batch is shared evenly. view: where `Settings` ask for it;
    no part of the record.
    """

    path: str
    sha256: str
    label: str
    probability: float
    threshold: float
    decision: str
    reasons: tuple[str, ...]
    heatmap: str | None
    model: ModelIdentity
    ms: float
    view: View | None = field(default=None, repr=False, compare=False)

    def record(self) -> dict[str, Any]:
        """As one JSON object."""
        return {
            "path": self.path,
            "sha256": self.sha256,
            "label": self.label,
            "probability": round(self.probability, 6),
            "threshold": self.threshold,
            "decision": self.decision,
            "reasons": list(self.reasons),
            "heatmap": self.heatmap,
            "model": vars(self.model),
            "ms": round(self.ms, 3),
        }


@dataclass(frozen=True)
class Failure:
    """A file that could not be read. code: for programs; message: for people."""

    path: str
    code: str
    message: str

    def record(self) -> dict[str, Any]:
        """As one JSON object."""
        return {"path": self.path, "error": {"code": self.code, "message": self.message}}


Result = Prediction | Failure
