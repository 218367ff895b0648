"""Predictions from wherever they lie: a run, a model folder of one, or a CSV alone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from radistill.data.labels import choose_classes, plain
from radistill.errors import UsageError
from radistill.files import read_csv
from radistill.metrics.predictions import Predictions, read_predictions
from radistill.metrics.thresholds import FALLBACK_THRESHOLD
from radistill.schema.comparison import Comparison, DatasetFacts, Measured, ModelMetrics
from radistill.schema.model_spec import read_spec
from radistill.schema.record import read_record


@dataclass(frozen=True)
class PredictionSet:
    """One model's predictions, not yet scored.

    val: those on validation, None if there are none. measured: what was measured with the model
    itself, such as its cost. manifest: a CSV with `path` that describes the films. in_run: the
    dataset is that of a whole run.
    """

    name: str
    folder: Path
    test: Predictions
    threshold: float
    threshold_from: str
    dataset: DatasetFacts = field(repr=False)
    val: Predictions | None = field(default=None, repr=False)
    measured: Measured | None = field(default=None, repr=False)
    manifest: Path | None = None
    in_run: bool = False


def open_sources(
    paths: Sequence[Path], positive: str | None = None, models: Sequence[str] = ()
) -> list[PredictionSet]:
    """Every model found at `paths`, each under a name of its own.

    A run gives all its models, or those named in `models`. positive: the positive class of CSVs
    that no run describes; guessed from the labels where not given. Raises UsageError for a path
    that holds no predictions, and as `read_predictions` does.
    """
    sources = [source for path in paths for source in _open(path, positive, models)]
    if not sources:
        raise UsageError(f"no model named {', '.join(models)} in {', '.join(map(str, paths))}")
    if len(paths) > 1:
        for names in (_short, _long):
            named = [replace(s, name=names(s)) for s in sources]
            if len({s.name for s in named}) == len(named):
                return named
        raise UsageError("the same predictions are named twice; name each once")
    return sources


def _short(source: PredictionSet) -> str:
    run = source.folder.resolve().parent.name
    return f"{run}/{source.name}" if source.in_run else source.name


def _long(source: PredictionSet) -> str:
    return str(source.folder if source.in_run else source.folder / source.name)


def _open(path: Path, positive: str | None, models: Sequence[str]) -> list[PredictionSet]:
    if path.is_file():
        return [_from_file(path, positive)]
    if (path / "comparison.json").is_file():
        comparison = read_record(Comparison, path / "comparison.json")
        manifest = path / "manifest.csv"
        sources = []
        for model in comparison.models:
            if not models or model.name in models:
                folder = path / model.name if (path / model.name).is_dir() else path
                source = _from_folder(folder, model.name, comparison.dataset, manifest)
                sources.append(replace(source, measured=model, in_run=True))
        return sources
    if (path / "predictions.csv").is_file():
        dataset, above = _dataset_of(path, positive), path.parent / "manifest.csv"
        return [_from_folder(path, path.name, dataset, above)]
    raise UsageError(
        f"{path}: neither a run (comparison.json), nor a model folder (predictions.csv), nor a CSV "
        "of predictions"
    )


def _from_folder(folder: Path, name: str, dataset: DatasetFacts, manifest: Path) -> PredictionSet:
    scored = _metrics(folder)
    val = folder / "predictions-val.csv"
    return PredictionSet(
        name,
        folder,
        read_predictions(folder / "predictions.csv", dataset.positive),
        *_recorded_threshold(scored),
        dataset,
        val=read_predictions(val, dataset.positive) if val.is_file() else None,
        measured=scored,
        manifest=manifest if manifest.is_file() else None,
    )


def _from_file(file: Path, positive: str | None) -> PredictionSet:
    labels = _labels(file)
    classes, chosen = _classes(file, labels, positive)
    test = read_predictions(file, chosen)
    beside = file.name == "predictions.csv"
    threshold, rule = _recorded_threshold(_metrics(file.parent) if beside else None)
    dataset = _facts(file.stem, classes, chosen, test.label)
    name = file.resolve().parent.name if beside else file.stem
    return PredictionSet(name, file.parent, test, threshold, rule, dataset)


def _facts(name: str, classes: Sequence[str], positive: str, labels: Sequence[str]) -> DatasetFacts:
    counts = {"test": Counter(labels)}
    return DatasetFacts(name=name, classes=tuple(classes), positive=positive, counts=counts)


def _metrics(folder: Path) -> ModelMetrics | None:
    file = folder / "metrics.json"
    return read_record(ModelMetrics, file) if file.is_file() else None


def _recorded_threshold(scored: ModelMetrics | None) -> tuple[float, str]:
    if scored is not None:
        return scored.threshold, scored.threshold_rule or "as recorded"
    return FALLBACK_THRESHOLD, "fixed: none is recorded beside the predictions"


def _dataset_of(folder: Path, positive: str | None) -> DatasetFacts:
    """The films of a model folder, from the run around it or from its files."""
    above = folder.parent / "comparison.json"
    if above.is_file():
        return read_record(Comparison, above).dataset
    if positive is None and (folder / "model.json").is_file():
        positive = read_spec(folder).positive or None
    labels = _labels(folder / "predictions.csv")
    return _facts(folder.name, *_classes(folder, labels, positive), labels)


def _labels(file: Path) -> list[str]:
    header, rows = read_csv(file)
    column = header.index("label") if "label" in header else len(header)
    return [row[column] if column < len(row) else "" for _, row in rows]


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


def on_common_films(sources: Sequence[PredictionSet], *, intersect: bool) -> list[PredictionSet]:
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


def _aligned(source: PredictionSet, order: Sequence[str], first: Predictions) -> PredictionSet:
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
