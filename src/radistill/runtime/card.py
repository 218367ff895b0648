"""card.json: everything about a bundle that its weights do not say."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from radistill.errors import UsageError

FORMAT = 1
FileName = Literal["model.onnx", "model.int8.onnx", "README.md"]
CARD = "card.json"
FLOAT32: FileName = "model.onnx"
INT8: FileName = "model.int8.onnx"
README: FileName = "README.md"


class Quantisation(BaseModel):
    """What became of INT8: both AUCs are of the positive class on the validation films.

    decisions_changed: share of validation films on the other side of the threshold.
    """

    model_config = ConfigDict(frozen=True)

    kept: bool
    setting: str
    val_auc_float32: float | None
    val_auc_int8: float | None
    decisions_changed: float | None
    reason: str


class Card(BaseModel):
    """The contents of `card.json`; docs/bundle.md explains each field.

    threshold: a film is called positive if the probability of `positive` is at least this.
    temperature: logits are divided by it before the softmax; 1 leaves them alone.
    files: sha256 (hexadecimal) of every other file of the bundle.
    """

    model_config = ConfigDict(frozen=True)

    format: Literal[1]
    radistill_version: str
    architecture: str
    classes: tuple[str, ...] = Field(min_length=2)
    positive: str
    input_size: int = Field(ge=1)
    preprocessing: str
    temperature: float = Field(gt=0)
    threshold: float
    abstention: dict[str, Any]
    training_data: dict[str, Any]
    figures: dict[str, Any]
    notes: tuple[str, ...]
    synthetic: bool
    leaking: bool
    licence: str
    intended_use: str
    quantisation: Quantisation
    parity: float  # greatest difference of a probability between PyTorch and model.onnx
    files: dict[FileName, str]

    @model_validator(mode="after")
    def _consistent(self) -> Card:
        if self.positive not in self.classes:
            raise ValueError(f"positive '{self.positive}' is none of the classes")
        if FLOAT32 not in self.files:
            raise ValueError(f"files: {FLOAT32} is not listed")
        return self

    @property
    def positive_index(self) -> int:
        return self.classes.index(self.positive)


def read_card(path: Path) -> Card:
    """Read a card; UsageError if it is missing, damaged or of another format."""
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError:
        raise UsageError(
            f"{path}: not found. A bundle is a folder such as RUN/bundle, with {CARD} in it."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{path}: cannot be read ({error}).") from None
    try:
        return Card.model_validate_json(text)
    except ValidationError as error:
        raise UsageError(f"{path}: {_explain(error)}") from None


def sha256(data: bytes) -> str:
    """Hexadecimal SHA-256 of `data`."""
    return hashlib.sha256(data).hexdigest()


def _explain(error: ValidationError) -> str:
    problem = error.errors()[0]
    key = ".".join(str(part) for part in problem["loc"])
    if key == "format":
        return (
            f"this version of radistill reads bundles of format {FORMAT}, "
            f"this one has {problem['input']!r}. Install a matching version of radistill."
        )
    where = f"{key}: " if key else ""
    return f"is damaged ({where}{problem['msg']}). Make or copy the bundle again."
