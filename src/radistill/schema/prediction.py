"""The result for one file: a prediction, or why there is none. A JSON object a line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from pydantic import ConfigDict, Field, SkipValidation, field_serializer
from pydantic.json_schema import SkipJsonSchema

from radistill.schema.record import Record

ABSTAIN = "abstain"
# A name on disk need not be Unicode: what Python reads of it is passed on and escaped as JSON.
FilePath = Annotated[str, SkipValidation]


class ModelIdentity(Record):
    """The model that predicted. version: see `Card.model_version`. sha256: of the file that ran."""

    name: str
    version: str
    sha256: str


@dataclass(frozen=True, eq=False)
class View:
    """What the decision was made of, for a page that draws the film or a table that keeps it.

    cam: the class activation map, float32 (h, w). preview: of what browsers do not draw (DICOM and
    TIFF), uint8 (H, W), longest side at most 1024. embedding: float32 (D,).
    """

    cam: np.ndarray
    preview: np.ndarray | None
    embedding: np.ndarray


class _Result(Record):
    """time: when it was decided, ISO 8601 in UTC; where `Settings.sketch` asks for it."""

    model_config = ConfigDict(arbitrary_types_allowed=True)

    path: FilePath
    time: str | None = None

    def record(self) -> Mapping[str, object]:
        """As one JSON object, with the fields of docs/schemas that are set."""
        return self.model_dump(exclude_unset=True)


class Prediction(_Result):
    """One film.

    label: the likelier class at this threshold. probability: of the positive class, calibrated as
    the card says; six digits are written. decision: `label` in lower case, or "abstain" for at
    least one of `reasons` (codes; docs/predict.md explains them). heatmap: the overlay's path. ms:
    milliseconds of decoding, network and judgement; a batch is shared evenly. band,
    any_population: how it was decided, in the record where it was so asked. sketch: see
    `runtime.ood.sketches`; where `Settings` ask for it and the card has the components. view: where
    `Settings` ask for it; no part of the record.
    """

    sha256: str
    label: str
    probability: float
    threshold: float
    decision: str
    reasons: tuple[str, ...]
    heatmap: FilePath | None
    model: ModelIdentity
    ms: float
    band: float = 0.0
    any_population: bool = False
    sketch: tuple[float, ...] | None = None
    view: SkipJsonSchema[SkipValidation[View | None]] = Field(None, exclude=True, repr=False)

    def record(self) -> Mapping[str, object]:
        asked = ("band", "any_population")
        return {key: value for key, value in super().record().items() if value or key not in asked}

    @field_serializer("probability")
    def _six_digits(self, value: float) -> float:
        return round(value, 6)

    @field_serializer("sketch")
    def _short(self, value: tuple[float, ...] | None) -> list[float] | None:
        return None if value is None else [round(number, 3) for number in value]

    @field_serializer("ms")
    def _three_digits(self, value: float) -> float:
        return round(value, 3)

    @field_serializer("reasons")
    def _listed(self, value: tuple[str, ...]) -> list[str]:
        return list(value)


class Problem(Record):
    """code: for programs. message: for people."""

    code: str
    message: str


class Failure(_Result):
    """A file that could not be read."""

    error: Problem

    @classmethod
    def because(cls, path: str, code: str, message: str) -> Failure:
        return cls(path=path, error=Problem(code=code, message=message))

    @property
    def code(self) -> str:
        return self.error.code

    @property
    def message(self) -> str:
        return self.error.message


Result = Prediction | Failure
