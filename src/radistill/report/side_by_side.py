"""Models side by side on the same films: comparison.json."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from radistill.config import EvaluationConfig
from radistill.errors import RadistillError
from radistill.metrics.groups import Columns, by_group, manifest_columns
from radistill.metrics.intervals import least_patients, mostly_defined, percentile_interval, too_few
from radistill.metrics.paired import delong, holm, mcnemar, not_inferior_p
from radistill.metrics.predictions import Predictions
from radistill.metrics.score import ScoredModel, draws_of
from radistill.schema.comparison import (
    FORMAT,
    Comparison,
    DatasetFacts,
    Difference,
    Measured,
    ModelMetrics,
    ModelResult,
    PairResult,
)
from radistill.schema.figures import FIGURES, Cost, FigureName
from radistill.schema.record import read_record, write_record

# The questions a reader asks first come first; other pairs follow in the order of the models.
FIRST_PAIRS = (
    ("student-alone", "student"),
    ("teacher", "student"),
    ("baseline", "teacher"),
    ("baseline", "student"),
    ("baseline", "student-alone"),
    ("teacher", "student-alone"),
)
MEMBER = re.compile(r"teacher-\d+")  # of the average `teacher`
# Figures whose differences are given besides that of the AUC.
PAIRED = tuple(n for n in FIGURES if not n.startswith(("auc", "lr_", "ece", "calibration_")))


def compare(
    run: Path,
    models: Sequence[ScoredModel],
    dataset: DatasetFacts,
    config: EvaluationConfig,
    seed: int,
    *,
    costs: Mapping[str, Cost] | None = None,
    exposure: Callable[[str], float] | None = None,
) -> Comparison:
    """Write and return `run/comparison.json`.

    costs: by model, measured side by side, over those measured when each was trained. exposure:
    path of a film -> its mean grey, for the figures by group; these need `run/manifest.csv`.
    Raises RadistillError if two models were not scored on the same films.
    """
    _check_same_films(models)
    columns: Columns | None = None
    if (run / "manifest.csv").is_file():
        columns = manifest_columns(run / "manifest.csv", models[0].predictions.path, exposure)
    compared = []
    for model in models:
        result = model.result
        if columns is not None:
            groups = by_group(model.predictions, result.test.threshold, columns, config, seed)
            result = result.model_copy(update={"groups": groups})
        if costs:
            measured = costs[result.name].model_dump(exclude_unset=True)
            cost = (result.cost or Cost()).model_copy(update=measured)
            result = result.model_copy(update={"cost": cost})
        compared.append(replace(model, result=result))
    comparison = assemble(dataset, compared, config)
    write_record(run / "comparison.json", comparison)
    return comparison


def assemble(
    dataset: DatasetFacts, models: Sequence[ScoredModel], config: EvaluationConfig
) -> Comparison:
    """The comparison of `models`, all of which are paired but the single teachers of an average.

    Raises RadistillError if two models were not scored on the same films.
    """
    _check_same_films(models)
    named = {model.result.name: model for model in models}
    pairs = [_pair(named[a], named[b], config.margin) for a, b in _ordered_pairs(list(named))]
    delong_holm = holm([pair.delong_p for pair in pairs])
    mcnemar_holm = holm([pair.mcnemar_p for pair in pairs])
    return Comparison(
        format=FORMAT,
        dataset=dataset,
        models=tuple(model.result for model in models),
        pairs=tuple(
            pair.model_copy(update={"delong_p_holm": one, "mcnemar_p_holm": two})
            for pair, one, two in zip(pairs, delong_holm, mcnemar_holm, strict=True)
        ),
    )


def read_scored(folder: Path, p: Predictions, config: EvaluationConfig, seed: int) -> ScoredModel:
    """A model folder of a run, whose predictions on test are `p`.

    Raises RadistillError if its metrics.json is missing or damaged.
    """
    scored = read_record(ModelMetrics, folder / "metrics.json")
    result = ModelResult(
        name=folder.name,
        val_auc=scored.val.auc if scored.val else None,
        **{field: getattr(scored, field) for field in Measured.model_fields},
    )
    return ScoredModel(p, result, draws_of(p, scored.test.threshold, config.bootstrap, seed))


def _check_same_films(models: Sequence[ScoredModel]) -> None:
    first = models[0].predictions
    for model in models[1:]:
        other = model.predictions
        if (first.path, first.label, first.patient) != (other.path, other.label, other.patient):
            raise RadistillError(
                f"{model.result.name}: not the films that {models[0].result.name} was scored on. "
                "Start the study again in an empty output folder."
            )


def _ordered_pairs(models: Sequence[str]) -> list[tuple[str, str]]:
    """Each pair that answers a question: with more, Holm's correction would hide what is there."""
    paired = [m for m in models if not ("teacher" in models and MEMBER.fullmatch(m))]
    pairs = [pair for pair in FIRST_PAIRS if set(pair) <= set(paired)]
    known = {frozenset(pair) for pair in pairs}
    return pairs + [pair for pair in combinations(paired, 2) if frozenset(pair) not in known]


def _pair(a: ScoredModel, b: ScoredModel, margin: float) -> PairResult:
    one, two, truth = a.predictions, b.predictions, a.predictions.truth
    at_a, at_b = a.result.test, b.result.test
    why = too_few(one.patient)
    difference = None if at_a.auc is None or at_b.auc is None else at_a.auc - at_b.auc
    ci = None
    if difference is not None and not why:
        drawn = a.draws["auc"] - b.draws["auc"]
        ci = percentile_interval(drawn, least_patients(truth, one.patient))
    delong_p = not_inferior = None
    if min(truth.sum(), (~truth).sum()) >= 2:
        test = delong(truth, one.probability, two.probability)
        delong_p, not_inferior = test.p, not_inferior_p(test.difference, test.variance, margin)
    decided = mcnemar(truth, one.probability >= at_a.threshold, two.probability >= at_b.threshold)
    return PairResult(
        a=a.result.name,
        b=b.result.name,
        auc_difference=difference,
        ci=ci,
        delong_p=delong_p,
        mcnemar_p=decided.p,
        only_a_right=decided.only_a,
        only_b_right=decided.only_b,
        margin=margin,
        b_not_inferior=ci[1] < margin if ci else None,
        b_not_inferior_p=not_inferior,
        differences={} if why else _differences(a, b),
        **({"no_interval": why} if why else {}),
    )


def _differences(a: ScoredModel, b: ScoredModel) -> dict[FigureName, Difference]:
    """Of each other figure: its difference a - b and the paired bootstrap interval.

    Without those that either model, or many a resample, leaves undefined.
    """
    differences: dict[FigureName, Difference] = {}
    patients = least_patients(a.predictions.truth, a.predictions.patient)
    for name in PAIRED:
        one, two = a.result.test.value(name), b.result.test.value(name)
        drawn = a.draws[name] - b.draws[name]
        if one is not None and two is not None and mostly_defined(drawn):
            ci = percentile_interval(drawn, patients)
            differences[name] = Difference(difference=one - two, ci=ci)
    return differences
