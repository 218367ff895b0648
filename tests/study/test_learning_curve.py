"""Learning curves on phantoms and small networks."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from torch import nn

from radistill.config import Recipe, StudyConfig, load_config, to_yaml
from radistill.data.manifest import Film, read_manifest
from radistill.errors import UsageError
from radistill.metrics.over_seeds import aucs
from radistill.metrics.predictions import read_predictions
from radistill.phantoms import generate
from radistill.schema.label_curve import LabelCurve
from radistill.schema.record import read_record
from radistill.study import fit
from radistill.study.curve_plan import CurvePlan, read_plan
from radistill.study.learning_curve import run_curve
from radistill.training.step import Gradients
from radistill.training.task import TrainingTask

SMALL = [
    "evaluation.bootstrap=100",
    "evaluation.robustness=false",
    "baseline={input_size: 32, epochs: 1}",
    "teacher={architecture: shufflenet_v2_x0_5, weights: random, input_size: 48, epochs: 1, "
    "batch_size: 16, head_epochs: 0}",
    "student={architecture: shufflenet_v2_x0_5, weights: random, input_size: 32, epochs: 2, "
    "batch_size: 16}",
    "distill.views=2",
]
FEW, ALL = "fraction-0.3", "fraction-1"


def settings(*more: str) -> StudyConfig:
    return load_config("demo", None, [*SMALL, *more])


def plan(
    fractions: str = "0.3,1", seeds: str = "2,1", arms: str = "alone,labelled,all"
) -> CurvePlan:
    return read_plan(fractions, seeds, arms)


class Trained(NamedTuple):
    """Of every training, by folder and name: steps, films to train on, whether it was taught."""

    steps: Counter[str]
    films: dict[str, set[str]]
    taught: dict[str, bool]


@contextmanager
def watched() -> Iterator[Trained]:
    trained = Trained(Counter(), {}, {})
    step, train = Gradients.__call__, fit.train

    def count(self: Gradients, *inputs: torch.Tensor) -> torch.Tensor:
        trained.steps[list(trained.films)[-1]] += 1
        return step(self, *inputs)

    def watch(model: nn.Module, recipe: Recipe, task: TrainingTask, *rest: Any, **more: Any) -> Any:
        key = "/".join((*task.folder.parts[-3:-1], task.name))
        trained.films[key] = set(task.train.shas)
        trained.taught[key] = more["objective"] is not None
        return train(model, recipe, task, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "train", watch)
        patch.setattr(Gradients, "__call__", count)
        yield trained


class Finished(NamedTuple):
    data: Path
    out: Path
    curve: LabelCurve
    trained: Trained


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    folder = tmp_path_factory.mktemp("curve")
    data, out = folder / "data", folder / "out"
    generate(data, 100, 0, size=64)
    with watched() as trained:
        curve = run_curve(data, out, settings(), plan())
    return Finished(data, out, curve, trained)


def films(finished: Finished, point: str, *splits: str) -> list[Film]:
    manifest = read_manifest(finished.out / point / "manifest.csv")
    return [film for film in manifest if film.split in splits]


def test_each_teacher_is_trained_once_for_both_distilled_students(finished: Finished) -> None:
    few = [
        f"{FEW}/seed-{seed}/{name}"
        for seed in (0, 1)
        for name in ("teacher", "student-alone", "student-labelled", "student")
    ]
    every = [f"{ALL}/seed-0/{name}" for name in ("teacher", "student-alone", "student-labelled")]
    assert list(finished.trained.films) == [*few, *every]  # on all labels both are one student


def test_each_student_learns_from_what_its_name_says(finished: Finished) -> None:
    for seed in (0, 1):
        point = f"{FEW}/seed-{seed}"
        labelled = {film.sha256 for film in films(finished, point, "train")}
        without = {film.sha256 for film in films(finished, point, "unlabelled")}
        assert labelled
        assert without
        used, taught = finished.trained.films, finished.trained.taught
        for name in ("teacher", "student-alone", "student-labelled"):
            assert used[f"{point}/{name}"] == labelled
        assert used[f"{point}/student"] == labelled | without
        names = ("student-alone", "student-labelled", "student")
        assert [taught[f"{point}/{name}"] for name in names] == [False, True, True]


def test_all_students_take_as_many_steps(finished: Finished) -> None:
    steps = {key: n for key, n in finished.trained.steps.items() if "student" in key}
    assert len(steps) == 8
    assert len(set(steps.values())) == 1


def test_the_test_films_are_the_same_and_keep_their_labels(finished: Finished) -> None:
    points = [f"{FEW}/seed-0", f"{FEW}/seed-1", f"{ALL}/seed-0"]
    first, *others = (films(finished, point, "test") for point in points)
    assert first
    assert all(film.label for film in first)
    assert all(other == first for other in others)


def test_seeds_keep_other_labels(finished: Finished) -> None:
    one, other = (
        {film.path for film in films(finished, f"{FEW}/seed-{seed}", "train", "val")}
        for seed in (0, 1)
    )
    assert one != other


def test_the_curve_counts_what_has_labels_and_says_what_the_models_say(finished: Finished) -> None:
    curve, out = finished.curve, finished.out
    assert read_record(LabelCurve, out / "curve.json").points == curve.points
    assert (out / "curve.html").is_file()
    assert (out / "curve.svg").is_file()
    few, every = curve.points
    of_seeds = [films(finished, f"{FEW}/seed-{seed}", "train", "val") for seed in (0, 1)]
    assert few.films == sum(map(len, of_seeds)) / 2
    assert few.patients == sum(len({film.patient for film in some}) for some in of_seeds) / 2
    assert few.unlabelled > 0
    assert every.unlabelled == 0
    assert every.arms["all"] == every.arms["labelled"]
    for arm, name in (
        ("alone", "student-alone"),
        ("labelled", "student-labelled"),
        ("all", "student"),
    ):
        files = [out / FEW / f"seed-{seed}" / name / "predictions.csv" for seed in (0, 1)]
        read = [read_predictions(file, curve.dataset.positive) for file in files]
        assert few.arms[arm].by_seed == pytest.approx(aucs(read))


def test_films_are_decoded_into_one_cache(finished: Finished) -> None:
    assert [path.parent for path in finished.out.rglob("squares-32.u8")] == [finished.out / "cache"]
    assert not (finished.out / "cache" / "views").exists()


def test_the_same_command_trains_nothing_again(finished: Finished) -> None:
    with watched() as trained:
        curve = run_curve(finished.data, finished.out, settings(), plan())
    assert not trained.films
    assert curve == finished.curve


def test_another_seed_trains_that_alone(finished: Finished) -> None:
    with watched() as trained:
        curve = run_curve(finished.data, finished.out, settings(), plan("1", "2", "alone"))
    assert list(trained.films) == [f"{ALL}/seed-1/student-alone"]
    assert curve.no_law
    assert curve.points[0].teacher is None


def test_other_settings_are_refused(finished: Finished) -> None:
    with pytest.raises(UsageError, match=r"student\.epochs: 2 there, 3 now"):
        run_curve(finished.data, finished.out, settings("student.epochs=3"), plan())


def test_other_films_are_refused(finished: Finished, tmp_path: Path) -> None:
    generate(tmp_path / "others", 60, 3, size=64)
    with pytest.raises(UsageError, match="other films"):
        run_curve(tmp_path / "others", finished.out, settings(), plan())


def test_a_share_that_leaves_too_few_of_a_class_is_refused_before_training(
    finished: Finished, tmp_path: Path
) -> None:
    with watched() as trained, pytest.raises(UsageError, match=r"0\.01.* leaves class NORMAL"):
        run_curve(finished.data, tmp_path / "out", settings(), plan("0.01,1"))
    assert not trained.films
    assert not list((tmp_path / "out").glob("fraction-*"))


def test_a_run_or_a_folder_of_something_else_is_no_place_for_a_curve(
    finished: Finished, tmp_path: Path
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(UsageError, match="not empty"):
        run_curve(finished.data, tmp_path, settings(), plan())
    run = tmp_path / "run"
    run.mkdir()
    (run / "config.yaml").write_text(to_yaml(settings()))
    (run / "audit.json").write_text("{}")
    with pytest.raises(UsageError, match="holds a run"):
        run_curve(finished.data, run, settings(), plan())


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("distill.teachers=[elsewhere]", "distill.teachers"),
        ("data.label_fraction=0.5", "--fractions"),
    ],
)
def test_settings_that_a_curve_decides_are_refused(
    finished: Finished, tmp_path: Path, setting: str, said: str
) -> None:
    with pytest.raises(UsageError, match=said):
        run_curve(finished.data, tmp_path / "out", settings(setting), plan())


def test_several_teachers_and_rounds_teach_both(finished: Finished, tmp_path: Path) -> None:
    with watched() as trained:
        curve = run_curve(
            finished.data,
            tmp_path / "out",
            settings("teacher.members=[{}, {}]", "distill.rounds=2"),
            plan("0.3", "1", "labelled,all"),
        )
    names = [key.split("/")[-1] for key in trained.films]
    students = ["student-labelled-1", "student-labelled", "student-1", "student"]
    assert names == ["teacher-1", "teacher-2", *students]
    assert curve.points[0].teacher is not None


@pytest.mark.slow
def test_a_killed_curve_goes_on(finished: Finished, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    changes = [part for value in SMALL for part in ("--set", value)]
    command = [sys.executable, "-m", "radistill", "curve", "--data", finished.data, "--out", out]
    command += ["--preset", "demo", "--fractions", "0.3,1", "--seeds", "2,1", *changes]
    process = subprocess.Popen(
        list(map(str, command)), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    done = out / FEW / "seed-0" / "student-alone" / "stage.json"
    deadline = time.monotonic() + 300
    while not done.exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert done.exists()
    assert not (out / "curve.json").exists(), "killed too late to show anything"
    kept = done.stat().st_mtime_ns
    resumed = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=500)
    assert resumed.returncode == 0, resumed.stderr
    assert "student-alone: finished before, kept" in resumed.stderr
    assert done.stat().st_mtime_ns == kept
    assert "trainings done, about" in resumed.stderr
    assert "AUC on" in resumed.stdout
    assert read_record(LabelCurve, out / "curve.json").points == finished.curve.points
