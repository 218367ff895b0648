"""The one configuration: presets, a YAML file and `--set key=value`, in that order."""

from radistill.config.read_config import (
    load_config as load_config,
)
from radistill.config.read_config import (
    presets as presets,
)
from radistill.config.read_config import (
    read_config as read_config,
)
from radistill.config.read_config import (
    read_evaluation as read_evaluation,
)
from radistill.config.read_config import (
    to_yaml as to_yaml,
)
from radistill.config.read_config import (
    validate as validate,
)
from radistill.config.study_config import (
    AugmentConfig as AugmentConfig,
)
from radistill.config.study_config import (
    CalibrationRule as CalibrationRule,
)
from radistill.config.study_config import (
    DataConfig as DataConfig,
)
from radistill.config.study_config import (
    DistillConfig as DistillConfig,
)
from radistill.config.study_config import (
    EvaluationConfig as EvaluationConfig,
)
from radistill.config.study_config import (
    Method as Method,
)
from radistill.config.study_config import (
    Recipe as Recipe,
)
from radistill.config.study_config import (
    StudyConfig as StudyConfig,
)
