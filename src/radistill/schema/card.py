"""card.json: everything about a bundle that its weights do not say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_serializer,
    field_validator,
    model_validator,
)

from radistill.errors import UsageError
from radistill.schema.abstention import Abstention
from radistill.schema.comparison import ModelResult
from radistill.schema.figures import Figures

FORMAT = 2
FileName = Literal[
    "model.onnx", "model.int8.onnx", "model.fp16.onnx", "README.md", "training-films.bin"
]
CARD = "card.json"
FLOAT32: FileName = "model.onnx"
INT8: FileName = "model.int8.onnx"
FLOAT16: FileName = "model.fp16.onnx"
README: FileName = "README.md"
TRAINING_FILMS: FileName = "training-films.bin"


class Part(BaseModel):
    """A part of the card: read as it was written, never changed."""

    model_config = ConfigDict(frozen=True, defer_build=True)


class Quantisation(Part):
    """What became of the smaller file; both AUCs are of the positive class on validation films.

    kind: int8, float16 (weights only, arithmetic in float32) where INT8 did not hold, or none.
    probability_difference: mean absolute, None on older cards. decisions_changed: share of
    validation films on the other side of the threshold.
    """

    kind: Literal["int8", "float16", "none"]
    setting: str
    val_auc_float32: float | None
    val_auc_small: float | None
    probability_difference: float | None = None
    decisions_changed: float | None
    reason: str

    @property
    def file(self) -> FileName | None:
        """The smaller file, None where none was kept."""
        files: dict[str, FileName] = {"int8": INT8, "float16": FLOAT16}
        return files.get(self.kind)


class OperatingPoint(Part):
    """A threshold to choose by name, with what it gave on `split`; intervals are 95 %."""

    name: str
    threshold: float
    split: str
    films: int
    sensitivity: float | None
    sensitivity_ci: tuple[float, float] | None
    specificity: float | None
    specificity_ci: tuple[float, float] | None


class FileFigures(Part):
    """A file that does not run by default: its own threshold and figures."""

    threshold: float
    operating_points: tuple[OperatingPoint, ...]
    test: Figures

    @field_serializer("test")
    def _without_unset(self, value: Figures) -> Mapping[str, object]:
        return value.model_dump(mode="json", exclude_unset=True)


class CardCalibration(Part):
    """What the graph does to the probability of `positive`; the card repeats it for readers.

    kind: temperature divides its log-odds by the card's `temperature` (Guo et al. 2017); isotonic
    is linear between the knots x, y.
    """

    kind: Literal["none", "temperature", "isotonic"] = "none"
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()


class Cam(Part):
    """The class activation map: how it is computed, its (h, w), and the value drawn strongest."""

    method: str
    size: tuple[int, int]
    scale: float = Field(gt=0)


class Population(Part):
    """Whom the model knows; what is None or empty is not known and not checked.

    age_years: youngest and oldest. The others are DICOM code strings in upper case.
    """

    description: str
    age_years: tuple[float, float] | None = None
    body_parts: tuple[str, ...] = ()
    views: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()


class TrainingData(Part):
    """The films that the model was trained and chosen on. counts: by split and class."""

    name: str = ""
    classes: tuple[str, ...] = ()
    positive: str = ""
    counts: Mapping[str, Mapping[str, int]] = {}
    protocol: str | None = None
    patients_known: bool = True
    leaking: bool = False
    synthetic: bool = False
    unreadable: int = 0
    notes: tuple[str, ...] = ()
    seed: int | None = None


class Lineage(Part):
    """Where an adapted model comes from.

    parent: sha256 of the model.onnx that was adapted, parent_name its bundle. site: as its user
    named it. change: what was changed for the site. films, patients: local ones that it was fitted
    to. folds: outer folds over patients, which the card's figures and operating points are of: they
    judge the way the model was made, on films that it had not seen, not the file itself.
    confounds: what else tells the label there.
    """

    parent: str
    parent_name: str
    site: str
    change: str
    films: int
    patients: int
    folds: int
    confounds: tuple[str, ...] = ()


class Card(BaseModel):
    """The contents of `card.json`; docs/bundle.md explains each field.

    threshold: a film is called positive if the probability of `positive` is at least this.
    temperature: log-odds are divided by it in the graph; 1 leaves them alone. calibration: the map
    in the graph that this is a part of. Probabilities that a bundle gives need nothing more.
    abstention: statistics for refusing what the model does not know; None where there are none.
    figures: the model's entry of comparison.json, of the probability as calibrated; test figures,
    groups, thresholds and calibration are of the file `figures_of`, as are threshold and operating
    points of the card. Older cards lack `figures_of`: theirs are of model.onnx. float32: those of
    model.onnx where they are not.
    files: sha256 (hexadecimal) of every other file of the bundle.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    format: Literal[2]
    radistill_version: str
    architecture: str
    classes: tuple[str, ...] = Field(min_length=2)
    positive: str
    input_size: int = Field(ge=1)
    preprocessing: str
    temperature: float = Field(gt=0)
    calibration: CardCalibration = CardCalibration()
    threshold: float
    operating_points: tuple[OperatingPoint, ...]
    cam: Cam
    embedding_size: int = Field(ge=1)
    population: Population
    abstention: Abstention | None
    training_data: TrainingData
    figures: ModelResult | None
    figures_of: FileName = FLOAT32
    float32: FileFigures | None = None
    notes: tuple[str, ...]
    synthetic: bool
    leaking: bool
    licence: str
    intended_use: str
    quantisation: Quantisation
    parity: float  # greatest difference of an output between PyTorch and model.onnx
    lineage: Lineage | None = None  # of an adapted model
    files: dict[FileName, str]

    @field_validator("figures", mode="before")
    @classmethod
    def _or_none(cls, value: object) -> object:
        return value or None

    @field_serializer("training_data", "figures")
    def _without_unset(self, value: BaseModel | None) -> Mapping[str, object]:
        """The keys that are set; none at all where there are no figures."""
        return value.model_dump(mode="json", exclude_unset=True) if value else {}

    @model_validator(mode="after")
    def _consistent(self) -> Card:
        if self.positive not in self.classes:
            raise ValueError(f"positive '{self.positive}' is none of the classes")
        if FLOAT32 not in self.files:
            raise ValueError(f"files: {FLOAT32} is not listed")
        return self

    @property
    def small_file(self) -> FileName:
        """The smallest file that holds: INT8, half precision, or float32 where neither does."""
        return next((name for name in (INT8, FLOAT16) if name in self.files), FLOAT32)

    def of(self, file: FileName) -> Card:
        """The card with threshold and figures of `file`, where it has them apart."""
        if file == self.figures_of or file != FLOAT32 or self.float32 is None:
            return self
        name = self.figures.name if self.figures else self.architecture
        return self.model_copy(
            update={
                "threshold": self.float32.threshold,
                "operating_points": self.float32.operating_points,
                "figures": ModelResult(name=name, test=self.float32.test),
                "figures_of": file,
                "float32": None,
            }
        )

    @property
    def model_version(self) -> str:
        """Of the model, whichever of its files runs: where the sha256 of model.onnx begins."""
        return self.files[FLOAT32][:12]

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


def _explain(error: ValidationError) -> str:
    problem = error.errors()[0]
    key = ".".join(str(part) for part in problem["loc"])
    if key == "abstention.detector.kind":
        return (
            f"its statistics for abstention ({problem['input']}) are of an earlier version. "
            "Make the bundle again, with `radistill bundle RUN`."
        )
    if key == "format":
        return (
            f"this version of radistill reads bundles of format {FORMAT}, "
            f"this one has {problem['input']!r}. Install a matching version of radistill."
        )
    where = f"{key}: " if key else ""
    return f"is damaged ({where}{problem['msg']}). Make or copy the bundle again."
