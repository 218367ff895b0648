"""The options of a prediction, declared once for the command line, the HTTP API and Python.

Without numpy, which the command line imports only after its decoding processes have started.
"""

from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from radistill.errors import UsageError

Options = TypeVar("Options", bound=BaseModel)
Precision = Literal["auto", "float32"]
ResultFormat = Literal["table", "jsonl", "csv"]


class PredictionOptions(BaseModel):
    """How to decide, as a user may say it."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    threshold: float | None = Field(None, ge=0, le=1, description="Instead of the model's own.")
    sensitivity: float | None = Field(
        None, ge=0, le=1, description="Take the card's operating point: 0.90, 0.95, 0.99."
    )
    band: float = Field(0.0, ge=0, le=1, description="Abstain this near to the threshold.")
    any_population: bool = Field(
        False, description="Do not check DICOM age, body part, view and modality."
    )
    sketch: bool = Field(
        False,
        description="Store time and a sketch of the embedding with each result, for monitoring.",
    )


def parse_options(model: type[Options], values: Mapping[str, Any]) -> Options:
    """Options from plain values; UsageError names the one that is wrong."""
    try:
        return model(**values)
    except ValidationError as error:
        problem = error.errors()[0]
        raise UsageError(f"{problem['loc'][0]}: {problem['msg']}") from None
