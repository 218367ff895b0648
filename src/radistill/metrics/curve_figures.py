"""A learning curve in the number of labels: figures, gains and power laws from predictions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from radistill.metrics.over_seeds import (
    auc_draws,
    aucs,
    interval_over_seeds,
    mean_over_seeds,
    seed_draws,
)
from radistill.metrics.power_law import PowerLaw, fit_power_law
from radistill.metrics.predictions import Predictions
from radistill.schema.label_curve import (
    ARMS,
    Arm,
    CurveGain,
    CurveLaw,
    CurvePoint,
    PatientsNeeded,
    SeedFigures,
)
from radistill.schema.record import Interval

MOST_PATIENTS = 1e7  # beyond it a law says nothing
_TARGETS = 7  # AUCs that patients are given for, at most
_STEPS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2)


@dataclass(frozen=True, eq=False)
class ScoredFraction:
    """The models of one share of labelled patients, scored on test.

    patients, films, choosing, unlabelled: as in `CurvePoint`. arms: predictions by arm, one a seed
    in the order of `seeds`. teacher: of what taught, one a seed, or none.
    """

    fraction: float
    seeds: tuple[int, ...]
    patients: float
    films: float
    choosing: float
    unlabelled: float
    arms: Mapping[Arm, Sequence[Predictions]]
    teacher: Sequence[Predictions] = ()


def curve_figures(
    fractions: Sequence[ScoredFraction], resamples: int, seed: int, targets: Sequence[float] = ()
) -> tuple[tuple[CurvePoint, ...], dict[Arm, CurveLaw]]:
    """Points in the order of `fractions`, and the law of each arm where there are two points.

    All models must have been scored on the same films. targets: AUCs that the patients needed are
    given for, round ones about those that were reached if empty. The intervals are those of
    `metrics.over_seeds`; one resample draws the same patients for all models, and at each fraction
    the same seeds for all arms.
    """
    rng = np.random.default_rng(seed)
    points, draws = [], []
    for one in fractions:
        drawn = seed_draws(len(one.seeds), resamples, rng)
        of_arms = {
            arm: mean_over_seeds(auc_draws(one.arms[arm], resamples, seed), drawn)
            for arm in ARMS
            if arm in one.arms
        }
        draws.append(of_arms)
        points.append(_point(one, of_arms, drawn, resamples, seed))
    if len({point.patients for point in points}) < 2:
        return tuple(points), {}
    reached = [figures.auc for point in points for figures in point.arms.values()]
    targets = targets or round_targets(min(reached), max(reached))
    laws = {
        arm: _law(points, arm, [of_arms[arm] for of_arms in draws], targets)
        for arm in points[0].arms
    }
    return tuple(points), laws


def _point(
    one: ScoredFraction,
    draws: Mapping[Arm, np.ndarray],
    drawn: np.ndarray,
    resamples: int,
    seed: int,
) -> CurvePoint:
    arms = {arm: _figures(one.arms[arm], values) for arm, values in draws.items()}
    gains = [
        CurveGain(
            of=of,
            over=over,
            difference=arms[of].auc - arms[over].auc,
            ci=interval_over_seeds(
                draws[of] - draws[over],
                np.subtract(arms[of].by_seed, arms[over].by_seed),
                one.arms[of],
            ),
        )
        for over, of in combinations(arms, 2)
        if over == "alone" or one.unlabelled  # else both distilled arms are one model
    ]
    teacher = None
    if one.teacher:
        of_teacher = mean_over_seeds(auc_draws(one.teacher, resamples, seed), drawn)
        teacher = _figures(one.teacher, of_teacher)
    return CurvePoint(
        fraction=one.fraction,
        seeds=one.seeds,
        patients=one.patients,
        films=one.films,
        choosing=one.choosing,
        unlabelled=one.unlabelled,
        arms=arms,
        gains=tuple(gains),
        teacher=teacher,
    )


def _figures(models: Sequence[Predictions], values: np.ndarray) -> SeedFigures:
    by_seed = aucs(models)
    ci = interval_over_seeds(values, by_seed, models, auc=True)
    return SeedFigures(auc=float(by_seed.mean()), ci=ci, by_seed=tuple(by_seed.tolist()))


def _law(
    points: Sequence[CurvePoint], arm: Arm, draws: Sequence[np.ndarray], targets: Sequence[float]
) -> CurveLaw:
    n = np.array([point.patients for point in points])
    resampled = 1 - np.stack(draws, axis=1)  # (R, K)
    mean = 1 - np.array([point.arms[arm].auc for point in points])
    fits = fit_power_law(n, np.vstack([mean, resampled]), resampled.std(axis=0))
    flat = bool(np.ptp(resampled, axis=0).max() == 0)  # nothing varies, so nothing is known of it
    return CurveLaw(
        a=float(fits.a[0]),
        b=float(fits.b[0]),
        c=float(fits.c[0]),
        b_ci=None if flat else _percentiles(fits.b[1:]),
        c_ci=None if flat else _percentiles(fits.c[1:]),
        needed=tuple(_needed(fits, auc, n, flat=flat) for auc in targets),
    )


def _needed(fits: PowerLaw, auc: float, n: np.ndarray, *, flat: bool) -> PatientsNeeded:
    patients, *resampled = fits.needed(1 - auc).tolist()
    low, high = _percentiles(np.array(resampled))
    return PatientsNeeded(
        auc=auc,
        patients=_known(patients),
        ci=None if flat else (_known(low), _known(high)),
        measured=bool(n.min() <= patients <= n.max()),
    )


def _percentiles(values: np.ndarray) -> Interval:
    """The middle 95 %, of values of which some may be infinite."""
    low, high = np.quantile(values, [0.025, 0.975], method="inverted_cdf")
    return float(low), float(high)


def _known(patients: float) -> float | None:
    return patients if patients <= MOST_PATIENTS else None


def round_targets(low: float, high: float) -> list[float]:
    """Round AUCs from `low` to half of what `high` leaves to 1, at most seven."""
    top = (high + 1) / 2
    for step in _STEPS:
        rounds = np.arange(np.ceil(low / step), np.floor(top / step) + 1)
        if len(rounds) <= _TARGETS:
            return [round(float(k) * step, 3) for k in rounds if k * step < 1]
    return []
