"""A learning curve from invented predictions: errors fall by a power law."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.stats import norm

from radistill.metrics.curve_figures import ScoredFraction, curve_figures
from radistill.metrics.predictions import Predictions
from radistill.schema.comparison import DatasetFacts
from radistill.schema.label_curve import ARMS, Arm, LabelCurve

FILMS, PATIENTS = 400, 200  # of test
WORTH = {"alone": 1.0, "labelled": 1.5, "all": 3.0}  # how many labels one label counts for


def predictions(auc: float, seed: int) -> Predictions:
    """Films of which the patients are always the same, scores in each class about normal.

    Their means and deviations are exact, so that the AUC is close to `auc`.
    """
    patients = np.random.default_rng(0)
    truth = np.arange(FILMS) < FILMS // 2
    shared = np.repeat(patients.normal(0, 0.8, PATIENTS), FILMS // PATIENTS)
    own = np.random.default_rng(seed + 1).normal(0, 0.6, FILMS)
    noise = (shared + own).reshape(2, -1)
    noise = (noise - noise.mean(axis=1, keepdims=True)) / noise.std(axis=1, keepdims=True)
    odds = noise.ravel() + np.where(truth, 1, -1) * norm.ppf(auc) / np.sqrt(2)
    return Predictions(
        path=tuple(f"test/{row}.png" for row in range(FILMS)),
        patient=tuple(f"p{row // 2}" for row in range(FILMS)),
        label=tuple("PNEUMONIA" if sick else "NORMAL" for sick in truth),
        probability=1 / (1 + np.exp(-odds)),
        positive="PNEUMONIA",
    )


def scored_fractions(
    fractions: Sequence[float] = (0.02, 0.05, 0.25, 1.0),
    seeds: Sequence[int] = (5, 5, 2, 2),
    arms: Sequence[Arm] = ARMS,
) -> list[ScoredFraction]:
    """1 - AUC = 0.6 * n^-0.5 for n = 2,000 * fraction patients, n larger by `WORTH`."""
    scored = []
    for place, (fraction, count) in enumerate(zip(fractions, seeds, strict=True)):
        n = 2000 * fraction
        by_arm = {
            arm: [
                predictions(1 - 0.6 * (WORTH[arm] * n) ** -0.5, seed=100 * place + 10 * row + one)
                for one in range(count)
            ]
            for row, arm in enumerate(arms)
        }
        teacher = [predictions(1 - 0.6 * (2 * n) ** -0.5, seed=900 + one) for one in range(count)]
        scored.append(
            ScoredFraction(
                fraction=fraction,
                seeds=tuple(range(count)),
                patients=n,
                films=1.7 * n,
                choosing=0.25 * n,
                unlabelled=1.7 * (2000 - n),
                arms=by_arm,
                teacher=teacher,
            )
        )
    return scored


def label_curve(scored: Sequence[ScoredFraction], **changes: object) -> LabelCurve:
    """The whole record, of 300 resamples."""
    points, laws = curve_figures(scored, 300, seed=0)
    facts = DatasetFacts(
        name="films",
        classes=("NORMAL", "PNEUMONIA"),
        positive="PNEUMONIA",
        counts={},
        protocol="official",
        leaking=False,
        synthetic=False,
    )
    values = {
        "dataset": facts,
        "preset": "student",
        "architecture": "efficientnet_lite0_first5",
        "test_films": FILMS,
        "test_patients": PATIENTS,
        "bootstrap": 300,
        "points": points,
        "laws": laws,
    }
    if not laws:
        values["no_law"] = "all points have the same number of labels"
    return LabelCurve.model_validate(values | changes)
