"""The class activation map of the graph is what PyTorch computes, whatever the network."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from radistill.export.activation_map import ENERGY, POSITIONS
from radistill.export.graph import ExportedModel
from radistill.export.onnx import export_onnx
from radistill.models import GreyClassifier, create
from radistill.runtime.session import Outputs, open_session, run_batches
from radistill.schema.calibrated import CalibrationMap

SIDE = 64
SQUARES = np.random.default_rng(1).integers(0, 256, (3, SIDE, SIDE), dtype=np.uint8)
FILMS = torch.from_numpy(SQUARES).float()[:, None] / 255


def lively(architecture: str, classes: int = 2) -> GreyClassifier:
    """A network whose batch norms are not the identity, so that its logits differ by film."""
    torch.manual_seed(0)
    model, _ = create(architecture, classes=classes, weights="random", input_size=SIDE)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return model.eval()


def outputs(exported: ExportedModel) -> Outputs:
    return run_batches(open_session(exported.bytes), SQUARES)


@pytest.mark.parametrize(
    "architecture", ["shufflenet_v2_x0_5", "efficientnet_lite0", "resnet18", "densenet121"]
)
def test_the_mean_of_the_map_is_the_log_odds_where_the_head_is_linear(architecture: str) -> None:
    model = lively(architecture)
    temperature = CalibrationMap(kind="temperature", temperature=1.7)
    exported = export_onnx(model, positive=1, sample=SQUARES, calibration=temperature)
    with torch.no_grad():
        logits = model(FILMS)
    result = outputs(exported)
    assert exported.cam_method == POSITIONS
    np.testing.assert_allclose(result.probability, torch.softmax(logits / 1.7, 1), atol=1e-5)
    expected = (logits[:, 1] - logits[:, 0]).numpy()
    np.testing.assert_allclose(result.cam.mean((1, 2)), expected, rtol=1e-3, atol=1e-3)
    embedding = model.embedding(FILMS).detach()
    np.testing.assert_allclose(result.embedding, embedding, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("architecture", ["mobilenet_v3_small", "convnext_atto"])
def test_layers_behind_the_mean_are_applied_at_each_position(architecture: str) -> None:
    model = lively(architecture)
    exported = export_onnx(model, positive=1, sample=SQUARES)
    cam = outputs(exported).cam
    with torch.no_grad():
        features, _ = model.outputs(FILMS)
        for row, column in ((0, 0), (1, 1)):
            place = features[:, :, row : row + 1, column : column + 1]
            logits = model.head(model.backbone.forward_head(place, pre_logits=True))
            expected = logits[:, 1] - logits[:, 0]
            np.testing.assert_allclose(cam[:, row, column], expected, atol=1e-5)
    assert exported.cam_method == POSITIONS


@pytest.mark.parametrize("architecture", ["baseline", "vgg11", "vit_b_16"])
def test_other_networks_show_activation_energy_and_say_so(architecture: str) -> None:
    exported = export_onnx(lively(architecture), positive=1, sample=SQUARES)
    cam = outputs(exported).cam
    assert exported.cam_method == ENERGY
    assert cam.min() >= 0
    assert min(cam.shape[1:]) > 1
    weights = 4 * sum(p.numel() for p in lively(architecture).parameters())
    assert len(exported.bytes) < 1.01 * weights, "a dense layer's weights are there once"


@pytest.mark.parametrize("architecture", ["baseline", "shufflenet_v2_x0_5"])
def test_the_file_gives_the_same_for_any_batch(architecture: str, tmp_path: Path) -> None:
    exported = export_onnx(
        lively(architecture, classes=3), positive=1, sample=SQUARES, groups=(0, 1, 1)
    )
    assert exported.parity <= 1e-4
    path = tmp_path / "model.onnx"
    onnx.save(exported.graph, path)
    session = open_session(path.read_bytes())
    whole, first = run_batches(session, SQUARES), run_batches(session, SQUARES[:1])
    for many, one in zip(whole, first, strict=True):
        np.testing.assert_allclose(many[:1], one, rtol=1e-4, atol=1e-5)
