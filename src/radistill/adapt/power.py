"""How likely films are to show that a model ranks better than before, and how many it takes.

Scores are taken to be normal with one variance in each class (binormal), those of the two models
correlated within a class. The variance of the difference of the two AUCs, as of a U statistic, is
then exact (the moments that DeLong et al. 1988 estimate; Obuchowski and McClish 1997).
"""

from functools import lru_cache

import numpy as np
from scipy.stats import multivariate_normal, norm

from radistill.adapt.sample_size import smallest

HALF = 115  # patients with whom outer folds show half of the gain; experiments/adapt_simulation.py


def power_of_gain(
    auc_before: float,
    auc_after: float,
    films: float,
    prevalence: float,
    correlation: float = 0.5,
) -> float:
    """The chance that the 95 % interval of the paired difference of AUC lies above zero.

    films: on which both models are scored, a share `prevalence` of them positive, one a patient.
    correlation: of the two models' scores within a class; assumed where it is not measured.
    """
    error = difference_error(auc_before, auc_after, films, prevalence, correlation)
    if error == 0:
        return float(auc_after > auc_before)
    return float(norm.sf(norm.ppf(0.975) - (auc_after - auc_before) / error))


def power_of_adapting(
    auc_before: float,
    auc_after: float,
    films: float,
    prevalence: float,
    correlation: float | None = None,
) -> float:
    """The chance that a head fitted to these films shows its gain on outer folds.

    auc_after: with films without end. With few the head reaches less, by a hyperbola. correlation:
    where it is not given, that of the model's scores and their best sum with what is new, which is
    how a head that starts from them relates to them: the ratio of the two separations.
    """
    reached = auc_before + (auc_after - auc_before) * films / (films + HALF)
    if correlation is None:
        correlation = float(norm.ppf(auc_before) / norm.ppf(reached))
    return power_of_gain(auc_before, reached, films, prevalence, correlation)


def films_for_gain(
    auc_before: float,
    auc_after: float,
    prevalence: float,
    correlation: float | None = None,
    power: float = 0.8,
) -> int:
    """The fewest films with which `power_of_adapting` is at least `power`."""
    model, site = (auc_before, auc_after), (prevalence, correlation)
    return smallest(lambda films: power_of_adapting(*model, films, *site) >= power)


def difference_error(
    auc_before: float, auc_after: float, films: float, prevalence: float, correlation: float
) -> float:
    """Standard error of the difference of the AUCs of two models on the same films."""
    m, n = films * prevalence, films * (1 - prevalence)
    gain = auc_after - auc_before
    # Both pairs of a positive and a negative film are ranked rightly, by one model and the other:
    # the same pair, or two pairs with one film in common.
    same = auc_before + auc_after - 2 * _both(auc_before, auc_after, correlation)
    shared = _both(auc_before, auc_before, 0.5) + _both(auc_after, auc_after, 0.5)
    shared -= 2 * _both(auc_before, auc_after, correlation / 2)
    variance = (same - gain**2 + (m + n - 2) * (shared - gain**2)) / (m * n)
    return float(np.sqrt(max(variance, 0.0)))


@lru_cache(maxsize=1024)
def _both(one: float, other: float, correlation: float) -> float:
    """The chance that two standard normal variables are below the quantiles of these shares."""
    covariance = [[1, correlation], [correlation, 1]]
    bounds = norm.ppf([one, other])
    return float(multivariate_normal.cdf(bounds, cov=covariance, allow_singular=True))
