"""Every figure anew from predictions files alone: of one model, of a run, across runs."""

from collections import Counter
from collections.abc import Callable, Sequence

from radistill.config import EvaluationConfig
from radistill.errors import UsageError
from radistill.metrics.groups import by_group, manifest_columns
from radistill.metrics.metrics import metrics
from radistill.metrics.score import (
    ScoredModel,
    calibration_result,
    score_predictions,
    threshold_of,
)
from radistill.metrics.thresholds import operating_points
from radistill.progress import bar
from radistill.report.side_by_side import assemble
from radistill.schema.comparison import Comparison, DatasetFacts, ModelResult
from radistill.study.prediction_files import PredictionSet, on_common_films

# What only the model itself can show, and is kept.
MEASURED = ("architecture", "cost", "training_seconds", "robustness", "explanation")


def rescore(
    sources: Sequence[PredictionSet],
    config: EvaluationConfig,
    seed: int,
    *,
    intersect: bool = False,
    threshold: float | None = None,
    rule: str | None = None,
    exposure: Callable[[str], float] | None = None,
) -> Comparison:
    """The comparison of all models whose predictions `open_sources` found; see `assemble`.

    threshold: for all models, instead of each one's own. rule: choose the threshold anew by it, on
    the validation predictions beside. exposure: path -> mean grey of a film, to make groups by.
    Raises UsageError as `on_common_films` does, and where `rule` finds no validation predictions.
    """
    sources = on_common_films(sources, intersect=intersect)
    with bar() as progress:
        scored = [
            _scored(source, config, seed, threshold, rule, exposure)
            for source in progress.track(sources, description="Resampling patients")
        ]
    return assemble(_dataset(sources), scored, config)


def _dataset(sources: Sequence[PredictionSet]) -> DatasetFacts:
    """The films of all sources together."""
    first, datasets = sources[0].dataset, [source.dataset for source in sources]
    if len({dataset.name for dataset in datasets}) > 1:
        first = DatasetFacts(
            name="comparison", classes=first.classes, positive=first.positive, counts={}
        )
    changed = {
        "counts": {**first.counts, "test": dict(Counter(sources[0].test.label))},
        "synthetic": any(dataset.synthetic for dataset in datasets),
        "leaking": any(dataset.leaking for dataset in datasets),
    }
    return first.model_copy(update=changed)


def _scored(
    source: PredictionSet,
    config: EvaluationConfig,
    seed: int,
    threshold: float | None,
    rule: str | None,
    exposure: Callable[[str], float] | None,
) -> ScoredModel:
    test, val = source.test, source.val
    chosen, chosen_by = source.threshold, source.threshold_from
    if rule is not None:
        if val is None:
            raise UsageError(
                f"{source.folder}: no predictions-val.csv to choose a threshold by {rule} on. "
                "Name the run or the model folder."
            )
        chosen, chosen_by = threshold_of(val, rule)
    if threshold is not None:
        chosen, chosen_by = threshold, "given"
    figures, draws = score_predictions(test, chosen, config, seed)
    known = {key: getattr(source.measured, key, None) for key in MEASURED}
    if chosen != source.threshold:
        known["robustness"] = None  # its figures are at the threshold of before
    result = ModelResult(
        name=source.name,
        test=figures,
        threshold_rule=chosen_by,
        **{key: value for key, value in known.items() if value or key in ("architecture", "cost")},
    )
    further: dict[str, object] = {}
    if val is not None:
        further["val_auc"] = metrics(val.truth, val.probability, chosen).auc
        further["operating_points"] = operating_points(val, test, config.operating_points)
        further["calibration"] = calibration_result(val, test, config, seed)
    if source.manifest is not None:
        columns = manifest_columns(source.manifest, test.path, exposure)
        further["groups"] = by_group(test, chosen, columns, config, seed)
    return ScoredModel(test, result.model_copy(update=further), draws)
