"""The JSON schemas of the files that radistill writes: `python -m radistill.schema.publish DIR`."""

import json
import sys
from pathlib import Path

from pydantic import BaseModel

from radistill.files import write_text
from radistill.schema.adaptation import Adaptation
from radistill.schema.archive_figures import ArchiveSettings, ArchiveSummary
from radistill.schema.audit import Audit
from radistill.schema.card import Card
from radistill.schema.comparison import Comparison, ModelMetrics
from radistill.schema.environment import Environment
from radistill.schema.label_curve import LabelCurve
from radistill.schema.labeller_figures import LabellerEvaluation
from radistill.schema.labeller_file import Labeller
from radistill.schema.monitor_figures import MonitorFigures
from radistill.schema.prediction import Failure, Prediction
from radistill.schema.study_plan import StudyPlan
from radistill.schema.weak_points import Explanation, Robustness

# File name, without ending, of each kind of file that is written.
PUBLISHED: dict[str, type[BaseModel]] = {
    "adaptation": Adaptation,
    "archive-settings": ArchiveSettings,
    "archive-summary": ArchiveSummary,
    "audit": Audit,
    "card": Card,
    "comparison": Comparison,
    "curve": LabelCurve,
    "environment": Environment,
    "explanation": Explanation,
    "failure": Failure,
    "labeller": Labeller,
    "labeller-figures": LabellerEvaluation,
    "metrics": ModelMetrics,
    "monitor": MonitorFigures,
    "prediction": Prediction,
    "robustness": Robustness,
    "study-plan": StudyPlan,
}


def schema_text(kind: type[BaseModel]) -> str:
    """The JSON schema (draft 2020-12) of one kind of file."""
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return json.dumps(schema | kind.model_json_schema(), indent=2) + "\n"


def publish(folder: Path) -> None:
    """Write NAME.json for each kind of file."""
    for name, kind in PUBLISHED.items():
        write_text(folder / f"{name}.json", schema_text(kind))


if __name__ == "__main__":
    publish(Path(sys.argv[1]))
