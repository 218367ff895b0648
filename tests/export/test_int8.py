"""INT8 is smaller, says nearly the same, and goes when it does not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from radistill.export import int8 as q
from radistill.export.float16 import halve
from radistill.export.onnx import export_onnx
from radistill.models import GreyClassifier
from radistill.runtime.session import open_session, run_batches
from radistill.schema.card import Quantisation

Films = tuple[np.ndarray, np.ndarray]


@pytest.fixture(scope="module")
def float_path(
    trained: GreyClassifier, films: Films, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    path = tmp_path_factory.mktemp("float") / "model.onnx"
    path.write_bytes(export_onnx(trained, positive=1, sample=films[0][:4]).bytes)
    return path


def probabilities(path: Path, squares: np.ndarray) -> np.ndarray:
    return run_batches(open_session(path.read_bytes()), squares).probability


@pytest.mark.parametrize("setting", q.SETTINGS, ids=lambda s: s.name)
def test_says_nearly_the_same(
    setting: q.QuantiserSetting, float_path: Path, films: Films, tmp_path: Path
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
    assert quantised == {"Conv"}
    heads = [node for node in model.graph.node if node.op_type in ("Gemm", "MatMul")]
    assert len(heads) == 2, "of the film and of the positions"
    assert all(kinds[head.input[1]] == onnx.TensorProto.FLOAT for head in heads)
    softmax = next(node for node in model.graph.node if node.op_type == "Softmax")
    assert list(softmax.output) == ["probability"]
    assert softmax.input[0] in {head.output[0] for head in heads}, "logits are not rounded"


@pytest.fixture
def alone(float_path: Path, tmp_path: Path) -> Path:
    """A float32 file with nothing beside it."""
    copied = tmp_path / "model.onnx"
    copied.write_bytes(float_path.read_bytes())
    return copied


def shrink(alone: Path, films: Films, truth: np.ndarray | None = None) -> Quantisation:
    labels = films[1] if truth is None else truth
    return q.shrink(alone, squares=films[0], truth=labels, positive=1, threshold=0.5)


def broken(source: Path, target: Path, *_: object, **__: object) -> None:
    """A smaller file that answers at random."""
    model = onnx.load(source)
    rng = np.random.default_rng(0)
    for tensor in model.graph.initializer:
        if tensor.data_type == onnx.TensorProto.FLOAT:
            noise = rng.normal(size=tuple(tensor.dims)).astype(np.float32)
            tensor.CopyFrom(onnx.numpy_helper.from_array(noise, tensor.name))
    onnx.save(model, target)


def test_kept_where_it_holds(alone: Path, films: Films, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(q, "_smaller", lambda *_: True)  # a tiny network has nothing to shrink
    outcome = shrink(alone, films)
    assert outcome.kind == "int8"
    assert {p.name for p in alone.parent.iterdir()} == {"model.onnx", "model.int8.onnx"}
    assert abs(outcome.val_auc_float32 - outcome.val_auc_small) <= q.MAX_AUC_DIFFERENCE
    assert 0 <= outcome.decisions_changed <= q.MAX_DECISIONS_CHANGED
    assert 0 < outcome.probability_difference <= q.MAX_PROBABILITY_DIFFERENCE


def test_each_setting_is_tried_and_then_half_precision(
    alone: Path, films: Films, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(q, "_smaller", lambda *_: True)
    monkeypatch.setattr(q, "quantise", broken)
    outcome = shrink(alone, films)
    assert outcome.kind == "float16"
    assert {p.name for p in alone.parent.iterdir()} == {"model.onnx", "model.fp16.onnx"}
    assert all(setting.name in outcome.reason for setting in q.SETTINGS)


def test_none_is_kept_where_none_holds(
    alone: Path, films: Films, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(q, "_smaller", lambda *_: True)
    monkeypatch.setattr(q, "quantise", broken)
    monkeypatch.setattr(q, "halve", broken)
    outcome = shrink(alone, films)
    assert outcome.kind == "none"
    assert [p.name for p in alone.parent.iterdir()] == ["model.onnx"]
    assert "half-precision" in outcome.reason
    assert outcome.val_auc_float32 is not None


def mirrored(source: Path, target: Path, *_: object, **__: object) -> None:
    """A file that answers the opposite."""
    model = onnx.load(source)
    for tensor in model.graph.initializer:
        if tensor.name in ("head_weight", "head_bias"):
            turned = -onnx.numpy_helper.to_array(tensor)
            tensor.CopyFrom(onnx.numpy_helper.from_array(turned, tensor.name))
    onnx.save(model, target)


def test_a_file_with_another_auc_is_not_kept_though_its_auc_is_greater(
    alone: Path, films: Films, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(q, "_smaller", lambda *_: True)
    monkeypatch.setattr(q, "quantise", mirrored)
    monkeypatch.setattr(q, "halve", mirrored)
    outcome = shrink(alone, films, ~films[1])
    assert outcome.kind == "none"
    assert outcome.reason.count("AUC") == len(q.SETTINGS) + 2
    assert [p.name for p in alone.parent.iterdir()] == ["model.onnx"]


PROBABILITY = np.linspace(0.05, 0.95, 100)
TRUTH = PROBABILITY > 0.3


@pytest.mark.parametrize(
    ("after", "reason"),
    [
        (PROBABILITY, None),
        (PROBABILITY**1.5, "probabilities differ by 0.11"),  # ranks, and so the AUC, stay
        (PROBABILITY + 0.04 * (np.abs(PROBABILITY - 0.48) < 0.035), "4.0% of the decisions"),
        (np.where(TRUTH, PROBABILITY, PROBABILITY - 0.05), None),
    ],
    ids=["the same", "probabilities", "decisions", "within the limits"],
)
def test_probabilities_and_decisions_count_too(after: np.ndarray, reason: str | None) -> None:
    difference = q.difference(TRUTH, PROBABILITY, after, 0.5)
    assert (difference.too_large == ()) is (reason is None)
    if reason:
        assert reason in "; ".join(difference.too_large)


def test_one_film_of_few_may_change_sides() -> None:
    before, after = np.array([0.1, 0.2, 0.49, 0.9]), np.array([0.1, 0.2, 0.51, 0.9])
    assert q.difference(before > 0.3, before, after, 0.5).too_large == ()


def test_a_file_that_is_not_smaller_is_not_kept(
    alone: Path, films: Films, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(q, "_smaller", lambda *_: False)
    outcome = shrink(alone, films)
    assert outcome.kind == "none"
    assert outcome.reason.count("not smaller") == len(q.SETTINGS) + 1


def test_one_class_cannot_judge(alone: Path, films: Films) -> None:
    outcome = shrink(alone, films, np.zeros(60, bool))
    assert outcome.kind == "none"
    assert "one class only" in outcome.reason
    assert [p.name for p in alone.parent.iterdir()] == ["model.onnx"]


def test_half_precision_halves_large_weights_and_says_the_same(alone: Path, films: Films) -> None:
    half = alone.with_name("half.onnx")
    halve(alone, half)
    kinds = {t.data_type for t in onnx.load(half).graph.initializer if np.prod(t.dims) >= 64}
    assert onnx.TensorProto.FLOAT not in kinds
    assert onnx.TensorProto.FLOAT16 in kinds
    before, after = (
        run_batches(open_session(path.read_bytes()), films[0]) for path in (alone, half)
    )
    for one, two in zip(before, after, strict=True):
        np.testing.assert_allclose(one, two, rtol=2e-2, atol=1e-2)


@pytest.mark.parametrize(("count", "take"), [(5, 5), (1, 1), (500, 128)])
def test_spread_covers_both_ends(count: int, take: int) -> None:
    squares = np.arange(count)
    taken = q.spread(squares, 128)
    assert len(taken) == take == len(np.unique(taken))
    assert taken[0] == 0
    assert take == 1 or taken[-1] == count - 1
