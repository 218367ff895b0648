"""What keeps a model from being used: it learnt nothing, or a simpler model does better."""

from collections.abc import Mapping

import numpy as np

from radistill.config import EvaluationConfig
from radistill.metrics.intervals import (
    auc_interval,
    least_patients,
    patient_weights,
    percentile_interval,
    weighted_auc,
)
from radistill.metrics.predictions import Predictions

CONSTANT = 0.02  # probabilities that differ by less are called nearly constant
HIGH = 0.75  # an AUC above it, whose interval holds 0.5, is of too few films to tell
ADVICE = (
    "Do not use it. Train it longer or at another learning rate, look at its curves of training "
    "under Plots, and check labels and films (`radistill data inspect`)."
)


def shortfalls(
    name: str,
    val: Predictions,
    others: Mapping[str, Predictions],
    config: EvaluationConfig,
    seed: int,
) -> tuple[str, ...]:
    """Sentences on why the model `name` should not be used, the last one on what to do; or none.

    val: its probabilities on validation; others: those of models that it should not be behind, on
    the same films. It learnt nothing if the 95 % interval of its AUC does not lie above 0.5, or if
    its outputs are nearly constant; where the AUC is above 0.75 all the same, validation is
    said to be too small to tell. It is behind another model if the AUC is lower by more than
    `config.margin` and the paired interval, over patients, leaves out 0. Nothing is said where
    validation holds one class.
    """
    truth = val.truth
    if not truth.any() or truth.all():
        return ()
    reasons, untold = [], []
    low, high = auc_interval(truth, val.probability, val.patient, config.bootstrap, seed)
    auc = _auc(val)
    figure = f"its AUC on validation is {auc:.3f} (95 % interval {low:.3f} to {high:.3f})"
    if low <= 0.5 and auc > HIGH:
        untold.append(
            f"Validation is too small to show that the {name} learnt anything: {figure}, of "
            f"{len(val):,} films. Do not use it before more films are labelled, or give validation "
            "a larger share of them (data.val_fraction)."
        )
    elif low <= 0.5:
        reasons.append(f"The {name} learnt nothing: {figure}, not better than chance.")
    least, most = float(val.probability.min()), float(val.probability.max())
    if most - least < CONSTANT:
        reasons.append(
            f"The {name} learnt nothing: its outputs are nearly constant, {least:.3f} to "
            f"{most:.3f} on validation."
        )
    for other, predictions in others.items():
        ahead = _auc(predictions) - auc
        if ahead > config.margin and _least_difference(val, predictions, config, seed) > 0:
            reasons.append(
                f"The {name} is behind the {other}: its AUC on validation is {auc:.3f} against "
                f"{_auc(predictions):.3f}; `radistill bundle RUN/{other}` packs that one."
            )
    return (*untold, *reasons, *([ADVICE] if reasons else []))


def _auc(p: Predictions) -> float:
    return float(weighted_auc(p.truth, p.probability, np.ones((1, len(p))))[0])


def _least_difference(
    worse: Predictions, better: Predictions, config: EvaluationConfig, seed: int
) -> float:
    """The lower end of the paired 95 % interval of the difference of the AUCs."""
    draws = [
        weighted_auc(better.truth, better.probability, weights)
        - weighted_auc(worse.truth, worse.probability, weights)
        for weights in patient_weights(worse.truth, worse.patient, config.bootstrap, seed)
    ]
    return percentile_interval(np.concatenate(draws), least_patients(worse.truth, worse.patient))[0]
