"""Scores on other data beside those of the data a model was tuned on."""

import numpy as np
from scipy.stats import ks_2samp, wasserstein_distance

from radistill.metrics.predictions import Predictions
from radistill.metrics.thresholds import at_threshold, choose_threshold
from radistill.schema.comparison import AtThreshold, Shift


def score_shift(reference: np.ndarray, new: np.ndarray, films: int | None = None) -> Shift:
    """How the probabilities `new` (N,) differ from `reference` (M,).

    films: how many films `reference` describes, where it holds their quantiles.
    ks, ks_p: the two-sample Kolmogorov-Smirnov statistic, the largest gap between the two
    distribution functions, and its p-value, which takes films as independent and is None of
    quantiles; wasserstein: the mean distance that probability has to move (both are 0 for equal
    distributions); the quartiles of each.
    """
    test = ks_2samp(reference, new)
    return Shift(
        ks=float(test.statistic),
        ks_p=float(test.pvalue) if films is None else None,
        wasserstein=float(wasserstein_distance(reference, new)),
        reference_quartiles=np.quantile(reference, [0.25, 0.5, 0.75]).tolist(),
        quartiles=np.quantile(new, [0.25, 0.5, 0.75]).tolist(),
        reference_n=len(reference) if films is None else films,
    )


def shipped_and_best(p: Predictions, shipped: float) -> tuple[AtThreshold, AtThreshold | None]:
    """Decisions at the threshold as shipped and at the one that would have been best here.

    The best (Youden) is chosen on these very films, so it is too good; it shows how much of a loss
    a threshold could make up for, and is never one to use. None with one class only.
    """
    truth = p.truth
    if truth.all() or not truth.any():
        return AtThreshold(threshold=shipped, **at_threshold(p, shipped).model_dump()), None
    best = choose_threshold(truth, p.probability, "youden")
    return _with_accuracy(p, shipped), _with_accuracy(p, best)


def _with_accuracy(p: Predictions, threshold: float) -> AtThreshold:
    accuracy = float(((p.probability >= threshold) == p.truth).mean())
    decided = at_threshold(p, threshold).model_dump()
    return AtThreshold(threshold=threshold, **decided, accuracy=accuracy)
