"""How long a model of a learning curve trains, as its films are passed."""

from pathlib import Path

import numpy as np
import pytest
from accelerate import Accelerator

from radistill.config import load_config
from radistill.data.dataset import Dataset
from radistill.data.manifest import Film
from radistill.data.targets import targets_of
from radistill.study.fit import Study
from radistill.study.rundir import RunDirectory
from radistill.study.study_point import StudyPoint


def point(folder: Path, *settings: str) -> StudyPoint:
    """100 films with labels to train on, 900 without."""
    films = [
        Film(f"{i}.png", label, "", f"p{i}", split, str(i), 8, 8)
        for i in range(1000)
        for label, split in [(("A", "B")[i % 2], "train") if i < 100 else ("", "unlabelled")]
    ]
    dataset = Dataset("d", tuple(films), ("A", "B"), "B", lambda path: np.zeros((8, 8), np.uint8))
    config = load_config("few-labels", overrides=list(settings))
    targets = targets_of(dataset, "auto")
    study = Study(RunDirectory(folder), config, dataset, targets, Accelerator(cpu=True))
    return StudyPoint(0.1, study, ("alone", "all"))


@pytest.mark.parametrize(
    ("settings", "ratio"),
    [
        ((), (240 * 32) / (4 * 1000)),  # steps, whatever films there are
        (("teacher.steps=0", "teacher.epochs=5"), 5 * 100 / (4 * 1000)),
        (("teacher.epochs=2",), (2 * 240 * 32) / (4 * 1000)),
    ],
)
def test_the_teachers_work_beside_the_students(
    settings: tuple[str, ...], ratio: float, tmp_path: Path
) -> None:
    one = point(tmp_path, *settings)
    assert one.work("teacher-1") / one.work("student") == pytest.approx(ratio)
    assert one.work("student") == one.work("student-alone")
