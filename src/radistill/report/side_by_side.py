"""Models side by side on the same films: comparison.json."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from pathlib import Path
from typing import Any

from radistill.config import EvaluationConfig
from radistill.errors import RadistillError
from radistill.files import write_json
from radistill.metrics.bootstrap import Draws, figure_draws
from radistill.metrics.groups import Columns, by_group, manifest_columns
from radistill.metrics.intervals import least_patients, mostly_defined, percentile_interval, too_few
from radistill.metrics.paired import delong, holm, mcnemar, not_inferior_p
from radistill.metrics.predictions import Predictions, read_predictions

# The questions a reader asks first come first; other pairs follow in the order of the models.
FIRST_PAIRS = (
    ("student-alone", "student"),
    ("teacher", "student"),
    ("baseline", "teacher"),
    ("baseline", "student"),
    ("baseline", "student-alone"),
    ("teacher", "student-alone"),
)
# Written by later stages into a model's folder, and shown where they are there.
PROBED = ("robustness", "explanation")
TUNED = ("threshold_rule", "operating_points", "calibration")
PAIRED = ("accuracy", "balanced_accuracy", "recall", "specificity", "precision", "npv", "f1", "mcc",
          "pr_auc", "brier", "log_loss")  # fmt: skip


@dataclass(frozen=True)
class Scored:
    """A model with its predictions on test and what is known of it.

    entry: architecture, test (figures with `threshold`), cost, training_seconds, and so on.
    """

    name: str
    predictions: Predictions
    entry: Mapping[str, Any] = field(repr=False)

    @property
    def threshold(self) -> float:
        return float(self.entry["test"]["threshold"])


def compare(
    run: Path,
    models: Sequence[str],
    dataset: Mapping[str, Any],
    config: EvaluationConfig,
    seed: int,
    *,
    costs: Mapping[str, Mapping[str, Any]] | None = None,
    exposure: Callable[[str], float] | None = None,
) -> dict[str, Any]:
    """Write and return `run/comparison.json` from the folders `run/<model>/`.

    costs: by model, measured side by side, over those measured when each was trained. exposure:
    path of a film -> its mean grey, for the figures by group; these need `run/manifest.csv`.
    Raises RadistillError if a file is missing or two models were not scored on the same films.
    """
    scored = [read_scored(run / name, str(dataset["positive"])) for name in models]
    _check_same_films(scored)
    if (run / "manifest.csv").is_file():
        columns = manifest_columns(run / "manifest.csv", scored[0].predictions.path, exposure)
        scored = [_with_groups(model, columns, config, seed) for model in scored]
    if costs:
        scored = [
            replace(m, entry={**m.entry, "cost": {**(m.entry["cost"] or {}), **costs[m.name]}})
            for m in scored
        ]
    result = assemble(dataset, scored, config, seed)
    write_json(run / "comparison.json", result)
    return result


def _with_groups(model: Scored, columns: Columns, config: EvaluationConfig, seed: int) -> Scored:
    groups = by_group(model.predictions, model.threshold, columns, config, seed)
    return replace(model, entry={**model.entry, "groups": groups})


def assemble(
    dataset: Mapping[str, Any], models: Sequence[Scored], config: EvaluationConfig, seed: int
) -> dict[str, Any]:
    """The comparison of `models`, ready for JSON.

    dataset: name, classes, counts, protocol, positive, and if so leaking and synthetic; copied
    into the result. `auc_difference` of a pair is AUC(a) - AUC(b), with its interval over
    patients; `differences` are those of the other figures. p-values named `_holm` are corrected for
    the number of pairs. `b_not_inferior` is true where the interval's upper end is below
    `config.margin`. A figure that the test films cannot tell is null.
    Raises RadistillError if two models were not scored on the same films.
    """
    _check_same_films(models)
    named = {model.name: model for model in models}
    draws = {} if len(models) < 2 else {m.name: _draws(m, config, seed) for m in models}
    pairs = [
        _pair(named[a], named[b], draws, config.margin) for a, b in _ordered_pairs(list(named))
    ]
    for key in ("delong_p", "mcnemar_p"):
        for pair, corrected in zip(pairs, holm([p[key] for p in pairs]), strict=True):
            pair[f"{key}_holm"] = corrected
    entries = [{"name": model.name, **model.entry} for model in models]
    return {"dataset": dict(dataset), "models": entries, "pairs": pairs}


def read_scored(folder: Path, positive: str) -> Scored:
    """A model folder of a run. Raises RadistillError if a file is missing or damaged."""
    scored = read_json(folder / "metrics.json")
    described = read_json(folder / "model.json") if (folder / "model.json").exists() else {}
    entry = {
        "architecture": scored.get("architecture") or described.get("architecture"),
        "test": scored["test"],
        "cost": scored.get("cost"),
        "training_seconds": scored.get("training_seconds"),
    }
    entry |= {key: scored[key] for key in TUNED if scored.get(key)}
    for key in PROBED:
        if (folder / f"{key}.json").exists():
            entry[key] = read_json(folder / f"{key}.json")
    return Scored(folder.name, read_predictions(folder / "predictions.csv", positive), entry)


def read_json(path: Path) -> Any:
    """Parse a JSON file; RadistillError if it is missing or is not JSON."""
    try:
        return json.loads(path.read_text("utf-8"))
    except OSError as error:
        raise RadistillError(
            f"{path}: cannot be read ({error.strerror}). Run the study again to make it."
        ) from None
    except ValueError:
        raise RadistillError(f"{path}: is not JSON. Delete it and run the study again.") from None


def _check_same_films(models: Sequence[Scored]) -> None:
    first = models[0].predictions
    for model in models[1:]:
        other = model.predictions
        if (first.path, first.label, first.patient) != (other.path, other.label, other.patient):
            raise RadistillError(
                f"{model.name}: not the films that {models[0].name} was scored on. "
                "Start the study again in an empty output folder."
            )


def _ordered_pairs(models: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [pair for pair in FIRST_PAIRS if set(pair) <= set(models)]
    known = {frozenset(pair) for pair in pairs}
    return pairs + [pair for pair in combinations(models, 2) if frozenset(pair) not in known]


def _draws(model: Scored, config: EvaluationConfig, seed: int) -> Draws:
    p = model.predictions
    return figure_draws(p.truth, p.probability, model.threshold, p.patient, config.bootstrap, seed)


def _pair(a: Scored, b: Scored, draws: Mapping[str, Draws], margin: float) -> dict[str, Any]:
    one, two, truth = a.predictions, b.predictions, a.predictions.truth
    pair: dict[str, Any] = {"a": a.name, "b": b.name}
    pair |= {"auc_difference": None, "ci": None, "delong_p": None}
    both, why = bool(truth.any() and not truth.all()), too_few(one.patient)
    if both:
        pair["auc_difference"] = a.entry["test"]["auc"] - b.entry["test"]["auc"]
    if both and not why:
        drawn = draws[a.name]["auc"] - draws[b.name]["auc"]
        pair["ci"] = list(percentile_interval(drawn, least_patients(truth, one.patient)))
    decided = mcnemar(truth, one.probability >= a.threshold, two.probability >= b.threshold)
    pair |= {"mcnemar_p": decided.p, "only_a_right": decided.only_a, "only_b_right": decided.only_b}
    pair |= {"margin": margin, "b_not_inferior": None, "b_not_inferior_p": None}
    if min(truth.sum(), (~truth).sum()) >= 2:
        test = delong(truth, one.probability, two.probability)
        pair["delong_p"] = test.p
        pair["b_not_inferior_p"] = not_inferior_p(test.difference, test.variance, margin)
    if pair["ci"]:
        pair["b_not_inferior"] = pair["ci"][1] < margin
    if why:
        pair["no_interval"] = why
    pair["differences"] = {} if why else _differences(a, b, draws)
    return pair


def _differences(a: Scored, b: Scored, draws: Mapping[str, Draws]) -> dict[str, Any]:
    """Of each other figure: its difference a - b and the paired bootstrap interval.

    Without those that either model, or many a resample, leaves undefined.
    """
    found = {}
    patients = least_patients(a.predictions.truth, a.predictions.patient)
    for key in PAIRED:
        values = a.entry["test"].get(key), b.entry["test"].get(key)
        drawn = draws[a.name][key] - draws[b.name][key]
        if values[0] is not None and values[1] is not None and mostly_defined(drawn):
            low, high = percentile_interval(drawn, patients)
            found[key] = {"difference": values[0] - values[1], "ci": [low, high]}
    return found
