"""Several trainings at once: the same models as one after the other, and nothing lost by a kill."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from radistill.config import StudyConfig, load_config
from radistill.errors import RadistillError
from radistill.files import sha256
from radistill.phantoms import generate
from radistill.study import at_once
from radistill.study.at_once import room
from radistill.study.run import run_study

SETTINGS = [
    "evaluation.bootstrap=100",
    "evaluation.calibration=none",
    "evaluation.robustness=false",
    "baseline={input_size: 32, epochs: 1}",
    "teacher={architecture: shufflenet_v2_x0_5, weights: random, input_size: 32, epochs: 1}",
    "student={architecture: shufflenet_v2_x0_5, weights: random, input_size: 32, epochs: 1}",
    "distill.views=1",
    "teacher.members=[{}, {}]",
]
MODELS = ("baseline", "teacher-1", "teacher-2", "student-alone", "student")


def settings(*more: str) -> StudyConfig:
    return load_config("demo", None, [*SETTINGS, *more])


def without_times(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8") as rows:
        return [{**row, "seconds": ""} for row in csv.DictReader(rows)]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films") / "data"
    generate(folder, 60, 0, size=64)
    return folder


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def test_models_trained_at_once_are_those_trained_one_after_the_other(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    one = run_study(data, tmp_path / "one", settings())
    monkeypatch.setattr("radistill.study.run.room", lambda accelerator: 2)
    two = run_study(data, tmp_path / "two", settings())
    assert "student-alone: finished before, kept" in capfd.readouterr().err
    for name in MODELS:
        a, b = tmp_path / "one" / name, tmp_path / "two" / name
        for file in ("weights.safetensors", "predictions.csv", "predictions-val.csv"):
            assert sha256(a / file) == sha256(b / file), (name, file)
        assert without_times(a / "history.csv") == without_times(b / "history.csv")
    assert [model.test for model in one.models] == [model.test for model in two.models]
    assert not [left for left in (tmp_path / "two").glob(".*.partial") if left.is_dir()]


def test_a_killed_process_is_named_and_what_is_finished_is_kept(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, start = tmp_path / "run", at_once._start
    started = []

    def killing(*arguments: object) -> object:
        process = start(*arguments)  # type: ignore[arg-type]
        started.append(process)
        if len(started) == 3:  # a third begins once one of the two before is finished
            os.kill(process.pid, signal.SIGKILL)
        return process

    monkeypatch.setattr("radistill.study.run.room", lambda accelerator: 2)
    monkeypatch.setattr(at_once, "_start", killing)
    with pytest.raises(
        RadistillError, match=r"student-alone: the process .* SIGKILL.*same command"
    ):
        run_study(data, run, settings())
    assert not any(process.is_alive() for process in started)
    finished = {name for name in MODELS if (run / name / "stage.json").exists()}
    assert finished & {"teacher-1", "teacher-2"}
    times = {name: (run / name / "stage.json").stat().st_mtime_ns for name in finished}
    monkeypatch.setattr("radistill.study.run.room", lambda accelerator: 1)
    comparison = run_study(data, run, settings())
    assert {model.name for model in comparison.models} == {*MODELS, "teacher"}
    assert times == {name: (run / name / "stage.json").stat().st_mtime_ns for name in finished}


def test_an_error_in_a_process_is_the_error_of_the_study(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("radistill.study.run.room", lambda accelerator: 2)
    wrong = ["teacher.learning_rate=1e30", "teacher.batch_size=8"]
    with pytest.raises(RadistillError, match="teacher-1: the loss is not a finite number"):
        run_study(data, tmp_path / "run", settings(*wrong))
    assert "Going on with one model after the other" in capfd.readouterr().err
    assert (tmp_path / "run" / "baseline" / "stage.json").exists()


def test_processes_end_with_a_study_that_is_killed(data: Path, tmp_path: Path) -> None:
    program = (
        "import radistill.study.run as run, sys\n"
        "from pathlib import Path\n"
        "from radistill.config import load_config\n"
        "if __name__ == '__main__':\n"
        "    run.room = lambda accelerator: 2\n"
        "    config = load_config('demo', None, sys.argv[3:])\n"
        "    run.run_study(Path(sys.argv[1]), Path(sys.argv[2]), config)\n"
    )
    script, folder = tmp_path / "program.py", tmp_path / "run"
    script.write_text(program)
    command = [sys.executable, str(script), str(data), str(folder), *SETTINGS]
    study = subprocess.Popen([*command, "student.epochs=500"], stderr=subprocess.PIPE, text=True)
    assert study.stderr is not None
    next(line for line in study.stderr if "student-alone epoch 2" in line)
    study.kill()
    study.wait()
    time.sleep(2)
    checkpoint = folder / ".student-alone.partial" / "checkpoint.pt"
    written = checkpoint.stat().st_mtime_ns
    time.sleep(3)
    assert checkpoint.stat().st_mtime_ns == written, "no process is left that trains"


class Card:
    """Stands for an accelerator."""

    device = torch.device("cuda")
    num_processes = 1


@pytest.mark.parametrize(
    ("free", "cores", "expected"), [(70, 16, 8), (20, 16, 2), (70, 3, 1), (1, 16, 1)]
)
def test_room_is_by_what_is_free_of_card_and_machine(
    monkeypatch: pytest.MonkeyPatch, free: int, cores: int, expected: int
) -> None:
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free << 30, 80 << 30))
    monkeypatch.setattr(at_once, "cores", lambda: cores)
    card = Card()
    assert room(card) == expected  # type: ignore[arg-type]
    card.num_processes = 2
    assert room(card) == 1  # type: ignore[arg-type]
    card.device, card.num_processes = torch.device("cpu"), 1
    assert room(card) == 1  # type: ignore[arg-type]
