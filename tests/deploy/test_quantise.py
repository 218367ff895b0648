"""INT8 is smaller, says nearly the same, and goes when it does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
from torch import nn

from radistill.deploy import quantise as q
from radistill.deploy.export import export_onnx
from radistill.runtime.session import open_session, run_batches

Films = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def float_path(trained: nn.Module, films: Films, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("float") / "model.onnx"
    export_onnx(trained, path, input_size=32, positive=1, sample=films[0][:4])
    return path


def probabilities(path: Path, squares: np.ndarray) -> np.ndarray:
    return run_batches(open_session(path.read_bytes()), squares)


@pytest.mark.parametrize("setting", q.SETTINGS, ids=lambda s: s.name)
def test_says_nearly_the_same(
    setting: q.Setting, float_path: Path, films: Films, tmp_path: Path
) -> None:
    int8 = tmp_path / "int8.onnx"
    q.quantise(float_path, int8, films[0], setting=setting)
    before, after = (probabilities(path, films[0]) for path in (float_path, int8))
    np.testing.assert_allclose(after.sum(1), 1, atol=1e-5)
    assert np.abs(before - after).max() < 0.2
    assert np.corrcoef(before[:, 1], after[:, 1])[0, 1] > 0.99
    assert [p.name for p in tmp_path.iterdir()] == ["int8.onnx"]


def test_is_int8_but_for_the_head(float_path: Path, films: Films, tmp_path: Path) -> None:
    int8 = tmp_path / "int8.onnx"
    q.quantise(float_path, int8, films[0])
    model = onnx.load(int8)
    consumers = {name: node for node in model.graph.node for name in node.input}
    kinds = {t.name: t.data_type for t in model.graph.initializer}
    weights = [node for node in model.graph.node if node.op_type == "DequantizeLinear"]
    quantised = {
        consumers[node.output[0]].op_type
        for node in weights
        if kinds.get(node.input[0]) == onnx.TensorProto.INT8
    }
    assert quantised == {"Conv", "Gemm"}
    last = [node for node in model.graph.node if node.op_type == "Gemm"][-1]
    assert kinds[last.input[1]] == onnx.TensorProto.FLOAT
    softmax = next(node for node in model.graph.node if node.op_type == "Softmax")
    assert list(softmax.output) == ["probability"]
    assert softmax.input[0] == last.output[0], "logits are not rounded"


def test_kept_where_it_holds(float_path: Path, films: Films, tmp_path: Path) -> None:
    int8 = tmp_path / "int8.onnx"
    outcome = q.quantise_if_it_holds(
        float_path, int8, squares=films[0], truth=films[1], positive=1, threshold=0.5
    )
    assert outcome.kept
    assert int8.exists()
    assert outcome.val_auc_float32 - outcome.val_auc_int8 <= q.MAX_AUC_LOSS
    assert 0 <= outcome.decisions_changed <= 0.1


def test_the_next_setting_is_tried_and_then_none(
    float_path: Path, films: Films, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """INT8 files that answer at random are refused one after the other."""
    int8, tried = tmp_path / "int8.onnx", []

    def broken(source: Path, target: Path, squares: np.ndarray, *, setting: q.Setting) -> None:
        model = onnx.load(source)
        rng = np.random.default_rng(0)
        for tensor in model.graph.initializer:
            if tensor.data_type == onnx.TensorProto.FLOAT:
                noise = rng.normal(size=tuple(tensor.dims)).astype(np.float32)
                tensor.CopyFrom(onnx.numpy_helper.from_array(noise, tensor.name))
        onnx.save(model, target)
        tried.append(setting.name)

    monkeypatch.setattr(q, "quantise", broken)
    outcome = q.quantise_if_it_holds(
        float_path, int8, squares=films[0], truth=films[1], positive=1, threshold=0.5
    )
    assert tried == [setting.name for setting in q.SETTINGS]
    assert not outcome.kept
    assert not int8.exists()
    assert all(name in outcome.reason for name in tried)
    assert outcome.val_auc_float32 is not None


def test_one_class_cannot_judge(float_path: Path, films: Films, tmp_path: Path) -> None:
    outcome = q.quantise_if_it_holds(
        float_path,
        tmp_path / "int8.onnx",
        squares=films[0],
        truth=np.zeros(60, bool),
        positive=1,
        threshold=0.5,
    )
    assert not outcome.kept
    assert "one class only" in outcome.reason
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("count", "take"), [(5, 5), (1, 1), (500, 128)])
def test_spread_covers_both_ends(count: int, take: int) -> None:
    squares = np.arange(count)
    taken = q.spread(squares, 128)
    assert len(taken) == take == len(np.unique(taken))
    assert taken[0] == 0
    assert take == 1 or taken[-1] == count - 1
