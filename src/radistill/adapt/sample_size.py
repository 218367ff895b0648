"""How many films a 95 % interval of a wished width takes, one figure a function.

Films are taken as independent, which those of one patient are not: count patients. All return the
smallest whole number that is enough.
"""

from collections.abc import Callable

import numpy as np
from scipy.special import expit, logit
from scipy.stats import norm
from statsmodels.stats.proportion import proportion_confint

MOST = 10**9  # films; what takes more cannot be had
MOST_ODDS = 30.0  # log-odds; beyond some 37 a probability is 1 in floating point
_Z = float(norm.ppf(0.975))


def films_for_auc(auc: float, prevalence: float, width: float) -> int:
    """Films of both classes, a share `prevalence` of them positive; two of each at least."""

    def spread(films: int) -> float:
        positives = films * prevalence
        return 2 * _Z * auc_standard_error(auc, positives, films - positives)

    rarer = min(prevalence, 1 - prevalence)
    return smallest(lambda films: films * rarer >= 2 and spread(films) <= width)


def auc_standard_error(auc: float, positives: float, negatives: float) -> float:
    """By Hanley and McNeil (1982), for scores that are exponential in each class."""
    two_positives, two_negatives = auc / (2 - auc), 2 * auc**2 / (1 + auc)
    variance = auc * (1 - auc)
    variance += (positives - 1) * (two_positives - auc**2)
    variance += (negatives - 1) * (two_negatives - auc**2)
    return float(np.sqrt(max(variance, 0.0) / (positives * negatives)))


def films_for_share(share: float, width: float) -> int:
    """Films of one class, for its sensitivity or specificity by Wilson's interval (1927)."""

    def spread(films: int) -> float:
        low, high = proportion_confint(share * films, films, method="wilson")
        return float(high - low)

    return smallest(lambda films: spread(films) <= width)


def films_for_oe(prevalence: float, width: float) -> int:
    """Films of both classes, for observed over expected where it is 1 (Riley et al. 2021, 3.1).

    SE(ln O/E) = sqrt((1 - prevalence) / (films * prevalence)).
    """
    error = np.arcsinh(width / 2) / _Z  # exp(z e) - exp(-z e) is the width
    return _whole((1 - prevalence) / (prevalence * error**2))


def films_for_slope(risks: np.ndarray, weights: np.ndarray, width: float) -> int:
    """Films of both classes, for a calibration slope that is 1 (Riley et al. 2021, 3.2).

    risks: (K,) in (0, 1), the calibrated probabilities to be expected; weights: (K,), the share of
    the films that has each. The slope's variance is that of a logistic regression on the log-odds.
    """
    x, information = logit(risks), weights * risks * (1 - risks)
    whole, first, second = (float((information * x**power).sum()) for power in range(3))
    error = width / 2 / _Z
    return _whole(whole / (error**2 * (whole * second - first**2)))


def expected_risks(auc: float, prevalence: float) -> tuple[np.ndarray, np.ndarray]:
    """Calibrated probabilities that have this AUC, and their weights, (K,) each.

    Scores are taken to be normal in each class with one variance (binormal). With d = sqrt(2) times
    the normal quantile of the AUC, the log-odds are then normal with variance d^2 about
    logit(prevalence) -d^2/2 for negatives and +d^2/2 for positives.
    """
    d = np.sqrt(2) * norm.ppf(auc)
    nodes, weights = np.polynomial.hermite_e.hermegauss(64)
    weights = weights / weights.sum()
    middle = logit(prevalence)
    x = np.stack([middle - d**2 / 2 + d * nodes, middle + d**2 / 2 + d * nodes])
    risks = expit(np.clip(x, -MOST_ODDS, MOST_ODDS))
    shares = np.stack([(1 - prevalence) * weights, prevalence * weights])
    return risks.ravel(), shares.ravel()


def smallest(enough: Callable[[int], bool]) -> int:
    """The smallest number, from 4 to `MOST`, that is `enough`; more must be enough, too."""
    low, high = 3, 4
    while not enough(high):
        if high >= MOST:
            return MOST
        low, high = high, min(2 * high, MOST)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _whole(films: float) -> int:
    return min(int(np.ceil(films - 1e-9)), MOST)
