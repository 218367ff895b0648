"""Sites whose truth is known."""

import numpy as np
from scipy.special import expit

from radistill.adapt.changes import LocalScores


def site(
    films: int = 240,
    *,
    seed: int = 0,
    odds: float = 1.5,
    hidden: float = 0.0,
    bias: float = 0.0,
    scale: float = 1.0,
    shuffled: bool = False,
) -> LocalScores:
    """Features (N, 6); labels follow odds * first + hidden * second.

    The model knows the first alone, and gives scale * its log-odds + bias.
    """
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(films, 6))
    truth = rng.random(films) < expit(odds * x[:, 0] + hidden * x[:, 1] - 0.5)
    if shuffled:
        truth = rng.permutation(truth)
    patients = np.array([str(film) for film in range(films)])
    given = scale * (odds * x[:, 0] - 0.5) + bias
    own = np.eye(6)[:, :1]
    return LocalScores(truth, patients, given, 0.0, {"x": x}, {"x": own})
