"""Which calibration a model gets: the simplest that validation shows to be needed."""

import numpy as np
from scipy.special import entr
from sklearn.model_selection import StratifiedGroupKFold

from radistill.config import CalibrationRule
from radistill.metrics.calibration import UNCALIBRATED, Kind, calibrate, fit
from radistill.metrics.intervals import least_patients, patient_weights, percentile_interval
from radistill.metrics.predictions import Predictions
from radistill.schema.calibrated import CalibrationGain, CalibrationMap, CalibrationResult

FOLDS, REPEATS = 5, 4
RESAMPLES = 2000
FEWEST_PATIENTS = 10  # of each class, to calibrate at all
KINDS: tuple[Kind, ...] = ("none", "temperature", "isotonic")  # simplest first


def choose_calibration(
    val: Predictions, seed: int, rule: CalibrationRule = "auto"
) -> CalibrationResult:
    """The calibration that `rule` picks on validation, and what it was picked by.

    rule: `auto`, or one kind, which is then fitted whatever it brings. `auto` starts with none and
    takes temperature, then isotonic, over what it has where (1) the log loss of films held out of
    the fit falls, with a 95 % interval over patients that leaves out 0, and (2) the map does not
    make the model more confident on average (mean entropy). Films of a patient are held out
    together.

    (2), since validation is of the patients, machines and years of training. A model overconfident
    there is overconfident anywhere; an underconfident one need not be so on films from elsewhere,
    on which every network errs more (Ovadia et al. 2019).

    With fewer than ten patients of a class `auto` takes no calibration, and `reason` says so.
    """
    truth = val.truth
    patients = np.asarray(val.patient, dtype=str)
    fewest = min(len(set(patients[truth])), len(set(patients[~truth])))
    if rule != "auto" and fewest > 0:
        asked = fit(rule, truth, val.probability).model_dump()
        return CalibrationResult(**asked, cv_log_loss=None, reason=f"asked for: {rule}")
    if fewest < FEWEST_PATIENTS:
        reason = f"validation has {fewest} patients of a class, fewer than {FEWEST_PATIENTS}"
        return CalibrationResult(**UNCALIBRATED.model_dump(), cv_log_loss=None, reason=reason)
    fits = {kind: fit(kind, truth, val.probability) for kind in KINDS}
    losses = {kind: _held_out(kind, val, patients, seed) for kind in KINDS}
    entropy = {kind: _entropy(fits[kind], val) for kind in KINDS}
    gains = {}
    kept: Kind = "none"
    refused = []
    for kind in KINDS[1:]:
        gains[kind] = gain = _gain(kept, losses[kept] - losses[kind], val, seed)
        if gain.ci[0] <= 0:
            refused.append(f"{kind}: its gain over {kept} may be chance")
        elif entropy[kind] < entropy["none"]:
            refused.append(f"{kind}: makes the model more confident than validation can support")
        else:
            kept = kind
    why = "less log loss on validation, held out by patient"
    return CalibrationResult(
        **fits[kept].model_dump(),
        cv_log_loss={kind: float(loss.mean()) for kind, loss in losses.items()},
        entropy=entropy,
        gains=gains,
        reason="; ".join([why] * (kept != "none") + refused),
    )


def _held_out(kind: Kind, val: Predictions, patients: np.ndarray, seed: int) -> np.ndarray:
    """Log loss of each film by maps that were fitted without its patient, (N,)."""
    truth, total = val.truth, np.zeros(len(val))
    if kind == "none":  # has nothing to fit
        return _loss(truth, val.probability)
    for repeat in range(REPEATS):
        folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed + repeat)
        for fitted, held in folds.split(total, truth, patients):
            chosen = fit(kind, truth[fitted], val.probability[fitted])
            total[held] += _loss(truth[held], calibrate(chosen, val.probability[held]))
    return total / REPEATS


def _loss(truth: np.ndarray, probability: np.ndarray) -> np.ndarray:
    right = np.where(truth, probability, 1 - probability)
    return np.asarray(-np.log(np.maximum(right, np.finfo(float).eps)))


def _gain(over: Kind, by_film: np.ndarray, val: Predictions, seed: int) -> CalibrationGain:
    """by_film: (N,), the log loss of `over` less that of another kind."""
    draws = [
        weights @ by_film / weights.sum(axis=1)
        for weights in patient_weights(val.truth, val.patient, RESAMPLES, seed)
    ]
    interval = percentile_interval(np.concatenate(draws), least_patients(val.truth, val.patient))
    return CalibrationGain(over=over, log_loss=float(by_film.mean()), ci=interval)


def _entropy(chosen: CalibrationMap, val: Predictions) -> float:
    after = calibrate(chosen, val.probability)
    return float((entr(after) + entr(1 - after)).mean())
