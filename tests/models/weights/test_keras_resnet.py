"""The converted ResNet-50 against Keras' own arithmetic, done by hand on the stem."""

from __future__ import annotations

import numpy as np
import timm
import torch
from timm.data import IMAGENET_DEFAULT_MEAN as MEAN
from timm.data import IMAGENET_DEFAULT_STD as STD
from torch.nn import functional as F

from radistill.models.weights.keras_resnet import convert


def test_stem_gives_what_keras_gives(keras_arrays: dict[str, np.ndarray]) -> None:
    rgb = torch.rand(1, 3, 40, 40, dtype=torch.float64)
    a = {k: torch.tensor(v, dtype=torch.float64) for k, v in keras_arrays.items() if "conv1" in k}
    bgr = 255 * rgb.flip(1) - torch.tensor([103.939, 116.779, 123.68]).view(3, 1, 1)
    y = F.conv2d(bgr, a["conv1/kernel"].permute(3, 2, 0, 1), a["conv1/bias"], 2, 3)
    y = (y - a["bn_conv1/moving_mean"].view(-1, 1, 1)) / torch.sqrt(
        a["bn_conv1/moving_variance"].view(-1, 1, 1) + 1e-3
    )
    wanted = y * a["bn_conv1/gamma"].view(-1, 1, 1) + a["bn_conv1/beta"].view(-1, 1, 1)

    network = timm.create_model("resnet50")
    network.load_state_dict(convert(keras_arrays), strict=True)
    network.double().eval()
    mean, std = (torch.tensor(v).double().view(3, 1, 1) for v in (MEAN, STD))
    with torch.no_grad():
        found = network.bn1(network.conv1((rgb - mean) / std))
    inside = (..., slice(2, -2), slice(2, -2))  # beyond the padding
    torch.testing.assert_close(found[inside], wanted[inside], rtol=1e-4, atol=1e-3)


def test_biases_go_into_the_running_means(keras_arrays: dict[str, np.ndarray]) -> None:
    bias = np.arange(256, dtype=np.float32)
    changed = keras_arrays | {"res2a_branch1/bias": bias, "res2b_branch2c/bias": bias}
    state = convert(changed)
    for key in ("layer1.0.downsample.1", "layer1.1.bn3"):
        np.testing.assert_array_equal(state[f"{key}.running_mean"].numpy(), -bias)
        np.testing.assert_allclose(state[f"{key}.running_var"].numpy(), 1e-3 - 1e-5, rtol=1e-6)


def test_dense_layer_is_transposed(keras_arrays: dict[str, np.ndarray]) -> None:
    kernel = np.random.default_rng(1).random((2048, 1000), np.float32)
    state = convert(keras_arrays | {"fc1000/kernel": kernel})
    np.testing.assert_array_equal(state["fc.weight"].numpy(), kernel.T)
