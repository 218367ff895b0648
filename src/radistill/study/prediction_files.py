"""Predictions from wherever they lie: a run, a model folder of one, or a CSV alone."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from radistill.data.labels import choose_classes, plain
from radistill.errors import UsageError
from radistill.metrics.predictions import Predictions, read_predictions
from radistill.metrics.thresholds import FALLBACK_THRESHOLD
from radistill.report.side_by_side import read_json

KEPT = ("architecture", "cost", "training_seconds", "robustness", "explanation")


@dataclass(frozen=True)
class Source:
    """One model's predictions, not yet scored.

    val: those on validation, where they lie beside. known: what was measured with the model itself.
    manifest: a CSV with `path` that describes the films, where there is one.
    """

    name: str
    folder: Path
    test: Predictions
    threshold: float
    threshold_from: str
    dataset: Mapping[str, Any] = field(repr=False)
    val: Predictions | None = field(default=None, repr=False)
    known: Mapping[str, Any] = field(default_factory=dict, repr=False)
    manifest: Path | None = None


def open_sources(
    paths: Sequence[Path], positive: str | None = None, models: Sequence[str] = ()
) -> list[Source]:
    """Every model found at `paths`, each under a name of its own.

    A run gives all its models, or those named in `models`. positive: the positive class of CSVs
    that no run describes; guessed from the labels where not given. Raises UsageError for a path
    that holds no predictions, and as `read_predictions` does.
    """
    found = [source for path in paths for source in _open(path, positive, models)]
    if not found:
        raise UsageError(f"no model named {', '.join(models)} in {', '.join(map(str, paths))}")
    if len(paths) > 1:
        for names in (_short, _long):
            named = [replace(s, name=names(s)) for s in found]
            if len({s.name for s in named}) == len(named):
                return named
        raise UsageError("the same predictions are named twice; name each once")
    return found


def _short(source: Source) -> str:
    run = source.folder.resolve().parent.name
    return f"{run}/{source.name}" if source.dataset.get("run") else source.name


def _long(source: Source) -> str:
    return str(source.folder / source.name) if not source.dataset.get("run") else str(source.folder)


def _open(path: Path, positive: str | None, models: Sequence[str]) -> list[Source]:
    if path.is_file():
        return [_from_file(path, positive)]
    if (path / "comparison.json").is_file():
        comparison = read_json(path / "comparison.json")
        dataset = {**comparison["dataset"], "run": True}
        manifest = path / "manifest.csv"
        sources = []
        for entry in comparison["models"]:
            if models and entry["name"] not in models:
                continue
            inner = path / entry["name"]
            folder = inner if inner.is_dir() else path
            sources.append(_from_folder(folder, entry["name"], dataset, manifest, entry))
        return sources
    if (path / "predictions.csv").is_file():
        dataset = _dataset_of(path, positive)
        above = path.parent / "manifest.csv"
        entry = read_json(path / "metrics.json") if (path / "metrics.json").is_file() else {}
        return [_from_folder(path, path.name, dataset, above, entry)]
    raise UsageError(
        f"{path}: neither a run (comparison.json), nor a model folder (predictions.csv), nor a CSV "
        "of predictions"
    )


def _from_folder(
    folder: Path, name: str, dataset: Mapping[str, Any], manifest: Path, entry: Mapping[str, Any]
) -> Source:
    positive = str(dataset["positive"])
    threshold, origin = _recorded_threshold(folder)
    val = folder / "predictions-val.csv"
    return Source(
        name,
        folder,
        read_predictions(folder / "predictions.csv", positive),
        threshold,
        origin,
        dataset,
        val=read_predictions(val, positive) if val.is_file() else None,
        known={key: entry[key] for key in KEPT if entry.get(key) is not None},
        manifest=manifest if manifest.is_file() else None,
    )


def _from_file(file: Path, positive: str | None) -> Source:
    labels = _labels(file)
    classes, chosen = _classes(file, labels, positive)
    test = read_predictions(file, chosen)
    beside = file.name == "predictions.csv"
    threshold, origin = _recorded_threshold(file.parent if beside else None)
    counts = {"test": dict(Counter(test.label))}
    dataset = {"name": file.stem, "classes": classes, "positive": chosen, "counts": counts}
    name = file.resolve().parent.name if beside else file.stem
    return Source(name, file.parent, test, threshold, origin, dataset)


def _recorded_threshold(folder: Path | None) -> tuple[float, str]:
    if folder is not None and (folder / "metrics.json").is_file():
        scored = read_json(folder / "metrics.json")
        if "threshold" in scored:
            return float(scored["threshold"]), str(scored.get("threshold_rule", "as recorded"))
    return FALLBACK_THRESHOLD, "fixed: none is recorded beside the predictions"


def _dataset_of(folder: Path, positive: str | None) -> dict[str, Any]:
    """What is known of the films of a model folder, from the run around it or from its files."""
    above = folder.parent / "comparison.json"
    if above.is_file():
        return dict(read_json(above)["dataset"])
    spec = read_json(folder / "model.json") if (folder / "model.json").is_file() else {}
    labels = _labels(folder / "predictions.csv")
    classes, chosen = _classes(folder, labels, positive or spec.get("positive"))
    counts = {"test": dict(Counter(labels))}
    return {"name": folder.name, "classes": classes, "positive": chosen, "counts": counts}


def _labels(file: Path) -> list[str]:
    try:
        with file.open(encoding="utf-8", newline="") as lines:
            return [row.get("label") or "" for row in csv.DictReader(lines)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{file}: cannot be read as a CSV of predictions ({error})") from None


def _classes(where: Path, labels: Sequence[str], positive: str | None) -> tuple[list[str], str]:
    """The classes, each in its first spelling, and the positive one."""
    spelling: dict[str, str] = {}
    for label in labels:
        spelling.setdefault(plain(label), label)
    if positive is not None:
        spelling[plain(positive)] = positive
        names = list(spelling.values())
        return sorted(names, key=lambda name: name == positive), positive
    try:
        classes, chosen, _ = choose_classes(list(spelling.values()), None)
    except UsageError as error:
        raise UsageError(f"{where}: {error}; here, --positive NAME") from None
    return list(classes), chosen


def on_common_films(sources: Sequence[Source], *, intersect: bool) -> list[Source]:
    """The sources on the same films in the same order.

    Where they are of different films: only those that all have if `intersect`, else UsageError says
    how many. Raises UsageError too where a film has different labels or no film is common.
    """
    first = sources[0].test
    shared = set(first.path).intersection(*(source.test.path for source in sources))
    union = set(first.path).union(*(source.test.path for source in sources))
    if shared != union and not intersect:
        sizes = ", ".join(f"{source.name} {len(source.test)}" for source in sources)
        raise UsageError(
            f"the models were scored on different films ({sizes}; {len(shared)} in common). Give "
            "--intersection to compare on those alone."
        )
    if not shared:
        raise UsageError("no film is in all of the predictions; are their paths of one folder?")
    order = [path for path in first.path if path in shared]
    return [_aligned(source, order, first) for source in sources]


def _aligned(source: Source, order: Sequence[str], first: Predictions) -> Source:
    if plain(source.test.positive) != plain(first.positive):
        raise UsageError(
            f"{source.name}: the positive class is '{source.test.positive}' here and "
            f"'{first.positive}' elsewhere; name one with --positive"
        )
    row = {path: i for i, path in enumerate(source.test.path)}
    labels = dict(zip(first.path, first.label, strict=True))
    for path in order:
        ours, theirs = source.test.label[row[path]], labels[path]
        if plain(ours) != plain(theirs):
            raise UsageError(
                f"{source.name}: {path} is '{ours}' here and '{theirs}' elsewhere; the predictions "
                "are not of the same labels"
            )
    aligned = source.test.rows([row[path] for path in order])
    patients = dict(zip(first.path, first.patient, strict=True))
    same = replace(
        aligned,
        positive=first.positive,
        label=tuple(labels[path] for path in order),
        patient=tuple(patients[path] for path in order),
    )
    return replace(source, test=same)
