"""What the student learns from: methods, teachers from elsewhere, a general network."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator

from radistill.config.section import Section


class Method(Section):
    """One way to learn from a teacher; see docs/distillation.md for formulas and papers."""

    #: see docs/distillation.md
    name: Literal["hinton", "hint", "attention", "rkd_distance", "rkd_angle", "dist"]
    teacher: Literal["task", "general"] = "task"  #: what was trained here, or `distill.general`
    weight: float = Field(1.0, gt=0)  #: of its loss
    temperature: float = Field(4.0, gt=0)  #: of hinton and dist

    @model_validator(mode="after")
    def _temperature_counts(self) -> Self:
        if self.temperature != 4.0 and self.name not in ("hinton", "dist"):
            raise ValueError(f"{self.name} has no temperature: leave it out")
        return self

    @model_validator(mode="after")
    def _general_has_an_embedding_alone(self) -> Self:
        if self.teacher == "general" and self.name in ("hinton", "attention", "dist"):
            raise ValueError(
                f"{self.name} cannot learn from the general network, which has an embedding and no "
                "classes: use hint, rkd_distance or rkd_angle"
            )
        return self


class GeneralConfig(Section):
    """A network with ImageNet weights that is not fine-tuned, whose embedding teaches."""

    architecture: str  #: see docs/weights.md#networks
    weights: str = "auto"  #: as of the student
    input_size: int = Field(128, ge=16, le=1024)  #: side of the image, in pixels


class DistillConfig(Section):
    """What the student learns from, with teacher outputs cached per image and view."""

    #: whose weighted losses are added
    methods: tuple[Method, ...] = (Method(name="hinton", weight=0.7),)
    label_weight: float = Field(0.3, ge=0)  #: of the cross-entropy with the label
    views: int = Field(4, ge=1)  #: augmented views of each image, cycled by epoch
    teachers: tuple[Path, ...] = ()  #: further teachers (model folders), averaged with the study's
    rounds: int = Field(1, ge=1, le=10)  #: each round's student is the teacher of the next
    average_views: bool = False  #: a film has one answer, the mean over its views
    general: GeneralConfig | None = None  #: what methods with teacher=general learn from

    @model_validator(mode="after")
    def _each_method_once(self) -> Self:
        names = [(method.name, method.teacher) for method in self.methods]
        if not names:
            raise ValueError("methods is empty; name one at least, such as [{name: hinton}]")
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"the method '{name[0]}' is named twice")
        from_general = any(method.teacher == "general" for method in self.methods)
        if self.general and not from_general:
            raise ValueError(
                "general would do nothing: give a method teacher=general, such as "
                "{name: hint, teacher: general}"
            )
        if from_general and not self.general:
            raise ValueError(
                "a method learns from a general network: name it, such as "
                "general={architecture: resnet50, input_size: 128}"
            )
        return self
