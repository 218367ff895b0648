"""Keras' ResNet-50 (2015 weights of He et al.) in the layout that timm and torchvision share."""

import re
from collections.abc import Mapping

import numpy as np
import torch
from timm.data import IMAGENET_DEFAULT_MEAN, IMAGENET_DEFAULT_STD
from torch import Tensor

# What the Keras network subtracts from pixels of 0 to 255 (it takes the channels as BGR).
_CAFFE_MEAN_RGB = (123.68, 116.779, 103.939)
_KERAS_EPSILON, _TORCH_EPSILON = 1e-3, 1e-5  # of batch norm
_CONV = re.compile(r"res(\d)([a-f])_branch(1|2[abc])/kernel")
_LAYERS = {
    "1": ("downsample.0", "downsample.1"),
    "2a": ("conv1", "bn1"),
    "2b": ("conv2", "bn2"),
    "2c": ("conv3", "bn3"),
}


def convert(arrays: Mapping[str, np.ndarray]) -> dict[str, Tensor]:
    """A float32 state_dict for `resnet50` with v1 strides, input RGB normalised for ImageNet.

    arrays: Keras weights, kernels as (height, width, in, out).
    """
    keras = {name: torch.from_numpy(np.array(values)) for name, values in arrays.items()}
    stem, left = _fold_input(_kernel(keras["conv1/kernel"]))
    state = {"conv1.weight": stem, **_norm("bn1", keras, "bn_conv1", keras["conv1/bias"])}
    state["bn1.running_mean"] -= left
    for match in filter(None, map(_CONV.fullmatch, keras)):
        stage, block, branch = match.groups()
        source = f"{stage}{block}_branch{branch}"
        layer = f"layer{int(stage) - 1}.{ord(block) - ord('a')}"
        conv, norm = _LAYERS[branch]
        state[f"{layer}.{conv}.weight"] = _kernel(keras[f"res{source}/kernel"])
        state |= _norm(f"{layer}.{norm}", keras, f"bn{source}", keras[f"res{source}/bias"])
    state["fc.weight"] = keras["fc1000/kernel"].T.contiguous()
    state["fc.bias"] = keras["fc1000/bias"]
    return state


def _kernel(values: Tensor) -> Tensor:
    """(height, width, in, out) to (out, in, height, width)."""
    return values.permute(3, 2, 0, 1).contiguous()


def _fold_input(kernel: Tensor) -> tuple[Tensor, Tensor]:
    """Let the first convolution take normalised RGB instead of BGR minus a mean.

    With x = 255 (std n + mean): the kernel takes the scale; what is left of the means is
    returned beside it, as a bias (out,).
    Exact except in the three outermost pixels, where zero padding now means another grey
    (at most half a grey level apart).
    """
    kernel = kernel.flip(1)
    scale = 255 * torch.tensor(IMAGENET_DEFAULT_STD)
    shift = 255 * torch.tensor(IMAGENET_DEFAULT_MEAN) - torch.tensor(_CAFFE_MEAN_RGB)
    left = (kernel * shift.view(1, 3, 1, 1)).sum((1, 2, 3))
    return kernel * scale.view(1, 3, 1, 1), left


def _norm(name: str, keras: Mapping[str, Tensor], source: str, bias: Tensor) -> dict[str, Tensor]:
    """A batch norm that also subtracts the convolution's bias, with torch's smaller epsilon."""
    return {
        f"{name}.weight": keras[f"{source}/gamma"],
        f"{name}.bias": keras[f"{source}/beta"],
        f"{name}.running_mean": keras[f"{source}/moving_mean"] - bias,
        f"{name}.running_var": keras[f"{source}/moving_variance"] + _KERAS_EPSILON - _TORCH_EPSILON,
        f"{name}.num_batches_tracked": torch.tensor(0),
    }
