"""The bodies of the API's answers, and what its OpenAPI document says of them."""

from typing import Any

from pydantic import BaseModel, Field

from radistill.page.page_bundle import BundleInfo
from radistill.schema.prediction import ModelIdentity, Problem


class ErrorBody(BaseModel):
    """Why a request was refused."""

    error: Problem


class HeatmapValues(BaseModel):
    """size: rows, columns. values: base64 of so many bytes, row by row; 255 is drawn strongest."""

    size: tuple[int, int]
    values: str


class FilmRecord(BaseModel):
    """One file: a decision, or why it could not be read. Only the fields that are set are sent."""

    path: str | None = Field(description="The file's name as it was sent, without folders.")
    sha256: str | None = None
    label: str | None = None
    probability: float | None = Field(None, ge=0, le=1, description="Of the positive class.")
    threshold: float | None = None
    decision: str | None = Field(None, description="The label in lower case, or abstain.")
    reasons: list[str] | None = None
    heatmap: HeatmapValues | None = None
    preview: str | None = Field(
        None, description="DICOM and TIFF, with heatmap=true: base64 of a PNG, at most 1024 a side."
    )
    model: ModelIdentity | None = None
    ms: float | None = None
    band: float | None = None
    any_population: bool | None = None
    time: str | None = Field(None, description="With sketch=true: ISO 8601, in UTC.")
    sketch: list[float] | None = Field(
        None, description="With sketch=true: principal components of the embedding."
    )
    error: Problem | None = None


class FilmRecords(BaseModel):
    """In the order of the files."""

    predictions: list[FilmRecord]


class Health(BaseModel):
    """It answers: radistill's version, and the model that decides."""

    status: str = "ok"
    version: str
    model: ModelIdentity


Responses = dict[int | str, dict[str, Any]]  # FastAPI's: by status


def errors(**descriptions: str) -> Responses:
    """Responses of `ErrorBody` by status: errors(_404="No such page.")."""
    return {
        int(status.lstrip("_")): {"model": ErrorBody, "description": description}
        for status, description in descriptions.items()
    }


HEALTH = errors(_421="Not a name of this server.", _500="The server failed.")
_GUARDED = {**errors(_401="A token is needed."), **HEALTH}
METRICS: Responses = {200: {"description": "In the text format of Prometheus."}, **_GUARDED}
BUNDLE: Responses = {200: {"model": BundleInfo, "description": "The card."}, **_GUARDED}
PREDICTIONS: Responses = {
    200: {"model": FilmRecords, "description": "A record for each file."},
    **_GUARDED,
    **errors(
        _400="A multipart body that is damaged or cut off.",
        _403="A page of another origin asks.",
        _408="The body came too slowly.",
        _413="Too many bytes or files.",
        _415="Neither multipart nor a raw image.",
        _422="A wrong option, or no file.",
        _503="Too much to do; Retry-After says when to ask again.",
    ),
}
_BINARY = {"type": "string", "format": "binary"}
_MULTIPART = {
    "type": "object",
    "properties": {"files": {"type": "array", "items": _BINARY, "minItems": 1}},
    "required": ["files"],
    "additionalProperties": False,
}
_RAW = ("image/png", "image/jpeg", "application/dicom", "application/octet-stream")
FILES = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": _MULTIPART},
            **{kind: {"schema": _BINARY} for kind in _RAW},
        },
    }
}
