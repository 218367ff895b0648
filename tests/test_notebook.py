"""The notebooks: clean as committed, and whole when executed on phantoms."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from radistill.phantoms import generate

nbformat = pytest.importorskip("nbformat")
EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
NAMES = ("colab", "kaggle")
# Cells that the notebooks have in common: what is repaired in one is repaired in the other.
SHARED = ("install", "gpu", "study", "comparison", "plots", "report", "home")
# The smallest study there is: small inputs, one epoch of everything.
TINY = [
    "baseline.epochs=1",
    "baseline.input_size=32",
    "teacher.architecture=shufflenet_v2_x0_5",
    "teacher.weights=random",
    "teacher.epochs=1",
    "teacher.head_epochs=0",
    "teacher.input_size=64",
    "student.epochs=1",
    "student.input_size=64",
    "distill.views=1",
    "evaluation.bootstrap=100",
    "evaluation.robustness=false",
]
VARIABLES = ("SOURCE", "FILMS", "LOCAL", "RUN", "INPUT", "WORKING", "PRESET", "SET")


def read(name: str) -> Any:
    return nbformat.read(EXAMPLES / f"{name}.ipynb", as_version=4)


def execute(
    name: str, folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: object
) -> dict[str, str]:
    """What each cell shows, by its id; as on a machine where nothing else is set."""
    for variable in VARIABLES:
        monkeypatch.delenv(f"RADISTILL_{variable}", raising=False)
    for variable, value in settings.items():
        monkeypatch.setenv(f"RADISTILL_{variable}", str(value))
    notebook = read(name)
    folder.mkdir(exist_ok=True)
    client = pytest.importorskip("nbclient").NotebookClient(
        notebook,
        timeout=570,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return {
        cell.id: "\n".join(
            output.get("text") or json.dumps(output.get("data", {})) for output in cell.outputs
        )
        for cell in notebook.cells
        if cell.cell_type == "code"
    }


@pytest.mark.parametrize("name", NAMES)
def test_is_valid_and_has_no_outputs(name: str) -> None:
    notebook = read(name)
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None
            ast.parse(cell.source)


@pytest.mark.parametrize("name", NAMES)
def test_every_code_cell_is_introduced(name: str) -> None:
    cells = read(name).cells
    for text, cell in pairwise(cells):
        if cell.cell_type == "code":
            assert text.cell_type == "markdown"


def test_what_both_do_is_the_same() -> None:
    colab, kaggle = ({cell.id: cell.source for cell in read(name).cells} for name in NAMES)
    assert [colab[cell] for cell in SHARED] == [kaggle[cell] for cell in SHARED]


def test_colab_begins_on_a_gpu_and_kaggle_goes_on_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The films come as an archive and are unpacked; the run of the one is an input of the other,
    with settings that a GPU brings, and nothing of it is trained again."""
    generate(tmp_path / "phantoms" / "chest_xray", 60, 0, 64)
    shutil.make_archive(str(tmp_path / "films"), "zip", tmp_path / "phantoms")
    shown = execute(
        "colab",
        tmp_path / "colab",
        monkeypatch,
        FILMS=tmp_path / "films.zip",
        LOCAL=tmp_path / "local",
        RUN=tmp_path / "drive" / "run",
        PRESET="demo",
        SET=" ".join(["mixed_precision=fp16", *TINY]),
    )
    assert {path.name for path in tmp_path.joinpath("drive").iterdir()} == {"run"}
    assert (tmp_path / "local" / "chest_xray").is_dir()
    check(shown, tmp_path / "drive" / "run")

    inputs = tmp_path / "kaggle" / "input"
    inputs.parent.mkdir()
    (tmp_path / "drive").rename(inputs)
    shutil.move(tmp_path / "phantoms" / "chest_xray", inputs / "chest-xray" / "chest_xray")
    before = (inputs / "run" / "comparison.json").read_bytes()
    shown = execute(
        "kaggle",
        tmp_path / "kaggle" / "working",
        monkeypatch,
        INPUT=inputs,
        WORKING=tmp_path / "kaggle" / "working",
        PRESET="demo",
        SET=" ".join(TINY),
    )
    run = tmp_path / "kaggle" / "working" / "run"
    assert f"going on with {inputs / 'run'}" in shown["place"]
    assert shown["study"].count("finished before, kept") == 4
    assert (run / "comparison.json").read_bytes() == before
    check(shown, run)


def check(shown: dict[str, str], run: Path) -> None:
    models = json.loads((run / "comparison.json").read_text())["models"]
    assert len(models) == 4
    for model in models:
        assert f"<td>{model['name']}</td>" in shown["comparison"]
        assert f"<td>{model['test']['auc']:.3f}</td>" in shown["comparison"]
    assert "Synthetic phantoms" in shown["comparison"]
    assert shown["plots"].count("image/svg+xml") >= 3
    assert "<iframe srcdoc=" in shown["report"]
    assert "synthetic" in shown["report"].lower()
    assert "Warning" not in shown["report"]
    assert str(run / "report.html") in shown["home"]


def test_stops_where_a_command_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "empty").mkdir()
    error = pytest.importorskip("nbclient").exceptions.CellExecutionError
    with pytest.raises(error, match="exit status 2"):
        execute("kaggle", tmp_path, monkeypatch, INPUT=tmp_path / "empty", WORKING=tmp_path)


@pytest.mark.parametrize("source", ["https://example.org/radistill.git", "/wheels/r.whl", "clone"])
def test_the_install_keeps_torch_and_needs_no_npm(source: str, tmp_path: Path) -> None:
    """The cell as on a machine without radistill, with commands that only say what they are."""
    (cell,) = (cell.source for cell in read("colab").cells if cell.id == "install")
    program = tmp_path / "cell.py"
    program.write_text(
        f"""
import importlib.util, os, subprocess, sys
from pathlib import Path
SOURCE = {source!r}
importlib.util.find_spec = lambda name: None if name == "radistill" else object()
{cell.replace("import subprocess", "")}
"""
    )
    fake = tmp_path / "subprocess.py"  # in the place of the module, as the script's folder is first
    fake.write_text(
        """
import os
PIPE = STDOUT = None
class Popen:
    returncode = 0
    def __init__(self, words, **options):
        self.stdout = [f"{words[-1]} {os.environ.get('RADISTILL_WITHOUT_PAGE')}\\n"]
    def wait(self):
        return 0
class run:
    def __init__(self, words, **options):
        self.stdout = "2.13.0\\n"
"""
    )
    done = subprocess.run(
        [sys.executable, program], capture_output=True, text=True, env=dict(os.environ)
    )
    assert done.returncode == 0, done.stderr
    requirement = {"https://example.org/radistill.git": "/tmp/radistill"}.get(source, source)
    assert f"{requirement}[train] 1\n" in done.stdout
    assert "torch 2.13.0, before 2.13.0" in done.stdout
    assert "upgrade" not in done.stdout
    assert ("--find-links /wheels" in done.stdout) == source.endswith(".whl")
    assert ("$ git clone" in done.stdout) == source.endswith(".git")
