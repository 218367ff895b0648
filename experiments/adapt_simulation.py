"""How often `radistill adapt` claims a gain where there is none, and finds one where there is.

`python experiments/adapt_simulation.py [--sites 200] [--power 100] [--seed 0]` simulates sites and
gives them to `choose_change`, the function that the command calls:

- shuffled: labels have nothing to do with the films; a recalibration to the prevalence would lower
  the log loss all the same.
- calibrated: labels follow the model's probability; nothing in the embedding tells more.
- gain: AUC 0.80 before; the embedding's best direction has an AUC of 0.85.

It prints false claims with Wilson's interval, and the power at 100, 200, 400 and 800 films beside
what `radistill plan` predicts. `--learning 100 --seed 1` fits, on other sites, the learning curve
that `plan` takes.
"""

import argparse

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit
from scipy.stats import norm
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportion_confint

from radistill.adapt.changes import LocalScores, fit_head
from radistill.adapt.choose import FOLDS, choose_change
from radistill.adapt.power import power_of_adapting

FEATURES, PREVALENCE, THRESHOLD = 32, 0.3, 0.0
FEW = 4  # features where there is a gain, so that fitting loses little of it
BEFORE, AFTER = 0.80, 0.85


def shuffled(films: int, rng: np.random.Generator) -> LocalScores:
    """Scores and features of films whose labels say nothing."""
    truth = labels(films, rng)
    x = rng.normal(size=(films, FEATURES))
    return site(truth, 2 * x[:, 0], x)


def calibrated(films: int, rng: np.random.Generator) -> LocalScores:
    """Labels drawn from the model's own probability, which is one of the features."""
    while True:
        x = rng.normal(size=(films, FEATURES))
        odds = 1.6 * x[:, 0] - 1.0
        truth = rng.random(films) < expit(odds)
        if 20 <= truth.sum() <= films - 20:
            return site(truth, odds, x)


def gain(films: int, rng: np.random.Generator) -> LocalScores:
    """Features of which the model uses one, while two together tell more."""
    truth = labels(films, rng)
    shift = np.sqrt(2) * norm.ppf([BEFORE, AFTER])
    apart = np.sqrt(shift[1] ** 2 - shift[0] ** 2)
    x = rng.normal(size=(films, FEW))
    x[:, 0] += shift[0] * truth
    x[:, 1] += apart * truth
    prior = np.log(PREVALENCE / (1 - PREVALENCE))
    return site(truth, shift[0] * (x[:, 0] - shift[0] / 2) + prior, x)


def labels(films: int, rng: np.random.Generator) -> np.ndarray:
    return rng.permutation(films) < round(PREVALENCE * films)


def site(truth: np.ndarray, odds: np.ndarray, x: np.ndarray) -> LocalScores:
    own = np.eye(x.shape[1])[:, :1]  # the model's log-odds follow the first feature
    patients = np.arange(len(truth)).astype(str)
    return LocalScores(truth, patients, odds, THRESHOLD, {"simulated": x}, {"simulated": own})


def half_of_gain(sites: int, seed: int) -> float:
    """Films with which outer folds show half of the gain, by least squares of a hyperbola."""
    sizes, means = np.array([100, 200, 400]), []
    for films in sizes:
        gains = []
        for number in range(sites):
            local = gain(films, np.random.default_rng([seed, films, number]))
            odds = np.empty(films)
            for fit, held in local.folds(np.arange(films), FOLDS, 0):
                odds[held] = fit_head(local, fit, 0).odds(local, held)
            after, before = (roc_auc_score(local.truth, scores) for scores in (odds, local.odds))
            gains.append(after - before)
        means.append(np.mean(gains))
        error = np.std(gains) / np.sqrt(sites)
        print(f"{films} films: gain on outer folds {means[-1]:.4f} (SE {error:.4f})", flush=True)
    best = minimize_scalar(
        lambda half: (((AFTER - BEFORE) * sizes / (sizes + half) - means) ** 2).sum(),
        bounds=(1, 10_000),
        method="bounded",
    )
    return float(best.x)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--films", type=int, default=300)
    parser.add_argument("--power", type=int, default=100, help="sites at each number of films")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--learning", type=int, default=0, help="sites to fit `power.HALF` to, only"
    )
    given = parser.parse_args()
    if given.learning:
        print(f"half of the gain at {half_of_gain(given.learning, given.seed):.0f} films")
        return
    for make in (shuffled, calibrated):
        chosen = [
            choose_change(make(given.films, np.random.default_rng([given.seed, number]))).name
            for number in range(given.sites)
        ]
        claims = sum(name != "nothing" for name in chosen)
        low, high = proportion_confint(claims, given.sites, method="wilson")
        kinds = {name: chosen.count(name) for name in sorted(set(chosen))}
        print(
            f"{make.__name__}: {claims} false claims of {given.sites} "
            f"({low:.3f} to {high:.3f}); {kinds}",
            flush=True,
        )
    for films in (100, 200, 400, 800):
        heads = correlation = reached = 0.0
        for number in range(given.power):
            local = gain(films, np.random.default_rng([given.seed, films, number]))
            choice = choose_change(local)
            heads += choice.name == "head"
            reached += choice.changes[-1].auc
            within = np.concatenate([local.truth, ~local.truth]).reshape(2, -1)
            correlation += np.mean(
                [np.corrcoef(local.odds[rows], choice.odds["head"][rows])[0, 1] for rows in within]
            )
        predicted = power_of_adapting(BEFORE, AFTER, films, PREVALENCE)
        print(
            f"gain of {AFTER - BEFORE:.2f} at {films} films: shown in {heads / given.power:.2f} "
            f"of {given.power} sites; plan says {predicted:.2f} "
            f"(correlation {correlation / given.power:.2f}, "
            f"mean AUC reached {reached / given.power:.3f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
