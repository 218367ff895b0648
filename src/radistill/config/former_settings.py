"""Settings of the version before: what became of them, and configurations that name them."""

import copy
from typing import NamedTuple

from pydantic import BaseModel, JsonValue

from radistill.config.study_config import (
    BaselineConfig,
    NetworkConfig,
    Recipe,
    StudyConfig,
    TeachersConfig,
    TrainingConfig,
)

_OWN: dict[str, type[BaseModel]] = {
    "baseline": BaselineConfig,
    "teacher": TeachersConfig,
    "student": NetworkConfig,
}


class Former(NamedTuple):
    """value: what is built in today, and means the same in an earlier configuration; or ANY."""

    value: object
    message: str


ANY = object()  # no value changes the outcome
_GONE = {
    "tensorboard": Former(ANY, "is gone: history.csv has the curves"),
    "evaluation.latency_runs": Former(ANY, "is gone: always 30"),
    "distill.ensemble": Former(1, "is now teacher.members: for two teachers [{}, {}]"),
}
_GONE_OF_NETWORKS = {
    "transfer": Former("finetune", "is gone: epochs=0 with head_epochs above 0 trains the head"),
    "head_learning_rate": Former(1e-3, "is gone: always 0.001"),
    "momentum": Former(0.9, "is gone: that of SGD is always 0.9"),
    "step_size": Former(10, "is gone, with the schedule 'step': use cosine or onecycle"),
    "step_gamma": Former(0.1, "is gone, with the schedule 'step': use cosine or onecycle"),
    "class_weights": Former(False, "is gone: the threshold is chosen on validation instead"),
    "progressive": Former([], "is gone: all epochs train at input_size"),
    "channels_last": Former(True, "is gone: always on"),
    "mixup": Former(0.0, "is now augment.mixup, for all networks"),
}
# Values of settings that there still are: what they are now, and what became of them.
VALUES: dict[tuple[str, object], tuple[str, str]] = {
    ("data.validation", "series"): ("prefix", "is now called 'prefix', for file-name prefix"),
    ("training.schedule", "step"): ("step", "is gone: use cosine or onecycle"),
}


def former_setting(key: str) -> Former | None:
    """What became of `key`, such as `teacher.momentum`, if the version before had it."""
    section, _, name = key.rpartition(".")
    own = _OWN.get(section)
    if own is None or name in own.model_fields:
        return _GONE.get(key)
    if name not in Recipe.model_fields:
        return _GONE_OF_NETWORKS.get(name)
    if section == "baseline":
        value = getattr(StudyConfig().recipe("baseline"), name)
        return Former(value, f"is gone: always {value}")
    if name in TrainingConfig.model_fields:
        return Former(None, f"is now training.{name}, for teacher and student alike")
    return Former(Recipe.model_fields[name].default, "is gone: of the teacher alone")


def converted(values: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """The configuration of the version before in today's keys, as far as it means the same.

    A setting at the value that is built in today is dropped; one that teacher and student had
    alike moves to `training`, and teachers of an ensemble are members. What is left has no equal
    today, and validation says so.
    """
    values = copy.deepcopy(values)
    teacher, student = values.get("teacher"), values.get("student")
    training = values.setdefault("training", {})
    if isinstance(teacher, dict) and isinstance(student, dict) and isinstance(training, dict):
        for name in TrainingConfig.model_fields:
            if name in teacher and teacher[name] == student.get(name):
                training.setdefault(name, teacher.pop(name))
                del student[name]
    distill = values.get("distill")
    if isinstance(distill, dict) and isinstance(number := distill.get("ensemble"), int):
        del distill["ensemble"]
        teacher = values.setdefault("teacher", {})
        if number > 1 and isinstance(teacher, dict):
            teacher["members"] = [{}] * number
    for prefix, part in (("", values), *((f"{k}.", v) for k, v in values.items())):
        if not isinstance(part, dict):
            continue
        for name, value in list(part.items()):
            key, known = prefix + name, former_setting(prefix + name)
            if known and known.value in (value, ANY):
                del part[name]
            elif isinstance(value, str) and (key, value) in VALUES:
                part[name] = VALUES[key, value][0]
    return values
