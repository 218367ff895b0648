"""The main job on phantoms, as a user runs it, with small networks and few epochs."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from safetensors.torch import load_file
from sklearn.metrics import roc_auc_score

from radistill.config import load_config
from radistill.data.external_data import ExternalData
from radistill.data.manifest import read_manifest
from radistill.errors import UsageError
from radistill.files import sha256
from radistill.phantoms import generate
from radistill.runtime import Predictor
from radistill.study.bundle import bundle_run, parse_population
from radistill.study.external import evaluate_model

from ..command_line import Command

SMALL = [
    *(
        "--preset",
        "demo",
        "--set",
        "evaluation.bootstrap=100",
    ),
    *("--set", "baseline={input_size: 32, epochs: 2}"),
    "--set",
    "teacher={architecture: resnet18, weights: random, input_size: 32, epochs: 3, head_epochs: 2, "
    "batch_size: 16}",
    "--set",
    "student={architecture: shufflenet_v2_x0_5, weights: random, input_size: 32, epochs: 2, "
    "batch_size: 16}",
]
UNCHECKED = ["--set", "evaluation.robustness=false"]
MODELS = ("baseline", "teacher", "student-alone", "student")


def process(*arguments: object) -> subprocess.CompletedProcess[str]:
    """A command as a user runs it; the fixture `radistill` spares the new interpreter."""
    command = [sys.executable, "-m", "radistill", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.fixture(scope="module")
def phantoms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("data") / "phantoms"
    generate(out, 120, 0, size=64)
    return out


@pytest.fixture(scope="module")
def run(phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("runs") / "a run"
    done = process("run", "--data", phantoms, "--out", out, *SMALL)
    assert done.returncode == 0, done.stderr
    assert "synthetic" in done.stdout
    assert "report.html" in done.stdout + done.stderr
    bundle_run(out, anyway=True)  # whatever two epochs have taught the student
    return out


def figures(run: Path) -> dict[str, object]:
    """All that must be the same in every run of one seed."""
    comparison = json.loads((run / "comparison.json").read_text())
    return {m["name"]: m["test"] for m in comparison["models"]} | {"pairs": comparison["pairs"]}


def test_the_run_directory_is_as_promised(run: Path) -> None:
    files = {
        "config.yaml",
        "environment.json",
        "manifest.csv",
        "audit.json",
        "comparison.json",
        "report.html",
        "bundle",
    }
    assert files <= {path.name for path in run.iterdir()}
    for model in MODELS:
        assert {
            "weights.safetensors",
            "history.csv",
            "predictions.csv",
            "predictions-val.csv",
            "metrics.json",
        } <= {path.name for path in (run / model).iterdir()}
    assert {"robustness.json", "explanation.json"} <= {p.name for p in (run / "student").iterdir()}
    assert {"model.onnx", "card.json", "README.md"} <= {p.name for p in (run / "bundle").iterdir()}
    assert [path.name for path in run.glob(".*")] == [".lock"], "scratch is left"


def test_no_patient_stands_in_two_splits(run: Path) -> None:
    rows = list(csv.DictReader((run / "manifest.csv").open()))
    splits = {(row["patient"], row["split"]) for row in rows}
    assert len(splits) == len({patient for patient, _ in splits})
    assert {row["split"] for row in rows} == {"train", "val", "test"}


def test_every_figure_follows_from_the_predictions(run: Path) -> None:
    test = [
        row["path"]
        for row in csv.DictReader((run / "manifest.csv").open())
        if row["split"] == "test"
    ]
    for name, found in figures(run).items():
        if name == "pairs":
            continue
        rows = list(csv.DictReader((run / name / "predictions.csv").open()))
        assert [row["path"] for row in rows] == test
        truth = np.array([row["label"] == "PNEUMONIA" for row in rows])
        probability = np.array([float(row["probability"]) for row in rows])
        assert found["auc"] == pytest.approx(roc_auc_score(truth, probability))
        called = probability >= found["threshold"]
        assert found["accuracy"] == pytest.approx((called == truth).mean())
        assert found["recall"] == pytest.approx(called[truth].mean())
        low, high = found["auc_ci"]
        assert low <= found["auc"] <= high


def test_the_threshold_comes_from_validation_alone(run: Path) -> None:
    from radistill.metrics.thresholds import choose_threshold

    rows = list(csv.DictReader((run / "student" / "predictions-val.csv").open()))
    truth = np.array([row["label"] == "PNEUMONIA" for row in rows])
    probability = np.array([float(row["probability"]) for row in rows])
    expected = choose_threshold(truth, probability, "youden")
    assert figures(run)["student"]["threshold"] == expected


def test_a_finished_run_is_kept(radistill: Command, run: Path, phantoms: Path) -> None:
    before = {p: p.stat().st_mtime_ns for p in run.rglob("weights.safetensors")}
    again = radistill("run", "--data", phantoms, "--out", run, *SMALL)
    assert again.returncode == 0, again.stderr
    assert again.stderr.count("finished before") == 4
    assert before == {p: p.stat().st_mtime_ns for p in run.rglob("weights.safetensors")}


def test_killed_and_resumed_equals_unbroken(run: Path, phantoms: Path, tmp_path: Path) -> None:
    out = tmp_path / "killed"
    study = ("run", "--data", phantoms, "--out", out, *SMALL, *UNCHECKED)
    command = [sys.executable, "-m", "radistill", *study]
    checkpoint = out / ".teacher.partial" / "checkpoint.pt"
    killed = subprocess.Popen(
        list(map(str, command)), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 300
    while not checkpoint.exists() and time.monotonic() < deadline and killed.poll() is None:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert checkpoint.exists(), "the teacher was not reached"
    assert not (out / "teacher").exists(), "killed too late to show anything"

    resumed = process(*study)
    assert resumed.returncode == 0, resumed.stderr
    assert "resumed after epoch" in resumed.stderr
    assert "baseline: finished before" in resumed.stderr
    assert figures(out) == figures(run)
    for model in MODELS:
        one, two = (load_file(folder / model / "weights.safetensors") for folder in (run, out))
        assert all(torch.equal(one[key], two[key]) for key in one)


def test_a_changed_setting_is_refused_and_then_runs_only_what_it_touches(
    radistill: Command, run: Path, phantoms: Path, tmp_path: Path
) -> None:
    out = tmp_path / "changed"
    shutil.copytree(run, out)
    change = ["--set", "distill.label_weight=0.8"]
    refused = radistill("run", "--data", phantoms, "--out", out, *SMALL, *change)
    assert refused.returncode == 2
    assert "distill.label_weight" in refused.stderr
    assert "Traceback" not in refused.stderr
    done = radistill("run", "--data", phantoms, "--out", out, *SMALL, *change, "--update")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("finished before") == 3
    assert figures(out)["student-alone"] == figures(run)["student-alone"]
    assert figures(out)["student"] != figures(run)["student"]


def test_a_changed_evaluation_scores_anew_and_trains_nothing(
    radistill: Command, run: Path, phantoms: Path, tmp_path: Path
) -> None:
    out = tmp_path / "scored"
    shutil.copytree(run, out)
    change = ["--set", "evaluation.bootstrap=300", "--update"]
    done = radistill("run", "--data", phantoms, "--out", out, *SMALL, *change)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("trained before, scored anew") == 4
    assert "epoch 1/" not in done.stderr
    for model in MODELS:
        one, two = (folder / model / "weights.safetensors" for folder in (run, out))
        assert one.read_bytes() == two.read_bytes()


def test_other_films_are_refused(
    radistill: Command, run: Path, phantoms: Path, tmp_path: Path
) -> None:
    other = tmp_path / "phantoms"
    generate(other, 120, 1, size=64)
    refused = radistill("run", "--data", other, "--out", run, *SMALL)
    assert refused.returncode == 2
    assert "other films" in refused.stderr


@pytest.mark.parametrize("model", ["", "student", "teacher"])
def test_evaluate_gives_the_figures_of_the_study(
    radistill: Command, run: Path, phantoms: Path, tmp_path: Path, model: str
) -> None:
    done = radistill(
        "evaluate",
        run / model,
        "--data",
        phantoms,
        "--split",
        "test",
        "--out",
        tmp_path,
        "--set",
        "evaluation.bootstrap=100",
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "metrics.json").read_text())["test"]
    expected = figures(run)["teacher" if model == "teacher" else "student"]
    assert found["auc"] == pytest.approx(expected["auc"], abs=1e-6)
    assert found["threshold"] == expected["threshold"]


@pytest.mark.parametrize("model", ["", "teacher", "bundle"])
def test_evaluate_leaves_out_the_films_that_the_study_trained_on(
    run: Path, phantoms: Path, model: str
) -> None:
    settings = load_config("quick", None, ["evaluation.bootstrap=100"])
    done = evaluate_model(run / model, ExternalData(phantoms), settings)
    splits = [film.split for film in read_manifest(run / "manifest.csv")]
    assert done.dataset.seen == len(splits) - splits.count("test") > 0
    assert sum(done.dataset.counts["test"].values()) == splits.count("test")
    assert not done.dataset.leaking


def test_evaluate_scores_a_bundle_by_what_predict_says(
    radistill: Command, run: Path, phantoms: Path, tmp_path: Path
) -> None:
    done = radistill(
        "evaluate",
        run / "bundle",
        "--data",
        phantoms,
        "--split",
        "test",
        "--out",
        tmp_path,
        "--set",
        "evaluation.bootstrap=100",
    )
    assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / "metrics.json").read_text())["test"]
    assert found["threshold"] == Predictor.load(run).card.threshold  # of the file that runs
    films = sorted((phantoms / "test").rglob("*.jpeg"))
    said = {film.path: film.probability for film in Predictor.load(run).predict(films)}
    rows = csv.DictReader((tmp_path / "predictions.csv").open())
    scored = {str(phantoms / row["path"]): float(row["probability"]) for row in rows}
    assert scored == pytest.approx(said, abs=1e-6)


def test_predict_gives_the_probabilities_of_the_study(
    radistill: Command, run: Path, phantoms: Path
) -> None:
    done = radistill("predict", phantoms / "test", "--bundle", run, "--precision", "float32")
    assert done.returncode == 0, done.stderr
    found = {r["path"]: r["probability"] for r in map(json.loads, done.stdout.splitlines())}
    rows = list(csv.DictReader((run / "student" / "predictions.csv").open()))
    expected = {str(phantoms / row["path"]): float(row["probability"]) for row in rows}
    assert found == pytest.approx(expected, abs=1e-4)


def test_a_bundle_is_made_again_without_the_films(
    radistill: Command, run: Path, tmp_path: Path
) -> None:
    out = tmp_path / "run"
    shutil.copytree(run, out)
    shutil.rmtree(out / "bundle")
    whom = ("--ages", "18-90", "--population", "adults of one hospital")
    done = radistill("bundle", out, "--anyway", *whom)
    assert done.returncode == 0, done.stderr
    card = json.loads((out / "bundle" / "card.json").read_text())
    assert card["population"]["age_years"] == [18, 91]
    assert card["population"]["description"] == "adults of one hospital"
    before = json.loads((run / "bundle" / "card.json").read_text())
    for name in ("model.onnx", "training-films.bin"):
        assert card["files"][name] == before["files"][name]
    assert card["figures"] == before["figures"]
    shutil.rmtree(out / "cache")
    with pytest.raises(UsageError, match="command of the study again"):
        bundle_run(out, anyway=True)
    with pytest.raises(UsageError, match="finished `radistill run`"):
        bundle_run(tmp_path)


@pytest.mark.parametrize("kind", ["none", "temperature"])
def test_the_card_has_the_figures_of_the_files_themselves(
    run: Path, tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each file, run on the test films, gives what the card says of it."""
    from radistill.data.cache import open_cache
    from radistill.export import int8
    from radistill.metrics.metrics import metrics
    from radistill.metrics.predictions import read_predictions
    from radistill.runtime import Bundle

    monkeypatch.setattr(int8, "MAX_AUC_DIFFERENCE", 1)
    monkeypatch.setattr(int8, "MAX_PROBABILITY_DIFFERENCE", 1)
    monkeypatch.setattr(int8, "MAX_DECISIONS_CHANGED", 1)
    monkeypatch.setattr(int8, "_smaller", lambda *_: True)
    out = tmp_path / "run"
    shutil.copytree(run, out)
    settings = yaml.safe_load((out / "config.yaml").read_text())
    settings["evaluation"] = settings.get("evaluation", {}) | {
        "calibration": kind,
        "threshold": "youden",
    }
    (out / "config.yaml").write_text(yaml.safe_dump(settings))
    shipped = bundle_run(out, anyway=True)
    assert shipped.figures_of == shipped.small_file == "model.int8.onnx"
    assert shipped.calibration.kind == kind
    assert (shipped.temperature != 1) is (kind == "temperature")
    shas = {r["path"]: r["sha256"] for r in csv.DictReader((out / "manifest.csv").open())}
    cache = open_cache(out / "cache", shipped.input_size)
    assert cache is not None
    seen = []
    for precision in ("auto", "float32"):
        bundle = Bundle.load(out / "bundle", precision=precision)
        card = bundle.card
        assert card.figures_of == bundle.file
        figures = card.figures
        assert figures is not None
        assert card.threshold == figures.test.threshold == card.operating_points[0].threshold
        scores = {}
        for split, name in (("val", "predictions-val.csv"), ("test", "predictions.csv")):
            p = read_predictions(out / "student" / name, "PNEUMONIA")
            scores[split] = bundle.probabilities(cache.batch([shas[path] for path in p.path]))[:, 1]
            truth = p.truth
            if split == "val":
                default = card.operating_points[0]
                called = scores["val"] >= card.threshold
                assert default.sensitivity == pytest.approx(called[truth].mean())
        expected = metrics(truth, scores["test"], card.threshold).model_dump()
        for key in ("brier", "ece", "log_loss", "auc", "recall", "specificity", "confusion"):
            assert figures.test.model_dump()[key] == pytest.approx(expected[key], abs=1e-4), key
        seen.append(figures.test.brier)
    assert seen[0] != seen[1], "two files"
    readme = (out / "bundle" / "README.md").read_text("utf-8")
    assert "scored by `model.int8.onnx`" in readme
    assert "scored by `model.onnx` at its own threshold" in readme


@pytest.mark.parametrize("ages", ["old", "90-18", "18", "18-90-95"])
def test_ages_that_are_none_are_refused(ages: str) -> None:
    with pytest.raises(UsageError, match="such as 18-90"):
        parse_population(None, ages)


def test_evaluate_refuses_other_classes(
    radistill: Command, run: Path, phantoms: Path, tmp_path: Path
) -> None:
    for name, films in (("CAT", "NORMAL"), ("DOG", "PNEUMONIA")):
        shutil.copytree(phantoms / "test" / films, tmp_path / "pets" / name)
    refused = radistill("evaluate", run, "--data", tmp_path / "pets")
    assert refused.returncode == 2
    assert "CAT" in refused.stderr
    assert "NORMAL" in refused.stderr
    empty = radistill("evaluate", phantoms, "--data", phantoms)
    assert empty.returncode == 2
    assert "neither a run" in empty.stderr


def test_bad_files_among_good_ones_are_counted_and_skipped(
    radistill: Command, phantoms: Path, tmp_path: Path
) -> None:
    data = tmp_path / "data"
    shutil.copytree(phantoms, data)
    victims = sorted((data / "train" / "NORMAL").iterdir())[:3]
    victims[0].write_bytes(b"")
    victims[1].write_bytes(victims[1].read_bytes()[:500])
    victims[2].write_text("<html>not found</html>")
    settings = (
        *(f"{model}.epochs=1" for model in ("baseline", "teacher", "student")),
        "evaluation.robustness=false",
    )
    quick = [word for setting in settings for word in ("--set", setting)]
    done = radistill("run", "--data", data, "--out", tmp_path / "run", *SMALL, *quick)
    assert done.returncode == 0, done.stderr
    assert "3 unreadable files" in done.stderr
    audit = json.loads((tmp_path / "run" / "audit.json").read_text())
    assert victims[0].name in json.dumps(audit)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--set", "teacher.epoch=5"], "did you mean 'teacher.epochs'"),
        (["--set", "teacher.epochs=many"], "teacher.epochs"),
        (["--set", "teacher.epochs"], "key=value"),
        (["--preset", "demmo"], "did you mean 'demo'"),
        (["--config", "missing.yaml"], "missing.yaml"),
        (["--set", "student.architecture=resnet5000"], "resnet5000"),
        (["--set", "student.weights=no-such-file.pth"], "no-such-file.pth"),
        (["--set", "data.positive=COVID"], "COVID"),
        (["--set", "student.transfer=features"], "head_epochs"),
    ],
)
def test_wrong_settings_are_explained(
    radistill: Command, phantoms: Path, tmp_path: Path, arguments: list[str], words: str
) -> None:
    before = [] if "--preset" in arguments else SMALL
    refused = radistill("run", "--data", phantoms, "--out", tmp_path / "run", *before, *arguments)
    assert refused.returncode == 2, refused.stderr
    assert words in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_slip_in_the_command_is_no_study(
    radistill: Command, phantoms: Path, tmp_path: Path
) -> None:
    """Nothing that was asked with it stands in the way of the corrected command."""
    out = tmp_path / "run"
    for data, settings, message in (
        (phantoms.with_name("phantmos"), (), "there is no such file or folder"),
        (phantoms / "masks" / "nothing", ("--seed", "5"), "there is no such file or folder"),
        (phantoms, ("--set", "data.positive=flu"), "there is no class 'flu'"),
        (phantoms, ("--set", "teacher.architecture=resnet51"), "resnet51"),
    ):
        done = radistill("run", "--data", data, "--out", out, *settings)
        assert done.returncode == 2, done.stderr
        assert message in done.stderr
        assert not (out / "config.yaml").exists()


def test_a_run_goes_on_without_the_gpu_it_began_on(
    radistill: Command, run: Path, phantoms: Path
) -> None:
    for precision in ("fp16", "no"):
        options = ("--set", f"mixed_precision={precision}")
        done = radistill("run", "--data", phantoms, "--out", run, *SMALL, *options)
        assert done.returncode == 0, done.stderr
        assert done.stderr.count("finished before, kept") == len(MODELS)


def test_an_output_folder_of_something_else_is_not_touched(
    radistill: Command, phantoms: Path, tmp_path: Path
) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    refused = radistill("run", "--data", phantoms, "--out", tmp_path, *SMALL)
    assert refused.returncode == 2
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_ctrl_c_leaves_a_usable_run(phantoms: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = [sys.executable, "-m", "radistill", "run", "--data", phantoms, "--out", out, *SMALL]
    stopped = subprocess.Popen(
        list(map(str, command)),
        stderr=subprocess.PIPE,
        text=True,
        stdout=subprocess.DEVNULL,
        # A shell's background job, and so its children, would ignore Ctrl-C.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    deadline = time.monotonic() + 300
    while not (out / "baseline").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    stopped.send_signal(signal.SIGINT)
    _, errors = stopped.communicate(timeout=300)
    assert stopped.returncode == 130
    assert "the same command goes on" in errors
    assert "Traceback" not in errors
    assert (out / "baseline" / "metrics.json").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk needs root")
@pytest.mark.slow
def test_a_full_disk_is_explained_and_nothing_done_is_lost(phantoms: Path, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", str(disk)])
    if mounted.returncode:
        pytest.skip("cannot mount a small disk here")
    try:
        stopped = process("run", "--data", phantoms, "--out", disk / "run", *SMALL)
        assert stopped.returncode == 1, stopped.stderr
        assert "disk is full" in stopped.stderr
        assert "Traceback" not in stopped.stderr
        finished = (disk / "run" / "baseline" / "metrics.json").stat().st_mtime_ns
        subprocess.run(["mount", "-o", "remount,size=300m", str(disk)], check=True)
        again = process("run", "--data", phantoms, "--out", disk / "run", *SMALL)
        assert again.returncode == 0, again.stderr
        assert (disk / "run" / "baseline" / "metrics.json").stat().st_mtime_ns == finished
        assert (disk / "run" / "report.html").exists()
    finally:
        subprocess.run(["umount", str(disk)], check=True)


@pytest.mark.slow
def test_the_study_runs_on_two_processes(phantoms: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    launch = [
        *("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"),
        *("--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no"),
        *("--main_process_port", "0", "-m", "radistill", "run", "--data", phantoms, "--out", out),
    ]
    done = subprocess.run(
        [sys.executable, *map(str, launch), *SMALL], capture_output=True, text=True, timeout=500
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("baseline epoch 1/") == 1  # one study on two processes, not two
    test = [
        r["path"] for r in csv.DictReader((out / "manifest.csv").open()) if r["split"] == "test"
    ]
    for model in MODELS:
        rows = list(csv.DictReader((out / model / "predictions.csv").open()))
        assert [row["path"] for row in rows] == test
    assert (out / "report.html").exists()
    assert bundle_run(out, anyway=True).figures


def test_subtypes_methods_and_caches_in_one_study(
    radistill: Command, run: Path, phantoms: Path, tmp_path: Path
) -> None:
    """Three targets reported as two, with what a small study leaves at its default."""
    out = tmp_path / "subtypes"
    settings = (
        "data.targets=subtype",
        "teacher.frozen_stages=4",
        "teacher.batch_norm=frozen",
        "teacher.cached_views=2",
        "augment.mixup=0.3",
        "augment.jpeg=0.3",
        "teacher.members=[{}, {}]",
        "distill.methods=[{name: hinton}, {name: hint}, {name: attention}, {name: rkd_angle}]",
    )
    chosen = [word for setting in settings for word in ("--set", setting)]
    done = radistill("run", "--data", phantoms, "--out", out, *SMALL, *chosen)
    assert done.returncode == 0, done.stderr
    spec = json.loads((out / "student" / "model.json").read_text())
    assert spec["targets"] == ["NORMAL", "bacteria", "virus"]
    assert (spec["classes"], spec["class_of"]) == (["NORMAL", "PNEUMONIA"], [0, 1, 1])
    assert not (out / "teacher-1" / "frozen").exists()
    first, second = (
        sha256(out / name / "weights.safetensors") for name in ("teacher-1", "teacher-2")
    )
    assert first != second
    assert set(figures(out)) == {*MODELS, "teacher-1", "teacher-2", "pairs"}
    rows = list(csv.DictReader((out / "student" / "predictions.csv").open()))
    assert list(rows[0]) == ["path", "patient", "label", "probability"]
    made = radistill("bundle", out, "--anyway")  # whatever so short a training has learnt
    assert made.returncode == 0, made.stderr
    predicted = radistill(
        "predict", phantoms / "test", "--bundle", out, "--precision", "float32", "--format", "jsonl"
    )
    assert predicted.returncode == 0, predicted.stderr
    found = [json.loads(line) for line in predicted.stdout.splitlines()]
    told = {Path(row["path"]).name: float(row["probability"]) for row in rows}
    assert len(found) == len(told)
    for film in found:
        assert film["probability"] == pytest.approx(told[Path(film["path"]).name], abs=1e-4)

    teacher = f"distill.teachers=[{run / 'teacher'}]"
    refused = radistill(
        "run", "--data", phantoms, "--out", tmp_path / "x", *SMALL, *chosen, "--set", teacher
    )
    assert refused.returncode == 2
    assert "tells apart" in refused.stderr


ENSEMBLE = ["--set", "teacher.members=[{}, {}]", *UNCHECKED]


@pytest.fixture(scope="module")
def ensemble(phantoms: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of two teachers."""
    out = tmp_path_factory.mktemp("runs") / "ensemble"
    done = process("run", "--data", phantoms, "--out", out, *SMALL, *ENSEMBLE)
    assert done.returncode == 0, done.stderr
    return out


def log_odds(file: Path) -> np.ndarray:
    probability = np.array([float(row["probability"]) for row in csv.DictReader(file.open())])
    return np.log(probability / (1 - probability))


def test_each_teacher_and_the_average_that_taught_are_scored(ensemble: Path) -> None:
    comparison = json.loads((ensemble / "comparison.json").read_text())
    names = [model["name"] for model in comparison["models"]]
    assert names == ["baseline", "teacher-1", "teacher-2", "teacher", "student-alone", "student"]
    average = next(model for model in comparison["models"] if model["name"] == "teacher")
    taught = [n for n in ("teacher-1", "teacher-2") if n not in average.get("left_out", ())]
    members = [ensemble / name for name in taught]
    for file in ("predictions.csv", "predictions-val.csv"):
        mean = np.mean([log_odds(member / file) for member in members], axis=0)
        np.testing.assert_allclose(log_odds(ensemble / "teacher" / file), mean, atol=1e-5)
    kept = {path.name for path in (ensemble / "teacher").iterdir()}
    assert kept == {"predictions.csv", "predictions-val.csv", "metrics.json", "stage.json"}
    named = "average of 2 resnet18" if len(taught) == 2 else "resnet18"
    assert average["architecture"] == named
    for key in ("parameters", "macs", "file_bytes"):
        costs = {model["name"]: model["cost"][key] for model in comparison["models"]}
        assert costs["teacher"] == sum(costs[name] for name in taught), key
    assert average["cost"]["latency_ms_p50"] > 0
    page = (ensemble / "report.html").read_text()
    assert all(name in page for name in names)


def test_a_study_of_several_teachers_is_kept_and_scored_anew(
    radistill: Command, ensemble: Path, phantoms: Path, tmp_path: Path
) -> None:
    out = Path(shutil.copytree(ensemble, tmp_path / "run"))
    again = radistill("run", "--data", phantoms, "--out", out, *SMALL, *ENSEMBLE)
    assert again.returncode == 0, again.stderr
    assert again.stderr.count("finished before") == 5
    assert "teacher: scored before, kept" in again.stderr
    assert figures(out) == figures(ensemble)
    scored = radistill("evaluate", out, "--format", "json")
    assert scored.returncode == 0, scored.stderr
    found = {model["name"]: model["test"] for model in json.loads(scored.stdout)["models"]}
    assert found == {name: test for name, test in figures(out).items() if name != "pairs"}
    refused = radistill("evaluate", out / "teacher", "--data", phantoms)
    assert refused.returncode == 2
    assert "teacher-1" in refused.stderr

    shutil.rmtree(out / "teacher")  # as if killed before the average was scored
    change = ["--set", "evaluation.threshold=fixed=0.5", "--update"]
    done = radistill("run", "--data", phantoms, "--out", out, *SMALL, *ENSEMBLE, *change)
    assert done.returncode == 0, done.stderr
    assert "epoch 1/" not in done.stderr
    assert figures(out)["teacher"]["threshold"] == 0.5
    assert figures(out)["teacher"]["auc"] == figures(ensemble)["teacher"]["auc"]


def test_one_teacher_instead_of_two_and_back(
    radistill: Command, ensemble: Path, phantoms: Path, tmp_path: Path
) -> None:
    """What the settings no longer have is not reported, and not trained again when they do."""
    out = Path(shutil.copytree(ensemble, tmp_path / "run"))
    one = radistill("run", "--data", phantoms, "--out", out, *SMALL, *UNCHECKED, "--update")
    assert one.returncode == 0, one.stderr
    assert set(figures(out)) == {*MODELS, "pairs"}
    assert (out / "teacher" / "model.json").exists()
    assert "teacher-1" not in (out / "report.html").read_text()
    assert "teacher-1" not in radistill("evaluate", out).stdout
    two = radistill("run", "--data", phantoms, "--out", out, *SMALL, *ENSEMBLE, "--update")
    assert two.returncode == 0, two.stderr
    assert "teacher-2: finished before, kept" in two.stderr
    assert figures(out) == figures(ensemble)
    assert not (out / "teacher" / "model.json").exists()
