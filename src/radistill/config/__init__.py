"""The one configuration: presets, a YAML file and `--set key=value`, in that order."""

from radistill.config.distill_config import DistillConfig, GeneralConfig, Method
from radistill.config.read_config import (
    load_config,
    load_evaluation,
    presets,
    read_config,
    read_evaluation,
    to_yaml,
    validate,
)
from radistill.config.study_config import (
    AugmentConfig,
    CalibrationRule,
    DataConfig,
    EvaluationConfig,
    Recipe,
    StudyConfig,
    StudyTeacher,
)

__all__ = [
    "AugmentConfig",
    "CalibrationRule",
    "DataConfig",
    "DistillConfig",
    "EvaluationConfig",
    "GeneralConfig",
    "Method",
    "Recipe",
    "StudyConfig",
    "StudyTeacher",
    "load_config",
    "load_evaluation",
    "presets",
    "read_config",
    "read_evaluation",
    "to_yaml",
    "validate",
]
