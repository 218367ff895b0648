"""The maps that the report checks are those that ship."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from radistill.export.heat_maps import ShippedMaps
from radistill.export.onnx import export_onnx
from radistill.models import GreyClassifier, create
from radistill.runtime.session import open_session, run_batches

Films = tuple[np.ndarray, np.ndarray]


def test_they_are_the_maps_of_the_graph_that_ships(trained: GreyClassifier, films: Films) -> None:
    squares, _ = films
    exported = export_onnx(trained, positive=1, sample=squares[:4])
    shipped = run_batches(open_session(exported.bytes), squares[40:]).cam
    maps = ShippedMaps(trained, positive=1)
    found = maps(squares[40:])
    assert found.shape == squares[40:].shape
    assert found.min() >= 0
    assert maps.method == exported.cam_method
    step = squares.shape[1] // shipped.shape[1]
    middle = np.s_[:, step // 2 :: step, step // 2 :: step]
    coarse = np.maximum(shipped, 0)
    gap = np.abs(found[middle] - coarse).mean()
    assert gap < 0.2 * coarse.mean(), "spread over the film"


@pytest.mark.parametrize("architecture", ["baseline", "resnet18", "shufflenet_v2_x0_5"])
def test_every_kind_of_network_has_maps_and_is_left_alone(architecture: str) -> None:
    torch.manual_seed(0)
    network = create(architecture, classes=3, weights="random", input_size=64)[0].train()
    before = {key: value.clone() for key, value in network.state_dict().items()}
    squares = np.random.default_rng(0).integers(0, 256, (3, 64, 64), dtype=np.uint8)
    maps = ShippedMaps(network, positive=1, groups=(0, 1, 1))(squares)
    assert maps.shape == squares.shape
    assert np.isfinite(maps).all()
    assert network.training
    assert all(torch.equal(value, before[key]) for key, value in network.state_dict().items())
