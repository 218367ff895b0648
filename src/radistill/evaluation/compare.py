"""Models of one run side by side: comparison.json."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from radistill import atomic
from radistill.config import EvaluationConfig
from radistill.errors import RadistillError
from radistill.evaluation.paired import auc_difference_interval, delong, mcnemar
from radistill.evaluation.predictions import Predictions, read_predictions

# The questions a reader asks first come first; other pairs follow in the order of the models.
FIRST_PAIRS = (
    ("student-alone", "student"),
    ("teacher", "student"),
    ("baseline", "teacher"),
    ("baseline", "student"),
    ("baseline", "student-alone"),
    ("teacher", "student-alone"),
)


def compare(
    run: Path,
    models: Sequence[str],
    dataset: Mapping[str, Any],
    config: EvaluationConfig,
    seed: int,
) -> dict[str, Any]:
    """Write and return `run/comparison.json` from the folders `run/<model>/`.

    dataset: name, classes, counts, protocol, positive, and if so leaking and synthetic; copied
    into the result. `auc_difference` of a pair is AUC(a) - AUC(b), with its interval over
    patients. A figure that the test films cannot tell is null. Raises RadistillError if a file
    is missing or two models were not scored on the same films.
    """
    positive = str(dataset["positive"])
    entries = {name: _entry(run / name) for name in models}
    predictions = _aligned(run, models, positive)
    pairs = [_pair(a, b, predictions, entries, config, seed) for a, b in _ordered_pairs(models)]
    result = {"dataset": dict(dataset), "models": list(entries.values()), "pairs": pairs}
    atomic.write_json(run / "comparison.json", result)
    return result


def _entry(folder: Path) -> dict[str, Any]:
    scored = read_json(folder / "metrics.json")
    described = read_json(folder / "model.json") if (folder / "model.json").exists() else {}
    return {
        "name": folder.name,
        "architecture": scored.get("architecture") or described.get("architecture"),
        "test": scored["test"],
        "cost": scored.get("cost"),
        "training_seconds": scored.get("training_seconds"),
    }


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


def _aligned(run: Path, models: Sequence[str], positive: str) -> dict[str, Predictions]:
    """Predictions of every model, checked to be on the same films in the same order."""
    predictions = {
        name: read_predictions(run / name / "predictions.csv", positive) for name in models
    }
    for name in models[1:]:
        first, other = predictions[models[0]], predictions[name]
        if (first.path, first.label, first.patient) != (other.path, other.label, other.patient):
            raise RadistillError(
                f"{run / name / 'predictions.csv'}: not the films that {models[0]} was scored on. "
                "Start the study again in an empty output folder."
            )
    return predictions


def _ordered_pairs(models: Sequence[str]) -> list[tuple[str, str]]:
    pairs = [pair for pair in FIRST_PAIRS if set(pair) <= set(models)]
    known = {frozenset(pair) for pair in pairs}
    return pairs + [pair for pair in combinations(models, 2) if frozenset(pair) not in known]


def _pair(
    a: str,
    b: str,
    predictions: Mapping[str, Predictions],
    entries: Mapping[str, Mapping[str, Any]],
    config: EvaluationConfig,
    seed: int,
) -> dict[str, Any]:
    one, two = predictions[a], predictions[b]
    truth = one.truth
    called_a, called_b = (
        np.asarray(p.probability >= entries[name]["test"]["threshold"])
        for name, p in ((a, one), (b, two))
    )
    decisions = mcnemar(truth, called_a, called_b)
    pair: dict[str, Any] = {"a": a, "b": b, "auc_difference": None, "ci": None, "delong_p": None}
    if truth.any() and not truth.all():
        pair["ci"] = list(
            auc_difference_interval(
                truth, one.probability, two.probability, one.patient, config.bootstrap, seed
            )
        )
        pair["auc_difference"] = entries[a]["test"]["auc"] - entries[b]["test"]["auc"]
    if min(truth.sum(), (~truth).sum()) >= 2:
        pair["delong_p"] = delong(truth, one.probability, two.probability).p
    pair |= {
        "mcnemar_p": decisions.p,
        "only_a_right": decisions.only_a,
        "only_b_right": decisions.only_b,
    }
    return pair
