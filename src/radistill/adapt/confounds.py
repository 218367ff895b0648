"""What tells the label without looking at the lungs: view, sex, age, source, file, exposure."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy.stats import chi2_contingency

from radistill.adapt.changes import LocalScores
from radistill.adapt.choose import RESAMPLES
from radistill.metrics.intervals import (
    auc_interval,
    least_patients,
    mostly_defined,
    patient_weights,
    percentile_interval,
    weighted_auc,
)
from radistill.metrics.paired import holm
from radistill.schema.adaptation import Confound

STRATA = 5  # of a number
MOST_VALUES = 12  # of text; a column with more is no stratum but a name
WORDS = 0.1  # share of a column's values that may be no numbers, as an age that is not known
Columns = Mapping[str, Sequence[str]]


def find_confounds(
    local: LocalScores,
    columns: Columns,
    after: np.ndarray | None = None,
    *,
    seed: int = 0,
) -> tuple[Confound, ...]:
    """How well each column alone tells the label, the best first, and the gain within its strata.

    columns: by name, a text for each film, empty where not given; numbers are cut into fifths where
    they make strata. after: log-odds
    (N,) of the change, on outer folds; without it there is no gain to look at.
    """
    found = []
    for name, values in columns.items():
        strata = _strata(values)
        if strata is None:
            continue
        found.append(_confound(name, local, values, strata, after, seed))
    corrected = holm([one.p for one in found])
    found = [one.model_copy(update={"p": p}) for one, p in zip(found, corrected, strict=True)]
    return tuple(sorted(found, key=lambda one: -(one.auc or 0.0)))


def stratified_auc(
    truth: np.ndarray, odds: np.ndarray, strata: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """The AUC over pairs of films of one stratum, under each row of film weights (R, N), (R,).

    The mean of the strata's AUCs, weighed by their pairs; NaN where no stratum has both classes.
    """
    wins, pairs = np.zeros(len(weights)), np.zeros(len(weights))
    for value in np.unique(strata):
        inside = strata == value
        own, label = weights[:, inside], truth[inside]
        if label.all() or not label.any():
            continue
        both = own[:, label].sum(axis=1) * own[:, ~label].sum(axis=1)
        auc = weighted_auc(label, odds[inside], own)
        wins += np.where(both > 0, np.nan_to_num(auc) * both, 0.0)
        pairs += both
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(pairs > 0, wins / pairs, np.nan))


def _confound(
    name: str,
    local: LocalScores,
    values: Sequence[str],
    strata: np.ndarray,
    after: np.ndarray | None,
    seed: int,
) -> Confound:
    truth, patients = local.truth, local.patients.tolist()
    kinds = np.unique(strata)
    both = [len(set(truth[strata == kind])) == 2 for kind in kinds]
    auc = auc_ci = p = None
    if len(kinds) > 1:
        score = _score(truth, values, strata)
        table = [[int((truth[strata == kind] == t).sum()) for kind in kinds] for t in (0, 1)]
        p = float(chi2_contingency(table, correction=False).pvalue)
        auc = float(weighted_auc(truth, score, np.ones((1, len(score))))[0])
        auc_ci = auc_interval(truth, score, patients, RESAMPLES, seed)
    before = changed = ci = None
    if after is not None and any(both) and len(kinds) > 1:
        whole = np.ones((1, len(truth)))
        before, changed = (
            float(stratified_auc(truth, odds, strata, whole)[0]) for odds in (local.odds, after)
        )
        draws = np.concatenate(
            [
                stratified_auc(truth, after, strata, weights)
                - stratified_auc(truth, local.odds, strata, weights)
                for weights in patient_weights(truth, patients, RESAMPLES, seed)
            ]
        )
        if mostly_defined(draws):
            ci = percentile_interval(draws, least_patients(truth, patients))
    return Confound(
        name=name,
        auc=auc,
        auc_ci=auc_ci,
        p=p,
        strata=len(kinds),
        strata_with_both=sum(both),
        stratified_before=before,
        stratified_after=changed,
        stratified_gain_ci=ci,
    )


def _score(truth: np.ndarray, values: Sequence[str], strata: np.ndarray) -> np.ndarray:
    """(N,) that rises with the chance of disease: a number, turned so, or its stratum's share."""
    numbers = _numbers(values)
    if numbers is not None and np.isfinite(numbers).all():
        auc = weighted_auc(truth, numbers, np.ones((1, len(numbers))))[0]
        return numbers if auc >= 0.5 else -numbers
    shares = np.array([truth[strata == kind].mean() for kind in np.unique(strata)])
    score: np.ndarray = shares[np.unique(strata, return_inverse=True)[1]]
    return score


def _strata(values: Sequence[str]) -> np.ndarray | None:
    """(N,) int; None for a column that is empty or a name for each film."""
    numbers = _numbers(values)
    if not any(value.strip() for value in values):
        return None
    if numbers is not None and len(set(numbers[np.isfinite(numbers)])) > STRATA:
        known = numbers[np.isfinite(numbers)]
        edges = np.quantile(known, np.linspace(0, 1, STRATA + 1)[1:-1])
        return np.where(np.isfinite(numbers), np.searchsorted(edges, numbers), STRATA)
    kinds, index = np.unique(np.array([value.strip() for value in values]), return_inverse=True)
    return None if len(kinds) > MOST_VALUES else index


def _numbers(values: Sequence[str]) -> np.ndarray | None:
    """(N,) with NaN where no number is given; None where too many of the values are words."""
    numbers = np.full(len(values), np.nan)
    given = words = 0
    for row, value in enumerate(values):
        given += bool(value.strip())
        try:
            numbers[row] = float(value)
        except ValueError:
            words += bool(value.strip())
    return None if words > WORDS * given else numbers
