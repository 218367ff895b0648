"""No work twice: decodes, loads, parses and resamples of a study, of its repetition and later."""

from __future__ import annotations

import importlib
import json
import shutil
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

import pytest

from radistill.config import StudyConfig, load_config
from radistill.errors import UsageError
from radistill.files import write_json
from radistill.phantoms import generate
from radistill.schema.card import CARD, FLOAT32, read_card
from radistill.schema.comparison import Comparison
from radistill.study.bundle import bundle_run
from radistill.study.refresh import refresh_run
from radistill.study.run import run_study

FILMS = 60
WATCHED = {
    "decode": "radistill.imaging.read",
    "load_model": "radistill.models.saved",
    "read_predictions": "radistill.metrics.predictions",
    "figure_draws": "radistill.metrics.bootstrap",
    "robustness": "radistill.explain.robustness",
    "costs_side_by_side": "radistill.explain.cost",
    "trace": "radistill.export.onnx",
}


@contextmanager
def counted() -> Iterator[Counter[str]]:
    """How often each function of `WATCHED` is called, whichever module calls it."""
    counts: Counter[str] = Counter()
    functions = {
        name: getattr(importlib.import_module(module), name) for name, module in WATCHED.items()
    }

    def counting(name: str) -> Any:
        @wraps(functions[name])
        def call(*arguments: Any, **options: Any) -> Any:
            counts[name] += 1
            return functions[name](*arguments, **options)

        return call

    with pytest.MonkeyPatch.context() as patch:
        for module in [m for name, m in sys.modules.items() if name.startswith("radistill")]:
            for name, function in functions.items():
                if vars(module).get(name) is function:
                    patch.setattr(module, name, counting(name))
        yield counts


def settings(*more: str) -> StudyConfig:
    small = [
        "evaluation.bootstrap=100",
        "evaluation.calibration=none",
        "baseline={input_size: 32, epochs: 1}",
        "teacher={architecture: shufflenet_v2_x0_5, weights: random, input_size: 48, epochs: 1}",
        "student={architecture: shufflenet_v2_x0_5, weights: random, input_size: 32, epochs: 1}",
        "distill.views=1",
    ]
    return load_config("demo", None, [*small, *more])


def study(
    data: Path, run: Path, *more: str, update: bool = False
) -> tuple[Comparison, Counter[str]]:
    with counted() as counts:
        comparison = run_study(data, run, settings(*more), update=update)
    return comparison, counts


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, Comparison, Counter[str]]:
    """Data, run, comparison and counts of a whole study."""
    tmp = tmp_path_factory.mktemp("study")
    data, run = tmp / "data", tmp / "run"
    generate(data, FILMS, 0, size=64)
    return data, run, *study(data, run)


@pytest.fixture
def data(first: tuple[Path, Path, Comparison, Counter[str]]) -> Path:
    return first[0]


@pytest.fixture
def run(first: tuple[Path, Path, Comparison, Counter[str]], tmp_path: Path) -> Path:
    """A copy of the finished run."""
    return shutil.copytree(first[1], tmp_path / "run")


@pytest.fixture
def comparison(first: tuple[Path, Path, Comparison, Counter[str]]) -> Comparison:
    return first[2]


def small_files(run: Path) -> int:
    """How many smaller files the bundle holds, 0 or 1: each has figures of its own."""
    card = run / "bundle" / CARD
    return int(card.exists() and read_card(card).small_file != FLOAT32)


def test_a_study_does_each_thing_once(
    first: tuple[Path, Path, Comparison, Counter[str]],
) -> None:
    assert first[3] == {
        "decode": FILMS,
        "load_model": 4,
        "figure_draws": 4 + small_files(first[1]),
        "robustness": 1,
        "costs_side_by_side": 1,
        "trace": 2,  # the student, and with random weights for the check of its heat maps
    }


def test_a_repeated_study_does_nothing(data: Path, run: Path, comparison: Comparison) -> None:
    assert study(data, run) == (comparison, Counter())


@pytest.mark.parametrize("deleted", ["report.html", "comparison.json"])
def test_what_was_deleted_is_made_again_from_what_is_there(
    data: Path, run: Path, comparison: Comparison, deleted: str
) -> None:
    (run / deleted).unlink()
    again, counts = study(data, run)
    assert (run / deleted).exists()
    assert counts["decode"] == counts["robustness"] == 0
    assert counts["read_predictions"] == 4 + 3, "of three on validation too, for the shortfalls"
    assert counts["figure_draws"] == 4 + small_files(run)
    measured = deleted == "comparison.json"  # it alone holds what was measured side by side
    assert counts["costs_side_by_side"] == measured
    assert counts["load_model"] == (4 if measured else 1)
    assert measured or again == comparison


def test_a_study_killed_before_its_report_measures_nothing_again(
    data: Path, run: Path, comparison: Comparison
) -> None:
    steps = json.loads((run / "study.json").read_text())
    del steps["report"]
    write_json(run / "study.json", steps)
    again, counts = study(data, run)
    assert again == comparison
    assert counts["decode"] == counts["robustness"] == counts["costs_side_by_side"] == 0
    assert counts["load_model"] == 1


def test_without_checks_those_of_before_are_gone(
    data: Path, run: Path, comparison: Comparison
) -> None:
    without, counts = study(data, run, "evaluation.robustness=false", update=True)
    assert without.models[-1].robustness is None
    assert not (run / "student" / "robustness.json").exists()
    assert counts["robustness"] == counts["costs_side_by_side"] == 0
    again, counts = study(data, run, update=True)
    assert again == comparison
    assert counts["robustness"] == 1


def test_checks_have_the_threshold_in_use(data: Path, run: Path) -> None:
    threshold = "evaluation.threshold=fixed=0.3"
    changed, counts = study(data, run, threshold, update=True)
    checked = changed.models[-1].robustness
    assert checked is not None
    assert checked.threshold == changed.models[-1].test.threshold == 0.3
    assert json.loads((run / "student" / "robustness.json").read_text())["threshold"] == 0.3
    assert counts["robustness"] == 1
    other = ["evaluation.threshold=fixed=0.6", "evaluation.robustness=false"]
    without, _ = study(data, run, *other, update=True)
    assert without.models[-1].robustness is None
    assert not (run / "student" / "robustness.json").exists()
    assert not (run / "student" / "explanation.json").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("student.architecture=resnet5000", "resnet5000"),
        ("student.weights=nowhere.safetensors", "nowhere"),
        ("data.positive=COVID", "COVID"),
    ],
)
def test_an_update_that_cannot_run_leaves_the_run_as_it_was(
    data: Path, run: Path, comparison: Comparison, change: str, message: str
) -> None:
    before = {file: (run / file).read_bytes() for file in ("config.yaml", "manifest.csv")}
    (run / "student" / "stage.json").unlink()  # so that its network is made
    with pytest.raises(UsageError, match=message):
        study(data, run, change, update=True)
    with pytest.raises(UsageError, match="no such"):
        run_study(data / "no such folder", run, settings(), update=True)
    assert before == {file: (run / file).read_bytes() for file in before}
    assert study(data, run)[0].dataset == comparison.dataset


def test_a_bundle_made_again_and_figures_made_anew(run: Path, tmp_path: Path) -> None:
    with counted() as counts:
        bundle_run(run, anyway=True)
    small = {"figure_draws": 1} if small_files(run) else {}
    # Of the student on both; on validation it is set against the two simpler models.
    assert counts == {"load_model": 1, "trace": 1, "read_predictions": 4, **small}
    with counted() as counts:
        refresh_run(run, settings(), out=tmp_path / "out", robust=True)
    assert counts["decode"] == 0
    assert counts["load_model"] == 1
    assert counts["figure_draws"] == 4
