"""Studies with few labels and many films without, on phantoms and small networks."""

from __future__ import annotations

import csv
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch
from PIL import Image
from safetensors.torch import load_file
from torch import nn

from radistill.config import Recipe, StudyConfig, load_config
from radistill.data import Dataset, load_dataset
from radistill.data.manifest import read_manifest
from radistill.errors import UsageError
from radistill.export.outliers import outliers
from radistill.files import write_csv
from radistill.phantoms import generate
from radistill.report.summary import summary
from radistill.schema.comparison import Comparison
from radistill.schema.record import read_record
from radistill.study import fit
from radistill.study.run import run_study
from radistill.study.unlike_films import without_unlike
from radistill.training.step import Gradients
from radistill.training.task import TrainingTask

MODELS = ("baseline", "teacher", "student-alone", "student")
SMALL = [
    "evaluation.bootstrap=100",
    "evaluation.robustness=false",
    "baseline={input_size: 32, epochs: 1}",
    "teacher={architecture: shufflenet_v2_x0_5, weights: random, input_size: 48, epochs: 2, "
    "batch_size: 16}",
    "student={architecture: shufflenet_v2_x0_5, weights: random, input_size: 32, epochs: 2, "
    "batch_size: 16}",
    "distill.views=3",
    "augment.mixup=0.2",
]


def settings(*more: str) -> StudyConfig:
    return load_config("demo", None, [*SMALL, *more])


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A data set, and a folder of films without labels."""
    folder = tmp_path_factory.mktemp("phantoms")
    generate(folder / "set", 100, 0, size=64)
    generate(folder / "others", 60, 5, size=64)
    (folder / "more").mkdir()
    for number, film in enumerate(sorted((folder / "others").glob("t*/*/*"))):
        shutil.copy(film, folder / "more" / f"{number}{film.suffix}")  # other patients
    return folder / "set", folder / "more"


class Finished(NamedTuple):
    """A run, and of each training that a step takes part in its steps and initial weights."""

    run: Path
    steps: Counter[str]
    initial: dict[str, dict[str, torch.Tensor]]


@pytest.fixture(scope="module")
def study(phantoms: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory) -> Finished:
    """A run with half of the labels and a folder of films without."""
    done = Finished(tmp_path_factory.mktemp("run") / "run", Counter(), {})
    step, train = Gradients.__call__, fit.train

    def counted(self: Gradients, *inputs: torch.Tensor) -> torch.Tensor:
        done.steps[list(done.initial)[-1]] += 1
        return step(self, *inputs)

    def watched(model: nn.Module, recipe: Recipe, task: TrainingTask, *rest: Any, **more: Any):
        done.initial[task.name] = {k: v.clone() for k, v in model.state_dict().items()}
        return train(model, recipe, task, *rest, **more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fit, "train", watched)
        patch.setattr(Gradients, "__call__", counted)
        data, more = phantoms
        run_study(data, done.run, settings("data.label_fraction=0.5"), unlabelled=[more])
    return done


def weights(run: Path, model: str) -> dict[str, torch.Tensor]:
    return load_file(run / model / "weights.safetensors")


def test_no_patient_stands_in_two_splits(study: Finished) -> None:
    rows = list(csv.DictReader((study.run / "manifest.csv").open()))
    splits = {(row["patient"], row["split"]) for row in rows}
    assert len(splits) == len({patient for patient, _ in splits})
    assert {row["split"] for row in rows} == {"train", "val", "test", "unlabelled"}
    assert {row["label"] for row in rows if row["split"] == "unlabelled"} == {""}
    assert {row["path"].split("/")[0] for row in rows} == {"train", "test", "more"}


def test_the_student_alone_has_as_many_steps(study: Finished) -> None:
    run, steps = study.run, study.steps
    films = Counter(film.split for film in read_manifest(run / "manifest.csv"))
    expected = 2 * ((films["train"] + films["unlabelled"]) // 16)
    assert steps["student"] == steps["student-alone"] == expected
    assert steps["teacher"] == 2 * (films["train"] // 16)


def test_both_students_start_from_the_same_weights(study: Finished) -> None:
    alone, taught = study.initial["student-alone"], study.initial["student"]
    assert all(torch.equal(alone[key], taught[key]) for key in alone)


def test_hidden_labels_are_never_used(
    study: Finished, phantoms: tuple[Path, Path], tmp_path: Path
) -> None:
    """A table that has no labels for the hidden films, and one of its own split, ends the same."""
    run, (data, more) = study.run, phantoms
    films = [f for f in read_manifest(run / "manifest.csv") if not f.path.startswith("more/")]
    rows = [(f.path, f.label, f.patient, f.split) for f in films]
    write_csv(tmp_path / "films.csv", ("path", "label", "patient", "split"), rows)
    out = tmp_path / "out"
    run_study(data, out, settings(), labels=tmp_path / "films.csv", unlabelled=[more])
    for model in MODELS:
        one, other = weights(run, model), weights(out, model)
        assert all(torch.equal(one[key], other[key]) for key in one), model
        for file in ("predictions.csv", "predictions-val.csv"):
            assert (run / model / file).read_bytes() == (out / model / file).read_bytes()


def test_the_report_says_what_teacher_and_films_brought(study: Finished) -> None:
    comparison = read_record(Comparison, study.run / "comparison.json")
    films = Counter(film.split for film in read_manifest(study.run / "manifest.csv"))
    assert comparison.dataset.unlabelled == films["unlabelled"]
    sentences = summary(comparison)
    assert sentences[0].startswith(
        f"The teacher and {films['unlabelled']} films without labels changed the student's AUC by"
    )
    assert "zero" in sentences[0]
    labels = next(sentence for sentence in sentences if sentence.startswith("Labels used"))
    assert f"{films['train']} films to train on and {films['val']} to choose by" in labels
    assert "unlabelled" in (study.run / "report.html").read_text()


def test_the_teacher_does_not_depend_on_unlabelled_films(
    study: Finished, phantoms: tuple[Path, Path], tmp_path: Path
) -> None:
    run = shutil.copytree(study.run, tmp_path / "run")
    before = {model: (run / model / "stage.json").read_bytes() for model in MODELS}
    run_study(phantoms[0], run, settings("data.label_fraction=0.5"), update=True)
    after = {model: (run / model / "stage.json").read_bytes() for model in MODELS}
    assert [m for m in MODELS if before[m] == after[m]] == ["baseline", "teacher"]


def test_films_unlike_the_labelled_are_left_out(
    phantoms: tuple[Path, Path], tmp_path: Path
) -> None:
    odd = tmp_path / "odd"
    odd.mkdir()
    for number, picture in enumerate(outliers(40, 64, 0)):
        Image.fromarray(picture).save(odd / f"{number}.png")

    def left(*folders: Path) -> Dataset:
        cache, config = tmp_path / "cache", settings().data
        return without_unlike(
            load_dataset(phantoms[0], config, 0, unlabelled=folders, cache=cache, sizes=[32])
        )

    kept = left(odd, phantoms[1])
    by_folder = Counter(film.path.split("/")[0] for film in kept.split("unlabelled"))
    assert by_folder["odd"] <= 4
    assert by_folder["more"] >= 55
    assert "unlike those with labels" in kept.notes[-1]
    assert kept.split("train") == left(phantoms[1]).split("train")
    for number in range(40):
        if f"odd/{number}.png" in {film.path for film in kept.films}:
            (odd / f"{number}.png").unlink()
    with pytest.raises(UsageError, match=r"all .* unlabelled films are unlike the labelled"):
        left(odd)


def test_rounds(
    phantoms: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The student of the first round teaches that of the second, and is kept."""
    steps: dict[str, int] = {}

    class Task(TrainingTask):
        def __init__(self, **parts: Any) -> None:
            super().__init__(**parts)
            steps[self.name] = self.steps_an_epoch(16)

    monkeypatch.setattr("radistill.study.fit.TrainingTask", Task)
    data, more = phantoms
    changes = ["distill.rounds=2", "distill.average_views=true", "augment.mixup=0"]
    changes += ["data.label_fraction=0.5", "teacher.steps=3"]
    run_study(data, tmp_path / "run", settings(*changes), unlabelled=[more])
    first, last = (weights(tmp_path / "run", m) for m in ("student-1", "student"))
    assert any(not torch.equal(first[key], last[key]) for key in first)
    comparison = read_record(Comparison, tmp_path / "run" / "comparison.json")
    assert [model.name for model in comparison.models] == list(MODELS)
    del steps["baseline"]
    assert steps.pop("teacher") == 3
    assert len(set(steps.values())) == 1, steps


def test_members_and_a_general_network(phantoms: tuple[Path, Path], tmp_path: Path) -> None:
    """Two teachers of several sizes and architectures, and hints of a third network."""
    data, more = phantoms
    config = settings(
        "data.label_fraction=0.5",
        "teacher.members=[{input_size: 32}, {architecture: resnet18, epochs: 1}]",
        "distill.methods=[{name: hinton}, {name: hint, teacher: general}]",
        "distill.general={architecture: resnet18, weights: random, input_size: 40}",
        "distill.views=1",
    )
    run = tmp_path / "run"
    run_study(data, run, config, unlabelled=[more])
    comparison = read_record(Comparison, run / "comparison.json")
    teachers = ["teacher-1", "teacher-2", "teacher"]
    assert [model.name for model in comparison.models] == [
        "baseline",
        *teachers,
        "student-alone",
        "student",
    ]
    one, two, average = (comparison.model(name) for name in teachers)
    assert (one.architecture, two.architecture) == ("shufflenet_v2_x0_5", "resnet18")
    left = set(average.left_out)
    assert left < {"teacher-1", "teacher-2"}
    if left:
        assert any("Left out" in sentence for sentence in summary(comparison))
    page = (run / "report.html").read_text()
    assert "a general network, resnet18 at 40 pixels" in " ".join(page.split())


@pytest.mark.slow
def test_killed_and_resumed_equals_unbroken(
    study: Finished, phantoms: tuple[Path, Path], tmp_path: Path
) -> None:
    data, more = phantoms
    out = tmp_path / "killed"
    changes = [part for value in (*SMALL, "data.label_fraction=0.5") for part in ("--set", value)]
    command = [sys.executable, "-m", "radistill", "run", "--data", data, "--unlabelled", more]
    command += ["--out", out, "--preset", "demo", *changes]
    process = subprocess.Popen(
        list(map(str, command)), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    checkpoint = out / ".student.partial" / "checkpoint.pt"
    deadline = time.monotonic() + 300
    while not checkpoint.exists() and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert checkpoint.exists(), "the student was not reached"
    assert not (out / "student").exists(), "killed too late to show anything"
    resumed = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=500)
    assert resumed.returncode == 0, resumed.stderr
    assert "student: resumed after epoch" in resumed.stderr
    for model in MODELS:
        one, other = weights(study.run, model), weights(out, model)
        assert all(torch.equal(one[key], other[key]) for key in one), model
