"""The Colab notebook: clean as committed, and whole when executed on phantoms."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from radistill.phantoms import generate

nbformat = pytest.importorskip("nbformat")
NOTEBOOK = Path(__file__).resolve().parents[1] / "examples" / "colab.ipynb"
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
    "evaluation.bootstrap=100",
]


@pytest.fixture
def notebook():  # type: ignore[no-untyped-def]
    return nbformat.read(NOTEBOOK, as_version=4)


def test_is_valid_and_has_no_outputs(notebook) -> None:  # type: ignore[no-untyped-def]
    nbformat.validate(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None
            ast.parse(cell.source)


def test_every_code_cell_is_introduced(notebook) -> None:  # type: ignore[no-untyped-def]
    for text, cell in zip(notebook.cells, notebook.cells[1:], strict=False):
        if cell.cell_type == "code":
            assert text.cell_type == "markdown"


def run(notebook, folder: Path):  # type: ignore[no-untyped-def]
    client = pytest.importorskip("nbclient").NotebookClient(
        notebook,
        timeout=570,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    client.execute()
    return "\n".join(
        output.get("text") or json.dumps(output.get("data", {}))
        for cell in notebook.cells
        if cell.cell_type == "code"
        for output in cell.outputs
    )


@pytest.mark.slow
def test_runs_outside_colab_on_phantoms(  # type: ignore[no-untyped-def]
    notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    generate(tmp_path / "phantoms", 60, 0, 64)
    monkeypatch.setenv("RADISTILL_DATA", str(tmp_path / "phantoms"))
    monkeypatch.setenv("RADISTILL_OUT", str(tmp_path / "run"))
    monkeypatch.setenv("RADISTILL_PRESET", "demo")
    monkeypatch.setenv("RADISTILL_SET", " ".join(TINY))
    shown = run(notebook, tmp_path)
    models = json.loads((tmp_path / "run" / "comparison.json").read_text())["models"]
    assert len(models) == 4
    for model in models:
        assert f"<td>{model['name']}</td>" in shown
        assert f"<td>{model['test']['auc']:.3f}</td>" in shown
    assert "Synthetic phantoms" in shown
    assert shown.count("image/svg+xml") >= 3
    assert "image/png" in shown
    assert "model.onnx" in shown


@pytest.mark.slow
def test_stops_where_a_command_fails(  # type: ignore[no-untyped-def]
    notebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("RADISTILL_DATA", str(tmp_path / "empty"))
    nbclient = pytest.importorskip("nbclient")
    with pytest.raises(nbclient.exceptions.CellExecutionError, match="exit status 2"):
        run(notebook, tmp_path)
