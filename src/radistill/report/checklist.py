"""TRIPOD+AI and CLAIM, filled in as far as a run knows itself."""

from importlib import resources

import yaml

from radistill.config import StudyConfig
from radistill.report.methods import known_of_run
from radistill.report.render import render_blocks
from radistill.schema.comparison import Comparison
from radistill.schema.environment import Environment

OPEN = "for the authors"


def checklist(
    comparison: Comparison, settings: StudyConfig | None, environment: Environment | None
) -> dict[str, list[dict[str, str]]]:
    """By guideline its items: number, what is asked, answer (HTML), and `filled` (yes or no)."""
    text = (resources.files("radistill.report") / "checklist.yaml").read_text("utf-8")
    known = render_blocks("facts.html", known_of_run(comparison, settings, environment))
    return {
        guideline: [
            {
                "item": item,
                "asked": asked,
                "answer": known[key] if key and known[key] else OPEN,
                "filled": "yes" if key and known[key] else "no",
            }
            for item, asked, key in items
        ]
        for guideline, items in yaml.safe_load(text).items()
    }
