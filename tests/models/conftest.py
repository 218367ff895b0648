"""Photos that installed packages carry, and what an ImageNet network says of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from huggingface_hub import constants
from PIL import Image


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of the hub's client, empty."""
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    return tmp_path / "hub"


@pytest.fixture
def offline(hub_cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No hub, and no npm on the PATH."""
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setenv("PATH", "")


@pytest.fixture(scope="session")
def photo() -> Callable[[str], torch.Tensor]:
    """photo(name): see `_photo`."""
    return _photo


@pytest.fixture(scope="session")
def named() -> Callable[[torch.nn.Module, torch.Tensor], str]:
    """named(network, x): see `_named`."""
    return _named


def _photo(name: str) -> torch.Tensor:
    """RGB (1, 3, 224, 224) in [0, 1], resized and cropped as ImageNet is evaluated."""
    image = Image.fromarray(_pixels(name))
    scale = 256 / min(image.size)
    image = image.resize((round(image.width * scale), round(image.height * scale)), 3)
    left, top = (image.width - 224) // 2, (image.height - 224) // 2
    crop = np.array(image.crop((left, top, left + 224, top + 224)))
    return torch.from_numpy(crop).permute(2, 0, 1)[None].float() / 255


def _named(network: torch.nn.Module, x: torch.Tensor) -> str:
    """The ImageNet class of highest logit."""
    from torchvision.models._meta import _IMAGENET_CATEGORIES

    with torch.no_grad():
        best = int(network(x)[0].argmax())
    return _IMAGENET_CATEGORIES[best]


def _pixels(name: str) -> np.ndarray:
    if name in ("china", "flower"):
        from sklearn.datasets import load_sample_image

        return load_sample_image(f"{name}.jpg")
    data = pytest.importorskip("skimage.data", reason="scikit-image carries this photo")
    return getattr(data, name)()


@pytest.fixture(scope="session")
def keras_arrays() -> dict[str, np.ndarray]:
    """All weights of Keras' ResNet-50 by name: zeros, but for a random stem."""
    arrays: dict[str, np.ndarray] = {}
    for key, tensor in torchvision.models.resnet50().state_dict().items():
        arrays |= _keras(key, tuple(tensor.shape))
    random = np.random.default_rng(0)
    for name in ("conv1/kernel", "conv1/bias", "bn_conv1/gamma", "bn_conv1/moving_variance"):
        arrays[name] = random.random(arrays[name].shape, np.float32)
    return arrays


def _keras(key: str, shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """The Keras weight, if any, that becomes the torchvision tensor `key`."""
    *layer, module, kind = key.split(".")
    if kind == "num_batches_tracked":
        return {}
    if module == "fc":
        shape = shape[::-1]
    names = {"running_mean": "moving_mean", "running_var": "moving_variance", "bias": "beta"}
    norm = "bn" in module or key.split(".")[-3:-1] == ["downsample", "1"]
    if norm:
        kind = names.get(kind, "gamma")
    elif kind == "weight":
        kind = "kernel"
    if len(shape) == 4:
        shape = (*shape[2:], *shape[1::-1])
    base = {"conv1": "conv1", "bn1": "bn_conv1", "fc": "fc1000"}.get(module, "")
    if layer:
        stage, block = int(layer[0][-1]) + 1, "abcdef"[int(layer[1])]
        branch = "1" if "downsample" in layer else f"2{'abc'[int(module[-1]) - 1]}"
        base = f"{'bn' if norm else 'res'}{stage}{block}_branch{branch}"
    found = {f"{base}/{kind}": np.zeros(shape, np.float32)}
    if kind == "kernel" and module != "fc":
        found[f"{base}/bias"] = np.zeros(shape[-1], np.float32)
    return found
