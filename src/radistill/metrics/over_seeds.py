"""AUCs of several seeds of one recipe, with intervals over seeds and patients together."""

from collections.abc import Sequence

import numpy as np
from scipy.stats import norm, t

from radistill.metrics.intervals import (
    flat_auc_interval,
    least_patients,
    patient_weights,
    too_few,
    weighted_auc,
)
from radistill.metrics.predictions import Predictions
from radistill.schema.record import Interval


def aucs(models: Sequence[Predictions]) -> np.ndarray:
    """(K,): the AUC of each model. Raises ValueError if they are not of the same films."""
    truth = _same_films(models)
    every = np.ones((1, len(truth)))
    return np.array([weighted_auc(truth, p.probability, every)[0] for p in models])


def auc_draws(models: Sequence[Predictions], resamples: int, seed: int) -> np.ndarray:
    """(K, R): the AUC of each model under each draw of patients, the same draws for all."""
    truth = _same_films(models)
    blocks = [
        [weighted_auc(truth, p.probability, weights) for p in models]
        for weights in patient_weights(truth, models[0].patient, resamples, seed)
    ]
    return np.concatenate(blocks, axis=1)


def seed_draws(seeds: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """(R, max(1, seeds - 1)): the numbers of the seeds in each resample.

    One seed fewer than there are is drawn, with replacement: the mean of as many as there are
    would vary by (seeds - 1) / seeds of what the mean of new seeds does, half of it for two (Rao
    and Wu 1988, J Am Stat Assoc 83:231).
    """
    return rng.integers(seeds, size=(resamples, max(1, seeds - 1)))


def mean_over_seeds(draws: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """(R,): in each resample the mean AUC of the seeds that are drawn in it.

    draws: (S, R), of the S seeds of one recipe, of `auc_draws`. drawn: of `seed_draws`. Seeds and
    patients are crossed, every seed scores every patient, so both are drawn, independently of each
    other: the pigeonhole bootstrap (Owen 2007, Ann Appl Stat 1:386), whose intervals are slightly
    too wide rather than too narrow. Recipes that are compared get the same seeds and patients.
    """
    return np.asarray(np.take_along_axis(draws.T, drawn, axis=1).mean(axis=1))


def interval_over_seeds(
    values: np.ndarray, by_seed: np.ndarray, models: Sequence[Predictions], *, auc: bool = False
) -> Interval | None:
    """95 % interval of a figure with these `values` under resamples of the films of `models`.

    by_seed: (S,), the figure of each seed on all films. As `percentile_interval`, but Student's t
    has the degrees of freedom of a variance that is in part that of S seeds (Satterthwaite 1946,
    Biometrics Bull 2:110), as in studies of several readers and cases (Hillis 2007, Stat Med
    26:596). None with fewer than ten patients, or for a figure that never varies, but for an `auc`
    of 1 or 0, which has Newcombe's.
    """
    truth, patients = models[0].truth, models[0].patient
    if too_few(patients):
        return None
    if np.ptp(values) == 0:
        return flat_auc_interval(float(by_seed[0]), truth, patients) if auc else None
    n = least_patients(truth, patients)
    freedom = float(n - 1)
    if (seeds := len(by_seed)) > 1:
        whole = values.var()
        of_seeds = min(whole, by_seed.var(ddof=1) / seeds)
        freedom = whole**2 / (of_seeds**2 / (seeds - 1) + (whole - of_seeds) ** 2 / (n - 1))
    outer = float(norm.cdf(-np.sqrt(n / (n - 1)) * t.ppf(0.975, freedom)))
    low, high = np.quantile(values, [outer, 1 - outer], method="weibull")
    return float(low), float(high)


def _same_films(models: Sequence[Predictions]) -> np.ndarray:
    first = models[0]
    if any((p.path, p.label) != (first.path, first.label) for p in models):
        raise ValueError("the models were scored on different films")
    return first.truth
