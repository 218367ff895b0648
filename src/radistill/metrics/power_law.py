"""The power law of a learning curve: error = a * n^-b + c for n labelled patients."""

from typing import NamedTuple

import numpy as np

STEEPEST = 2.5  # exponents that are tried go from 0, an error that does not fall, to this
_STEP, _FINE = 0.02, 0.0005
WITH_FLOOR = 4  # points from which on c is fitted; with fewer it is 0


class PowerLaw(NamedTuple):
    """(R,) each: a, b and c of `error = a * n^-b + c`, one for each row of errors."""

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray

    def errors(self, n: np.ndarray) -> np.ndarray:
        """(R, len(n)): the error at each n."""
        return np.asarray(self.a[:, None] * n ** -self.b[:, None] + self.c[:, None])

    def needed(self, error: float) -> np.ndarray:
        """(R,): n at which this error is reached, 1 at least; inf where it never is."""
        above = error - self.c
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            n = (self.a / above) ** (1 / self.b)
        already = self.a <= above  # a * n^-b is greatest, and a, at n = 1
        return np.where(
            already, 1.0, np.where((above > 0) & (self.b > 0), np.maximum(n, 1), np.inf)
        )


def fit_power_law(n: np.ndarray, errors: np.ndarray, spread: np.ndarray) -> PowerLaw:
    """Weighted least squares (Figueroa et al. 2012, BMC Med Inform Decis Mak 12:8).

    n: (K,) patients, two different ones at least. errors: (R, K), 1 - AUC, a curve a row. spread:
    (K,) standard errors, by which the deviations are weighted. a, b and c are not negative, b is at
    most `STEEPEST`. For a given exponent a and c have a closed form, so the exponent is searched
    for, coarsely and then finely, and no start can lead astray.
    """
    weights = _weights(spread)
    floor = len(n) >= WITH_FLOOR
    coarse = np.arange(0, STEEPEST + _STEP / 2, _STEP)
    tried = np.broadcast_to(coarse, (len(errors), len(coarse)))
    b = _best(n, errors, weights, tried, floor=floor).b
    fine = np.arange(-_STEP, _STEP + _FINE / 2, _FINE)
    return _best(n, errors, weights, np.clip(b[:, None] + fine, 0, STEEPEST), floor=floor)


def _weights(spread: np.ndarray) -> np.ndarray:
    """1 / spread^2, adding up to 1; equal ones where a spread is 0."""
    if (spread <= 0).any():
        return np.full(len(spread), 1 / len(spread))
    weights = spread**-2.0
    return np.asarray(weights / weights.sum())


def _best(
    n: np.ndarray, errors: np.ndarray, weights: np.ndarray, exponents: np.ndarray, *, floor: bool
) -> PowerLaw:
    """The law of least squares among `exponents`, (R, B)."""
    # n over its geometric mean, so that powers are near 1 and a and c are determined alike well.
    middle = np.exp(np.log(n).mean())
    x = (n / middle) ** -exponents[..., None]  # (R, B, K)
    y = np.broadcast_to(errors[:, None, :], x.shape)
    a = _slope(x, y, weights)
    c = np.zeros_like(a)
    if floor:
        mean_x, mean_y = x @ weights, y @ weights
        centred = x - mean_x[..., None]
        variance = centred**2 @ weights
        flat = variance < 1e-12
        slope = np.where(flat, 0, (centred * y) @ weights / np.where(flat, 1, variance))
        lowest = mean_y - slope * mean_x
        inside = (lowest >= 0) & ~flat
        a, c = np.where(inside, slope, a), np.where(inside, lowest, 0)
        rising = a < 0  # more patients, more errors: the best that does not rise is constant
        a, c = np.where(rising, 0, a), np.where(rising, mean_y, c)
    loss = (a[..., None] * x + c[..., None] - y) ** 2 @ weights
    rows, best = np.arange(len(errors)), loss.argmin(axis=1)
    b = exponents[rows, best]
    return PowerLaw(a[rows, best] * middle**b, b, c[rows, best])


def _slope(x: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.asarray((x * y) @ weights / (x**2 @ weights))
