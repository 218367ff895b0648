"""What the methods section and the checklists of a report are written from."""

from typing import Any

from radistill.config import Recipe, StudyConfig
from radistill.metrics.reliability import ECE_BINS
from radistill.report.summary import main_model
from radistill.schema.comparison import Comparison, DatasetFacts
from radistill.schema.environment import Environment


def known_of_run(
    comparison: Comparison, settings: StudyConfig | None, environment: Environment | None
) -> dict[str, Any]:
    """Values for methods.html and facts.html; both say less without settings or environment."""
    return {
        "comparison": comparison,
        "main": main_model(comparison),
        "settings": settings,
        "environment": environment,
        "split": split_title(comparison.dataset),
        "recipes": _recipes(settings) if settings else {},
        "ece_bins": ECE_BINS,
    }


def _recipes(settings: StudyConfig) -> dict[str, Recipe]:
    """By name, teachers of one recipe as one."""
    teachers = [teacher.recipe for teacher in settings.teachers()]
    if all(recipe == teachers[0] for recipe in teachers):
        named = {"teacher": teachers[0]}
    else:
        named = {f"teacher-{number}": recipe for number, recipe in enumerate(teachers, 1)}
    return {
        "baseline": settings.recipe("baseline"),
        **named,
        "student": settings.recipe("student"),
    }


def split_title(dataset: DatasetFacts) -> str:
    """How the films were split, for a title; empty where they were not, or it is not recorded."""
    counted = (sum(dataset.counts.get(split, {}).values()) for split in ("train", "val", "test"))
    films = list(counted)
    percent = ":".join(f"{100 * count / max(1, sum(films)):.0f}" for count in films)
    titles = {
        "official": "test films as the data set names them",
        "patient": f"split by patient ({percent})"
        if dataset.patients_known
        else f"split image by image, patients being unknown ({percent})",
        "image": f"split image by image ({percent})",
    }
    return titles.get(dataset.protocol or "", "")
