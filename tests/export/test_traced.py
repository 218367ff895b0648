"""The class activation map is the log-odds, spread out; the same in ONNX as in PyTorch."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from radistill.export.onnx import export_onnx
from radistill.export.traced import CONTRIBUTIONS, ENERGY, POSITIONS, Explained
from radistill.models import GreyClassifier, create
from radistill.runtime.session import open_session, run_batches
from radistill.schema.figures import CalibrationMap

SIDE = 64


def lively(architecture: str, classes: int = 2, side: int = SIDE) -> GreyClassifier:
    """A network whose batch norms are not the identity, so that its logits differ by film."""
    torch.manual_seed(0)
    model, _ = create(architecture, classes=classes, weights="random", input_size=side)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1)
            module.running_var.uniform_(0.5, 1.5)
    return model.eval()


def films(count: int, side: int = SIDE) -> torch.Tensor:
    return torch.rand(count, 1, side, side, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    "architecture", ["shufflenet_v2_x0_5", "efficientnet_lite0", "resnet18", "densenet121"]
)
def test_the_mean_of_the_map_is_the_log_odds_where_the_head_is_linear(architecture: str) -> None:
    model = lively(architecture)
    explained = Explained(
        model, positive=1, calibration=CalibrationMap(kind="temperature", temperature=1.7)
    )
    with torch.no_grad():
        probability, cam, embedding = explained(films(3))
        logits = model(films(3))
    assert explained.method == POSITIONS
    np.testing.assert_allclose(probability, torch.softmax(logits / 1.7, 1), atol=1e-5)
    expected = (logits[:, 1] - logits[:, 0]).numpy()
    np.testing.assert_allclose(cam.mean((1, 2)), expected, rtol=1e-3, atol=1e-3)
    np.testing.assert_allclose(embedding, model.embedding(films(3)).detach(), atol=1e-5)


def test_a_head_of_two_layers_is_applied_at_each_position() -> None:
    explained = Explained(lively("mobilenet_v3_small"), positive=1)
    backbone = explained.classifier.backbone
    with torch.no_grad():
        _, cam, _ = explained(films(2))
        x = (films(2) - explained.classifier.mean) / explained.classifier.std
        features = backbone.forward_features(x)
        for row, column in ((0, 0), (1, 1)):
            place = features[:, :, row : row + 1, column : column + 1]
            logits = explained.classifier.head(backbone.forward_head(place, pre_logits=True))
            expected = logits[:, 1] - logits[:, 0]
            np.testing.assert_allclose(cam[:, row, column], expected, atol=1e-5)
    assert explained.method == POSITIONS


def test_the_baselines_map_is_gradient_times_input() -> None:
    """Checked against autograd, for three logits of which two are one class."""
    model = lively("baseline", classes=3)
    explained = Explained(model, positive=1, groups=(0, 1, 1))
    with torch.no_grad():
        _, cam, _ = explained(films(2))
    backbone = model.backbone
    features = backbone.block2(backbone.block1((films(2) - model.mean) / model.std)).detach()
    features.requires_grad_()
    odds = explained.log_odds(model.head(backbone.dense(features)))
    (gradient,) = torch.autograd.grad(odds.sum(), features)
    expected = (gradient * features).sum(1).detach()
    np.testing.assert_allclose(cam, expected, rtol=1e-3, atol=1e-5)
    assert explained.method == CONTRIBUTIONS


def test_other_networks_show_activation_energy_and_say_so() -> None:
    explained = Explained(lively("vgg11"), positive=1)
    with torch.no_grad():
        _, cam, _ = explained(films(1))
    assert explained.method == ENERGY
    assert cam.min() >= 0


def test_groups_sum_probabilities() -> None:
    model = lively("shufflenet_v2_x0_5", classes=3)
    with torch.no_grad():
        probability, _, _ = Explained(model, positive=1, groups=(0, 1, 1))(films(3))
        parts = torch.softmax(model(films(3)), 1)
    np.testing.assert_allclose(probability[:, 0], parts[:, 0], atol=1e-6)
    np.testing.assert_allclose(probability[:, 1], parts[:, 1] + parts[:, 2], atol=1e-6)


@pytest.mark.parametrize("groups", [(0, 1), (0, 2, 2), (0, 1, 1, 1)])
def test_groups_that_leave_something_out_are_refused(groups: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="groups"):
        Explained(lively("shufflenet_v2_x0_5", classes=3), positive=1, groups=groups)


@pytest.mark.parametrize("architecture", ["baseline", "shufflenet_v2_x0_5"])
def test_the_file_gives_all_three_for_any_batch(architecture: str, tmp_path: Path) -> None:
    model = lively(architecture, classes=3)
    squares = (films(5)[:, 0] * 255).byte().numpy()
    path = tmp_path / "model.onnx"
    exported = export_onnx(model, path, positive=1, sample=squares, groups=(0, 1, 1))
    assert exported.parity <= 1e-4
    session = open_session(path.read_bytes())
    whole, first = run_batches(session, squares), run_batches(session, squares[:1])
    for many, one in zip(whole, first, strict=True):
        np.testing.assert_allclose(many[:1], one, rtol=1e-4, atol=1e-5)
    with torch.no_grad():
        expected = Explained(model, positive=1, groups=(0, 1, 1))(films(5).mul(255).byte() / 255)
    for found, reference in zip(whole, expected, strict=True):
        np.testing.assert_allclose(found, reference, rtol=1e-3, atol=1e-4)
