"""The run directory: one process at a time, and whole stages whatever is killed when."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from radistill.config import StudyConfig
from radistill.errors import RadistillError, UsageError
from radistill.files import write_json
from radistill.study.rundir import STAGE, RunDirectory

CONFIG = StudyConfig()


@pytest.fixture
def run(tmp_path: Path) -> RunDirectory:
    run = RunDirectory(tmp_path / "run")
    with run.open(CONFIG, update=False):
        run.record(CONFIG, (), update=False)
    return run


def work(run: RunDirectory, text: str) -> None:
    """Put a stage's result into its working folder."""
    run.working("student").mkdir(parents=True, exist_ok=True)
    (run.working("student") / "weights").write_text(text)


def result(run: RunDirectory) -> str:
    return (run.folder / "student" / "weights").read_text()


def reopen(run: RunDirectory) -> None:
    with run.open(CONFIG, update=False):
        pass


def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    code = (
        "import sys, time; from pathlib import Path; from radistill.config import StudyConfig\n"
        "from radistill.study.rundir import RunDirectory\n"
        "with RunDirectory(Path(sys.argv[1])).open(StudyConfig(), update=False):\n"
        "    print('held', flush=True); time.sleep(60)"
    )
    run = RunDirectory(tmp_path / "run")
    with subprocess.Popen(
        [sys.executable, "-c", code, run.folder], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        for held in (run.open(CONFIG, update=True), run.locked()):
            with pytest.raises(RadistillError, match=f"run: process {holder.pid} works") as error:
                held.__enter__()
            assert error.value.exit_code == 1
        holder.send_signal(signal.SIGKILL)
    reopen(run)


def test_the_lock_ends_with_an_error_too(run: RunDirectory) -> None:
    with pytest.raises(ValueError, match="inside"), run.locked():
        raise ValueError("inside")
    reopen(run)


def test_a_folder_that_only_a_killed_start_left_is_taken(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    with run.locked():
        pass
    reopen(run)
    (tmp_path / "cache").mkdir()
    assert not (tmp_path / "config.yaml").exists(), "no film is read yet"
    with run.open(CONFIG.model_copy(update={"seed": 7}), update=False):
        run.record(CONFIG, (), update=False)
    assert (tmp_path / "config.yaml").exists()


@pytest.mark.parametrize("before", ["no", "bf16", "fp16"])
def test_a_run_goes_on_in_another_precision(tmp_path: Path, before: str) -> None:
    run = RunDirectory(tmp_path)
    first = CONFIG.model_copy(update={"mixed_precision": before})
    with run.open(first, update=False):
        run.record(first, (), update=False)
    for now in ("no", "bf16"):
        with run.open(CONFIG.model_copy(update={"mixed_precision": now}), update=False):
            pass


def test_an_update_is_recorded_once_the_films_are_known(run: RunDirectory) -> None:
    other = CONFIG.model_copy(update={"seed": 7})
    with pytest.raises(UsageError, match="seed: 0 there, 7 now"):
        run.open(other, update=False).__enter__()
    with run.open(other, update=True):
        reread = (run.folder / "config.yaml").read_text()
        assert "seed: 0" in reread, "nothing has run with the new settings yet"
        run.record(other, (), update=True)
    assert "seed: 7" in (run.folder / "config.yaml").read_text()


def test_stages_are_done_by_key(run: RunDirectory) -> None:
    work(run, "one")
    assert not run.done("student", "a")
    run.finish("student", "a", training="b")
    assert run.done("student", "a")
    assert run.done("student", "b", "training")
    assert not run.done("student", "b")
    run.take_up("student")
    assert not (run.working("student") / STAGE).exists(), "not finished by being taken up"
    work(run, "two")
    run.finish("student", "c")
    assert result(run) == "two"


def test_a_kill_before_the_old_stage_moved(run: RunDirectory) -> None:
    work(run, "old")
    run.finish("student", "old")
    work(run, "new")
    write_json(run.working("student") / STAGE, {"key": "new"})
    reopen(run)
    assert result(run) == "new"


@pytest.mark.parametrize("finished", [True, False])
def test_a_kill_while_stages_are_swapped(run: RunDirectory, finished: bool) -> None:
    work(run, "old")
    final = run.finish("student", "old")
    final.rename(run.folder / ".student.77.old.partial")
    if finished:
        work(run, "new")
        write_json(run.working("student") / STAGE, {"key": "new"})
    reopen(run)
    assert result(run) == ("new" if finished else "old")
    assert run.done("student", "new" if finished else "old")
    assert not list(run.folder.glob(".*.partial"))


def test_what_a_kill_left_half_written_is_removed_and_work_is_kept(run: RunDirectory) -> None:
    work(run, "half")
    (run.working("student") / ".checkpoint.pt.77.partial").touch()
    (run.folder / ".bundle.77.partial").mkdir()
    (run.folder / "cache").mkdir()
    (run.folder / "cache" / ".squares-224.u8.77.partial").touch()
    reopen(run)
    assert [path.name for path in run.folder.rglob("*.partial")] == [".student.partial"]
    assert (run.working("student") / "weights").read_text() == "half"


def test_steps_are_done_by_key(run: RunDirectory) -> None:
    assert not run.step_done("report", "a")
    run.finish_step("audit", "a")
    run.finish_step("report", "a")
    run.finish_step("report", "b")
    assert run.step_done("audit", "a")
    assert not run.step_done("report", "a")
    assert run.step_done("report", "b")


def test_stages_of_the_version_before_are_refused_not_trained_over(run: RunDirectory) -> None:
    write_json(run.folder / "student" / STAGE, {"key": "a", "training": "b", "format": 1})
    with pytest.raises(UsageError, match=r"student: trained by another version .*--update"):
        reopen(run)
    with run.open(CONFIG, update=True):
        assert not run.done("student", "c")
