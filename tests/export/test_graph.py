"""Head and calibration in the graph give what numpy and metrics.calibration give; no torch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import onnx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from scipy.special import softmax

from radistill.export.graph import Head, add_head, network_of
from radistill.metrics.calibration import calibrate, steepest_slope
from radistill.runtime.find_bundle import find_bundle
from radistill.runtime.session import Outputs, open_session, run_batches
from radistill.schema.calibrated import CalibrationMap

SIDE, CHANNELS = 8, 4
RNG = np.random.default_rng(0)
SQUARES = RNG.integers(0, 256, (20, SIDE, SIDE), dtype=np.uint8)
HEAD = Head(RNG.normal(0, 3, (3, CHANNELS)), RNG.normal(size=3), positive=1)
CALIBRATIONS = {
    "none": CalibrationMap(),
    "temperature": CalibrationMap(kind="temperature", temperature=2.5),
    "isotonic": CalibrationMap(kind="isotonic", x=(0, 0.2, 0.55, 1), y=(0.02, 0.1, 0.7, 0.98)),
    "steep": CalibrationMap(kind="isotonic", x=(0, 0.3, 0.3001, 1), y=(0.001, 0.01, 0.99, 0.999)),
}


def network() -> onnx.ModelProto:
    """The least network: a convolution, its mean over positions."""
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, SIDE, SIDE])
    out = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", CHANNELS])
    weights = np.random.default_rng(1).normal(size=(CHANNELS, 1, 4, 4)).astype(np.float32)
    constants = [
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(np.array([2, 3]), "axes"),
    ]
    nodes = [
        helper.make_node("Conv", ["image", "weights"], ["map"], strides=[4, 4]),
        helper.make_node("Relu", ["map"], ["relu"]),
        helper.make_node("ReduceMean", ["relu", "axes"], ["embedding"], keepdims=0),
    ]
    graph = helper.make_graph(nodes, "network", [image], [out], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)


def run(model: onnx.ModelProto) -> Outputs:
    return run_batches(open_session(model.SerializeToString()), SQUARES)


def expected(head: Head, calibration: CalibrationMap, embedding: np.ndarray) -> np.ndarray:
    parts = softmax(embedding.astype(float) @ head.weight.T + head.bias, axis=1)
    groups = head.groups or range(len(head.weight))
    scores = np.stack(
        [parts[:, np.array(groups) == k].sum(axis=1) for k in range(max(groups) + 1)], axis=1
    )
    positive = calibrate(calibration, scores[:, head.positive])
    others = np.delete(scores, head.positive, axis=1)
    others *= ((1 - positive) / others.sum(axis=1))[:, None]
    return np.insert(others, head.positive, positive, axis=1)


@pytest.mark.parametrize("kind", CALIBRATIONS)
@pytest.mark.parametrize("groups", [None, (0, 1, 1), (1, 0, 1)])
def test_probabilities_are_those_of_metrics(kind: str, groups: tuple[int, ...] | None) -> None:
    head = Head(HEAD.weight, HEAD.bias, 1, groups)
    result = run(add_head(network(), head, CALIBRATIONS[kind]).graph)
    wanted = expected(head, CALIBRATIONS[kind], result.embedding)
    np.testing.assert_allclose(
        result.probability, wanted, atol=5e-6 * steepest_slope(CALIBRATIONS[kind])
    )
    np.testing.assert_allclose(result.probability.sum(axis=1), 1, atol=1e-5)
    inside = [i for i, k in enumerate(groups or (0, 1, 2)) if k == 1]
    logits = result.embedding @ HEAD.weight.T + HEAD.bias
    odds = np.logaddexp.reduce(logits[:, inside], axis=1) - np.logaddexp.reduce(
        np.delete(logits, inside, axis=1), axis=1
    )
    if groups is None:
        assert result.cam.shape == (20, 2, 2)
        assert np.isfinite(result.cam).all()
    assert np.corrcoef(result.cam.mean((1, 2)), odds)[0, 1] > 0.5


@given(st.lists(st.floats(0.01, 0.99), min_size=2, max_size=6, unique=True))
def test_any_isotonic_map(levels: list[float]) -> None:
    y = sorted(levels)
    calibration = CalibrationMap(kind="isotonic", x=tuple(np.linspace(0, 1, len(y))), y=tuple(y))
    result = run(add_head(network(), HEAD, calibration).graph)
    wanted = expected(HEAD, calibration, result.embedding)
    np.testing.assert_allclose(result.probability, wanted, atol=1e-4)


@pytest.mark.parametrize("groups", [(0, 1), (0, 2, 2), (0, 1, 1, 1)])
def test_groups_that_leave_something_out_are_refused(groups: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="groups"):
        Head(HEAD.weight, HEAD.bias, 1, groups)


def test_a_graph_comes_apart_and_takes_another_head() -> None:
    first = add_head(network(), HEAD, CALIBRATIONS["isotonic"])
    other = Head(-HEAD.weight[:2], HEAD.bias[:2], positive=0)
    direct = add_head(network(), other).graph
    again = add_head(network_of(first.graph), other).graph
    for one, two in zip(run(direct), run(again), strict=True):
        np.testing.assert_array_equal(one, two)
    for part in ("node", "initializer"):
        names = [{item.name for item in getattr(model.graph, part)} for model in (again, direct)]
        assert names[0] == names[1], "nothing is left of the head before"
    assert {p.key: p.value for p in again.metadata_props} == {"positive": "0"}


def test_a_shipped_bundle_comes_apart_and_together_again() -> None:
    """Also one of an earlier version: its head put back gives the same answers."""
    shipped = onnx.load(find_bundle("pneumonia-children") / "model.onnx")
    values = {t.name: numpy_helper.to_array(t) for t in shipped.graph.initializer}
    gemm = next(node for node in shipped.graph.node if list(node.input[:1]) == ["embedding"])
    head = Head(values[gemm.input[1]], values[gemm.input[2]], 1, (0, 1, 1))
    films = RNG.integers(0, 256, (9, 48, 48), dtype=np.uint8)
    before = run_batches(open_session(shipped.SerializeToString()), films)
    rebuilt = add_head(network_of(shipped), head).bytes
    for one, two in zip(before, run_batches(open_session(rebuilt), films), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-5)


def test_torch_is_not_needed() -> None:
    code = (
        "import sys, radistill.export.graph, radistill.export.write_bundle; "
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=300).returncode == 0
