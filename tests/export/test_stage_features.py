"""Pooled stages are means and deviations of feature maps, and their map sums up to a head."""

from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from radistill.export.graph import Head, add_head, head_weight, network_of, recalibrate
from radistill.export.int8 import quantise
from radistill.export.stage_features import STAGE, last_maps, pool_stages
from radistill.imaging import to_unit
from radistill.runtime.find_bundle import find_bundle
from radistill.runtime.session import Outputs, open_session, run_batches

SQUARES = np.random.default_rng(0).integers(0, 256, (12, 48, 48), dtype=np.uint8)


@pytest.fixture(scope="module")
def shipped() -> onnx.ModelProto:
    return onnx.load(find_bundle(None) / "model.onnx")


def outputs(model: onnx.ModelProto) -> Outputs:
    return run_batches(open_session(model.SerializeToString()), SQUARES)


def embedding(network: onnx.ModelProto, squares: np.ndarray = SQUARES) -> np.ndarray:
    session = open_session(network.SerializeToString())
    values: np.ndarray = session.run(["embedding"], {"image": to_unit(squares)})[0]
    return values


def head_for(network: onnx.ModelProto) -> Head:
    size = network.graph.output[0].type.tensor_type.shape.dim[1].dim_value
    rng = np.random.default_rng(1)
    return Head(np.stack([np.zeros(size), rng.normal(0, 0.05, size)]), np.array([0, 0.3]), 1)


def test_embedding_is_mean_and_deviation_of_each_stages_last_map(shipped: onnx.ModelProto) -> None:
    network = network_of(shipped)
    maps = last_maps(network)
    seen = onnx.ModelProto()
    seen.CopyFrom(network)
    seen.graph.output.extend(
        helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in maps
    )
    values = open_session(seen.SerializeToString()).run(maps, {"image": to_unit(SQUARES)})
    assert [value.shape[2] for value in values] == [48, 24, 12, 6]
    parts = [part for v in values for part in (v.mean((2, 3)), v.std((2, 3)))]
    assert embedding(pool_stages(network)) == pytest.approx(np.concatenate(parts, 1), abs=2e-3)


@pytest.mark.parametrize("exposure", [False, True])
def test_map_of_a_head_has_the_log_odds_as_its_mean(
    shipped: onnx.ModelProto, exposure: bool
) -> None:
    network = pool_stages(network_of(shipped), exposure=exposure)
    head = head_for(network)
    exported = add_head(network, head)
    given = outputs(exported.graph)
    odds = np.log(given.probability[:, 1] / given.probability[:, 0])
    assert odds == pytest.approx(given.embedding @ head.weight[1] + 0.3, abs=1e-4)
    assert given.cam.mean((1, 2)) + 0.3 == pytest.approx(odds, abs=1e-3)
    assert given.cam.shape[1:] == (6, 6)
    assert "all stages" in exported.cam_method


def test_exposure_evened_out_does_not_tell_brightness_and_contrast(
    shipped: onnx.ModelProto,
) -> None:
    films = np.random.default_rng(2).integers(60, 120, (4, 48, 48), dtype=np.uint8)
    changed = 2 * films.astype(int) - 30
    evened, plain = (pool_stages(network_of(shipped), exposure=on) for on in (True, False))
    apart = np.abs(embedding(plain, films) - embedding(plain, changed.astype(np.uint8))).max()
    same = np.abs(embedding(evened, films) - embedding(evened, changed.astype(np.uint8))).max()
    assert same < 1e-3 < 0.1 < apart


@pytest.mark.parametrize("exposure", [False, True])
def test_a_pooled_network_pooled_again_is_the_same(
    shipped: onnx.ModelProto, exposure: bool
) -> None:
    network = pool_stages(network_of(shipped), exposure=exposure)
    shipped_again = add_head(network, head_for(network)).graph
    again = pool_stages(network_of(shipped_again), exposure=exposure)
    assert embedding(again) == pytest.approx(embedding(network), abs=1e-6)
    assert head_weight(shipped_again) == pytest.approx(head_for(network).weight, abs=1e-6)


def test_int8_leaves_the_pooling_in_float(shipped: onnx.ModelProto, tmp_path: Path) -> None:
    network = pool_stages(network_of(shipped), exposure=True)
    exported = add_head(network, head_for(network))
    (tmp_path / "model.onnx").write_bytes(exported.bytes)
    quantise(tmp_path / "model.onnx", tmp_path / "int8.onnx", SQUARES)
    small = onnx.load(tmp_path / "int8.onnx")
    quantised = {
        name for n in small.graph.node if n.op_type == "QuantizeLinear" for name in n.input
    }
    pooled = {name for n in network.graph.node if n.name.startswith(STAGE) for name in n.output}
    assert quantised
    assert not {name for name in quantised & pooled if not name.endswith("stage_film")}
    outputs(small)


def test_recalibrated_graph_moves_the_log_odds_alone(shipped: onnx.ModelProto) -> None:
    before, after = outputs(shipped), outputs(recalibrate(shipped, 0.5, -0.7))
    chance = np.clip(before.probability[:, 1].astype(float), 1e-7, 1 - 1e-7)
    moved = 0.5 * np.log(chance / (1 - chance)) - 0.7
    assert after.probability[:, 1] == pytest.approx(1 / (1 + np.exp(-moved)), abs=1e-4)
    assert after.probability.sum(1) == pytest.approx(1)
    assert np.array_equal(after.cam, before.cam)
    assert np.array_equal(after.embedding, before.embedding)


def test_a_graph_is_recalibrated_again(shipped: onnx.ModelProto) -> None:
    twice = outputs(recalibrate(recalibrate(shipped, 0.5, -0.7), 2.0, 1.4))
    before = outputs(shipped)
    assert twice.probability == pytest.approx(before.probability, abs=1e-4)
    assert np.array_equal(twice.cam, before.cam)
