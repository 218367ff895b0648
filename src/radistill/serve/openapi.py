"""What the OpenAPI document says of bodies and answers."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field


class Problem(BaseModel):
    """code: for programs. message: for people."""

    code: str
    message: str


class Error(BaseModel):
    """Why a request was not answered."""

    error: Problem


class Model(BaseModel):
    """Which model spoke; sha256 of the ONNX file that ran."""

    name: str
    version: str
    sha256: str


class Heatmap(BaseModel):
    """size: rows, columns. values: base64 of so many bytes, row by row; 255 is drawn strongest."""

    size: tuple[int, int]
    values: str


class Record(BaseModel):
    """One file: a decision, or why it could not be read."""

    path: str | None = Field(description="The file's name as it was sent, without folders.")
    sha256: str | None = None
    label: str | None = None
    probability: float | None = Field(None, ge=0, le=1, description="Of the positive class.")
    threshold: float | None = None
    decision: str | None = Field(None, description="The label in lower case, or abstain.")
    reasons: list[str] | None = None
    heatmap: Heatmap | None = None
    preview: str | None = Field(
        None, description="DICOM and TIFF, with heatmap=true: base64 of a PNG, at most 1024 a side."
    )
    model: Model | None = None
    ms: float | None = None
    error: Problem | None = None


class Predictions(BaseModel):
    """In the order of the files."""

    predictions: list[Record]


class Bundle(BaseModel):
    """The card (docs/bundle.md), less the abstention's arrays."""

    name: str
    version: str
    sha256: str
    file: str
    classes: list[str]
    positive: str
    threshold: float
    operating_points: list[dict[str, Any]]
    population: dict[str, Any]
    figures: dict[str, Any]
    notes: list[str]
    licence: str
    intended_use: str
    reasons: dict[str, str]
    readme: str


class Health(BaseModel):
    """It answers."""

    status: str


def errors(**words: str) -> dict[int | str, dict[str, Any]]:
    """Responses of `Error` by status: errors(_404="No such page.")."""
    return {
        int(status.lstrip("_")): {"model": Error, "description": said}
        for status, said in words.items()
    }


_TOKEN = errors(_401="A token is needed.")
HEALTH = errors(_421="Not a name of this server.", _500="The server failed.")
METRICS = {200: {"description": "In the text format of Prometheus."}, **_TOKEN, **HEALTH}
BUNDLE = {200: {"model": Bundle, "description": "The card."}, **_TOKEN, **HEALTH}
PREDICTIONS = {
    200: {"model": Predictions, "description": "A record for each file."},
    **_TOKEN,
    **HEALTH,
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
_BINARY = {"schema": {"type": "string", "format": "binary"}}
FILES = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "properties": {
                        "files": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "minItems": 1,
                        }
                    },
                    "required": ["files"],
                    "additionalProperties": False,
                }
            },
            "image/png": _BINARY,
            "image/jpeg": _BINARY,
            "application/dicom": _BINARY,
            "application/octet-stream": _BINARY,
        },
    }
}
