"""Sample sizes against published examples and against what such samples give."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import cumulative_trapezoid
from scipy.special import expit
from scipy.stats import norm
from statsmodels.api import Logit
from statsmodels.stats.proportion import proportion_confint

from radistill.adapt.sample_size import (
    MOST,
    auc_standard_error,
    expected_risks,
    films_for_auc,
    films_for_oe,
    films_for_share,
    films_for_slope,
    smallest,
)


def normal(mean: float, deviation: float) -> tuple[np.ndarray, np.ndarray]:
    """Risks whose log-odds are normal, and their weights, on a fine grid."""
    x = np.linspace(mean - 9 * deviation, mean + 9 * deviation, 40_001)
    weights = norm.pdf(x, mean, deviation)
    return expit(x), weights / weights.sum()


def test_hanley_and_mcneils_worked_example() -> None:
    """Radiology 143: 51 abnormal and 58 normal CT images, AUC 0.893: SE 0.032, as rounded there."""
    assert auc_standard_error(0.893, 51, 58) == pytest.approx(0.032, abs=0.001)


@pytest.mark.parametrize(("chance", "films"), [(0.8, 652), (0.9, 897), (0.95, 1131)])
def test_hanley_and_mcneils_table_of_sample_sizes(chance: float, films: int) -> None:
    """Table III: normals, and as many abnormals, to tell 0.70 from 0.75 (one-sided 5 %)."""
    many = 1e6
    variances = [auc_standard_error(auc, many, many) ** 2 * many for auc in (0.70, 0.75)]
    alpha, beta = norm.ppf(0.95), norm.ppf(chance)
    root = alpha * np.sqrt(2 * variances[0]) + beta * np.sqrt(sum(variances))
    assert (root / 0.05) ** 2 == pytest.approx(films, rel=0.005)


def test_an_auc_takes_the_films_whose_interval_is_as_wide_as_wished() -> None:
    films = films_for_auc(0.8, 0.3, 0.1)
    width = [2 * 1.959964 * auc_standard_error(0.8, 0.3 * n, 0.7 * n) for n in (films, films - 1)]
    assert width[0] <= 0.1 < width[1]


@pytest.mark.parametrize(("auc", "prevalence"), [(0.999, 0.001), (0.8, 0.001), (0.9, 0.999)])
def test_an_auc_takes_films_of_both_classes(auc: float, prevalence: float) -> None:
    """However wide its interval may be."""
    films = films_for_auc(auc, prevalence, 0.9)
    assert films * min(prevalence, 1 - prevalence) >= 2


@pytest.mark.parametrize("auc", [0.51, 0.95, 0.999])
@pytest.mark.parametrize("prevalence", [0.001, 0.5, 0.999])
def test_a_slope_has_a_number_of_films_whatever_is_expected(auc: float, prevalence: float) -> None:
    risks, weights = expected_risks(auc, prevalence)
    assert 0 < risks.min() < risks.max() < 1
    assert 4 <= films_for_slope(risks, weights, 0.6) <= MOST


@pytest.mark.parametrize(("share", "width"), [(0.9, 0.1), (0.5, 0.2), (1.0, 0.05), (0.0, 0.05)])
def test_a_share_takes_the_films_whose_interval_is_as_wide_as_wished(
    share: float, width: float
) -> None:
    films = films_for_share(share, width)
    low, high = proportion_confint(share * films, films, method="wilson")
    fewer = proportion_confint(share * (films - 1), films - 1, method="wilson")
    assert high - low <= width < fewer[1] - fewer[0]


def test_wilson_by_its_published_example() -> None:
    """Newcombe 1998: 81 of 263, 0.2553 to 0.3662."""
    assert films_for_share(81 / 263, 0.3662 - 0.2553) == pytest.approx(263, abs=1)


@pytest.mark.parametrize(
    ("prevalence", "error", "films"), [(0.5, 0.051, 385), (0.1, 0.051, 3461), (0.1, 0.175, 294)]
)
def test_rileys_examples_of_observed_over_expected(
    prevalence: float, error: float, films: int
) -> None:
    """Riley et al. 2021, 3.1.1; they give the standard error of ln O/E."""
    width = float(np.exp(1.959964 * error) - np.exp(-1.959964 * error))
    assert films_for_oe(prevalence, width) == pytest.approx(films, abs=1)


def test_a_published_example_of_the_calibration_slope() -> None:
    """Deep vein thrombosis: log-odds normal (-1.75, 1.47), an interval 0.2 wide.

    Snell et al. 2021 found 2,430 patients (531 events) by simulation.
    """
    risks, weights = normal(-1.75, 1.47)
    films = films_for_slope(risks, weights, 0.2)
    assert films == pytest.approx(2430, rel=0.02)
    assert films * (risks * weights).sum() == pytest.approx(531, rel=0.02)


@pytest.mark.parametrize(("mean", "films"), [(0.02, 1518), (-0.33, 1542)])
def test_the_calibration_slope_as_rileys_coauthors_code_has_it(mean: float, films: int) -> None:
    """Two published uses of Collins' R code of Riley et al. 2021, SE 0.072; it draws log-odds."""
    width = 2 * 1.959964 * 0.072
    assert films_for_slope(*normal(mean, 0.9), width) == pytest.approx(films, abs=3)


def pearson(
    mean: float, variance: float, skewness: float, kurtosis: float
) -> tuple[np.ndarray, np.ndarray]:
    """Risks whose log-odds are of Pearson's system with these moments, and their weights."""
    x = np.linspace(-12, 12, 100_001)  # deviations from the mean
    divisor = 10 * kurtosis - 12 * skewness**2 - 18
    slope = skewness * (kurtosis + 3) / divisor
    bend = (2 * kurtosis - 3 * skewness**2 - 6) / divisor
    level = (4 * kurtosis - 3 * skewness**2) / divisor
    gradient = -(x + slope) / (level + slope * x + bend * x**2)
    density = np.exp(cumulative_trapezoid(gradient, x, initial=0.0))
    weights = density / density.sum()
    moments = [(weights * x**power).sum() for power in (1, 2, 3, 4)]
    assert moments == pytest.approx([0, 1, skewness, kurtosis], abs=0.01)
    return expit(mean + np.sqrt(variance) * x), weights


def test_rileys_example_of_a_slope_with_skewed_log_odds() -> None:
    """Riley et al. 2021, 4: 9,835 patients (177 events) at SE 0.051, for log-odds of these moments.

    Pearson's system, which their published code draws from, takes 7 % more (10,545).
    """
    risks, weights = pearson(-5.8, 5, -0.5, 4)
    assert (risks * weights).sum() == pytest.approx(177 / 9835, abs=0.001)
    assert films_for_slope(risks, weights, 2 * 1.959964 * 0.051) == pytest.approx(9835, rel=0.08)


def test_expected_risks_have_the_auc_and_the_prevalence_and_are_calibrated() -> None:
    risks, weights = expected_risks(0.83, 0.2)
    assert weights.sum() == pytest.approx(1)
    assert (weights * risks).sum() == pytest.approx(0.2, abs=1e-6)
    d = np.sqrt(2) * norm.ppf(0.83)
    rng = np.random.default_rng(0)
    truth = rng.random(200_000) < 0.2
    scores = rng.normal(size=len(truth)) + d * truth
    simulated = expit(np.log(0.2 / 0.8) + d * scores - d**2 / 2)
    assert simulated[truth].mean() == pytest.approx(
        (weights * risks**2).sum() / 0.2, abs=0.005
    )  # calibrated: the mean risk of the positives is E[p^2] / E[p]


def test_the_slopes_interval_is_as_wide_as_wished_in_simulated_studies() -> None:
    films = films_for_slope(*expected_risks(0.8, 0.3), 0.6)
    rng, widths = np.random.default_rng(0), []
    d = np.sqrt(2) * norm.ppf(0.8)
    for _ in range(200):
        truth = rng.random(films) < 0.3
        x = np.log(0.3 / 0.7) + d * (rng.normal(size=films) + d * truth) - d**2 / 2
        fitted = Logit(truth, np.column_stack([np.ones(films), x])).fit(disp=False)
        low, high = fitted.conf_int()[1]
        widths.append(high - low)
    assert np.mean(widths) == pytest.approx(0.6, rel=0.05)


def test_what_cannot_be_had_ends() -> None:
    assert smallest(lambda films: False) == MOST
    assert smallest(lambda films: films >= 1234) == 1234
    assert smallest(lambda films: True) == 4
