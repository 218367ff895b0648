"""The power law of a learning curve, against laws that are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import curve_fit

from radistill.metrics.power_law import fit_power_law

N = np.array([40.0, 100.0, 500.0, 2000.0])
EVEN = np.ones(4)


@pytest.mark.parametrize(("a", "b", "c"), [(0.5, 0.6, 0.01), (0.9, 0.35, 0.0), (2.0, 1.4, 0.02)])
def test_a_law_is_recovered_from_its_own_errors(a, b, c):
    law = fit_power_law(N, (a * N**-b + c)[None], EVEN)
    assert law.b[0] == pytest.approx(b, abs=6e-4)
    assert law.a[0] == pytest.approx(a, rel=5e-3)
    assert law.c[0] == pytest.approx(c, abs=1e-4)


def test_two_points_lie_on_a_law_worked_by_hand():
    """0.06 at 30 and 0.03 at 90: b = ln 2 / ln 3; half of 0.03 takes three times as many again."""
    law = fit_power_law(np.array([30.0, 90.0]), np.array([[0.06, 0.03]]), np.ones(2))
    assert law.b[0] == pytest.approx(np.log(2) / np.log(3), abs=3e-4)
    assert law.needed(0.03)[0] == pytest.approx(90, rel=1e-3)
    assert law.needed(0.015)[0] == pytest.approx(270, rel=2e-3)
    assert law.errors(np.array([30.0]))[0, 0] == pytest.approx(0.06, rel=1e-3)


def test_it_is_the_weighted_least_squares_of_scipy():
    errors, spread = np.array([0.065, 0.034, 0.026, 0.016]), np.array([0.02, 0.01, 0.004, 0.003])
    law = fit_power_law(N, errors[None], spread)
    bounds = ([0, 0, 0], [np.inf, 2.5, np.inf])
    a, b, c = curve_fit(
        lambda n, a, b, c: a * n**-b + c, N, errors, [0.5, 0.5, 0.01], spread, bounds=bounds
    )[0]
    assert law.b[0] == pytest.approx(b, abs=2e-3)
    assert law.c[0] == pytest.approx(c, abs=1e-4)
    assert law.a[0] == pytest.approx(a, rel=0.02)


def test_a_row_has_the_law_that_it_has_alone():
    errors = np.array([[0.06, 0.04, 0.02, 0.01], [0.09, 0.05, 0.03, 0.02]])
    both = fit_power_law(N, errors, EVEN)
    alone = fit_power_law(N, errors[1:], EVEN)
    assert (both.a[1], both.b[1], both.c[1]) == (alone.a[0], alone.b[0], alone.c[0])


@pytest.mark.parametrize("count", [3, 4])
def test_errors_that_do_not_fall_have_a_flat_law_that_reaches_nothing_better(count):
    errors = np.array([[0.03, 0.03, 0.03, 0.03], [0.03, 0.04, 0.05, 0.06]])[:, :count]
    law = fit_power_law(N[:count], errors, EVEN[:count])
    assert law.errors(N)[0] == pytest.approx(0.03)
    assert np.ptp(law.errors(N)[1]) == pytest.approx(0)
    assert np.isinf(law.needed(0.02)).all()
    assert law.needed(0.1).tolist() == [1, 1]


def test_below_the_floor_nothing_reaches():
    law = fit_power_law(N, (0.5 * N**-0.6 + 0.01)[None], EVEN)
    assert np.isinf(law.needed(0.009)[0])
    assert law.needed(0.02)[0] == pytest.approx((0.5 / 0.01) ** (1 / 0.6), rel=0.02)


def test_errors_of_nothing_are_already_reached():
    assert fit_power_law(N, np.zeros((1, 4)), np.zeros(4)).needed(0.01)[0] == 1
