"""torchvision's files fill timm's networks of the same names and give the same numbers."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
import torchvision
from torch import nn

from radistill.models import create


def with_statistics(network: nn.Module) -> nn.Module:
    """As after some training: no running mean 0, no variance 1."""
    generator = torch.Generator().manual_seed(0)
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean.normal_(0, 0.1, generator=generator)
            module.running_var.uniform_(0.5, 1.5, generator=generator)
    return network.eval()


@pytest.mark.parametrize(
    "name",
    [
        "resnet18",
        "densenet121",
        "convnext_tiny",
        "efficientnet_b0",
        "mobilenet_v2",
        "mobilenet_v3_small",
        "mnasnet0_5",
        "shufflenet_v2_x0_5",
        pytest.param("vgg11_bn", marks=pytest.mark.slow),
        pytest.param("efficientnet_b4", marks=pytest.mark.slow),
    ],
)
def test_same_embedding_as_torchvision(tmp_path: Path, name: str) -> None:
    torch.manual_seed(0)
    theirs = with_statistics(torchvision.models.get_model(name, weights=None))
    torch.save(theirs.state_dict(), tmp_path / "w.pth")
    model, report = create(name, classes=2, weights=str(tmp_path / "w.pth"), input_size=64)
    assert report.misfits == ""
    last = [module for module in theirs.modules() if isinstance(module, nn.Linear)][-1]
    inputs: list[torch.Tensor] = []
    last.register_forward_pre_hook(lambda _, args: inputs.append(args[0]))
    x = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        theirs(x)
        torch.testing.assert_close(model.eval().backbone(x), inputs[0], rtol=1e-5, atol=1e-6)
