"""How far probabilities are from what happened: calibration error, slope and intercept."""

import numpy as np
from scipy.special import logit

ECE_BINS = 15
EDGE = 1e-9  # a probability of 0 or 1 has no logit
STEPS = 25
LARGEST = 4.0  # step of the intercept


def log_odds(probability: np.ndarray) -> np.ndarray:
    """Logit of (N,) probabilities, those beyond 1e-9 of 0 and 1 moved there."""
    return np.asarray(logit(np.clip(probability, EDGE, 1 - EDGE)))


def expected_calibration_error(
    truth: np.ndarray, probability: np.ndarray, bins: int = ECE_BINS, *, equal_mass: bool = False
) -> float:
    """Mean gap between predicted and observed frequency of the positive class, in [0, 1].

    Over `bins` bins of the probability of the positive class, each weighted by its films (Naeini
    et al. 2015; the binary form, not top-label confidence): of equal width, or holding about as
    many films each. With few films a bin it is too large even for a perfect model.
    """
    index = bin_index(probability, bins, equal_mass=equal_mass)
    gap = np.bincount(index, weights=probability - truth, minlength=bins)
    return float(np.abs(gap).sum() / len(truth))


def bin_index(probability: np.ndarray, bins: int, *, equal_mass: bool = False) -> np.ndarray:
    """The bin of each film, (N,) int in [0, bins); equal scores share a bin."""
    if equal_mass:
        edges = np.percentile(probability, 100 * np.linspace(0, 1, bins + 1))[1:-1]
        return np.asarray(np.searchsorted(edges, probability))
    return np.asarray(np.minimum((probability * bins).astype(int), bins - 1))


def slope(truth: np.ndarray, probability: np.ndarray) -> float | None:
    """Calibration slope (Cox 1958): 1 is right, below 1 the probabilities are too extreme.

    Of the logistic regression of the truth on the log-odds. None where that has no finite answer:
    one class only, one probability only, or classes that the model separates entirely.
    """
    return _finite(weighted_slope(truth, probability, np.ones((1, len(truth)))))


def intercept(truth: np.ndarray, probability: np.ndarray) -> float | None:
    """Calibration in the large: 0 is right, below 0 the disease is predicted too often.

    The constant that the log-odds lack, the slope held at 1. None with one class only.
    """
    return _finite(weighted_intercept(truth, probability, np.ones((1, len(truth)))))


def _finite(values: np.ndarray) -> float | None:
    """The only one of `values`, None where it is NaN."""
    return float(values[0]) if np.isfinite(values[0]) else None


def weighted_slope(truth: np.ndarray, probability: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """`slope` under each row of film weights (R, N), (R,); NaN where there is none.

    Newton's method on all resamples at once, where a loop over fits would take minutes.
    """
    return _newton(truth, log_odds(probability), weights, slope=True)


def weighted_intercept(
    truth: np.ndarray, probability: np.ndarray, weights: np.ndarray
) -> np.ndarray:
    """`intercept` under each row of film weights (R, N), (R,); NaN where there is none."""
    return _newton(truth, log_odds(probability), weights, slope=False)


def _newton(truth: np.ndarray, odds: np.ndarray, weights: np.ndarray, *, slope: bool) -> np.ndarray:
    rows = len(weights)
    a, b = np.zeros((rows, 1)), np.full((rows, 1), 0.0 if slope else 1.0)
    step = np.ones(rows)
    with np.errstate(all="ignore"):
        for _ in range(STEPS):
            chance = 1 / (1 + np.exp(-(a + b * odds)))
            left = weights * (truth - chance)
            curve = weights * chance * (1 - chance)
            g0, h00 = left.sum(axis=1), curve.sum(axis=1)
            if slope:
                g1, h01, h11 = left @ odds, curve @ odds, curve @ odds**2
                determinant = h00 * h11 - h01**2
                da = (h11 * g0 - h01 * g1) / determinant
                db = (h00 * g1 - h01 * g0) / determinant
                b += db[:, None]
            else:
                # Films far from 0.5 say little of where the root is, but for its direction.
                da = db = np.clip(g0 / h00, -LARGEST, LARGEST)
            a += da[:, None]
            step = np.maximum(np.abs(da), np.abs(db))
            if not (step > 1e-8).any():  # rows that diverged stay NaN
                break
    return np.where(step < 1e-6, (b if slope else a)[:, 0], np.nan)
