"""Which change to a model its local films pay for: nested cross-validation over patients."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import get_args

import numpy as np
from scipy.special import expit

from radistill.adapt.changes import (
    Calibrated,
    LocalHead,
    LocalScores,
    TunedNetwork,
    fit_calibration,
    fit_head,
)
from radistill.metrics.intervals import (
    least_patients,
    patient_weights,
    percentile_interval,
    weighted_auc,
)
from radistill.metrics.thresholds import choose_threshold
from radistill.schema.adaptation import ChangeName, ChangeResult, Gain
from radistill.schema.record import Interval

FOLDS = 5
RESAMPLES = 2000
CALIBRATIONS: tuple[ChangeName, ...] = ("temperature", "intercept and slope")
Tune = Callable[[LocalScores, np.ndarray, LocalHead], TunedNetwork]  # by the films at these rows
POWERED = 1.96 + 0.84  # standard errors of a gain that 80 % of studies would show
RANKS = 0.025 / 2  # quantile of the AUC that has to be above 0.5, of two models that are asked
CUT = 0.01 / 2  # quantile of the gain of a threshold, or of a network, that has to be above zero
MOST_FILMS = 1_000_000
RANKING: Mapping[ChangeName, str] = {  # the changes that rank the films anew, and why they win
    "head": "a local head ranks the films better",
    "network": "the network, trained on these films, ranks them better",
}


@dataclass(frozen=True, eq=False)
class Choice:
    """The change that wins, fitted to all films, with the figures of every change.

    odds: by change, log-odds (N,) of films that the fit has not seen. threshold: of the winner, in
    log-odds.
    """

    name: ChangeName
    reason: str
    changes: tuple[ChangeResult, ...]
    odds: Mapping[ChangeName, np.ndarray] = field(repr=False)
    threshold: float = 0.0
    calibration: Calibrated | None = None
    head: LocalHead | None = None
    network: TunedNetwork | None = None


def choose_change(
    local: LocalScores, seed: int = 0, rule: str = "youden", tune: Tune | None = None
) -> Choice:
    """The least change whose gain is shown on outer folds, fitted to all films; or nothing.

    A change is worth nothing where its log-odds do not rank the films at all (interval of the AUC
    above 0.5): recalibration to a prevalence lowers the log loss even of shuffled labels. A head
    gains by the paired difference of AUC; a calibration by log loss; a threshold by the log loss of
    its decisions, each with the rates of the films that it was chosen on. All intervals are of
    patients, from outer folds. tune: trains the network under a fold's head, too.
    """
    every = np.arange(len(local.truth))
    names: tuple[ChangeName, ...] = get_args(ChangeName)
    odds = {n: np.array(local.odds) for n in names if tune or n != "network"}
    decided = np.empty((2, len(every)))  # chance of disease by decision: as it is, as chosen
    for fit, held in local.folds(every, FOLDS, seed):
        truth, given = local.truth[fit], local.odds[fit]
        for name in CALIBRATIONS:
            fitted = fit_calibration(truth, given, intercept=name != "temperature")
            odds[name][held] = fitted(local.odds[held])
        head = fit_head(local, fit, seed)
        odds["head"][held] = head.odds(local, held)
        if tune:
            odds["network"][held] = tune(local, fit, head).odds[held]
        for row, cut in enumerate((local.threshold, cut_of(truth, given, rule))):
            decided[row, held] = _rates(truth, given >= cut)[(local.odds[held] >= cut).astype(int)]
    losses = {name: _losses(local.truth, expit(values)) for name, values in odds.items()}
    decisions = [_losses(local.truth, chance) for chance in decided]
    weights = np.concatenate(
        list(patient_weights(local.truth, local.patients.tolist(), RESAMPLES, seed))
    )
    results: dict[ChangeName, ChangeResult] = {}
    aucs = {n: weighted_auc(local.truth, v, weights) for n, v in odds.items()}
    for name in odds:
        if name == "nothing":
            gain = None
        elif name in RANKING:
            gain = _gain(
                "auc",
                local,
                _auc(local, odds[name]) - _auc(local, odds["nothing"]),
                aucs[name] - aucs["nothing"],
                surely=name == "network",
            )
        else:
            less, of = decisions[::-1] if name == "threshold" else (losses[name], losses["nothing"])
            saved = of - less
            by = "decisions" if name == "threshold" else "log_loss"
            draws = weights @ saved / weights.sum(axis=1)
            gain = _gain(by, local, float(saved.mean()), draws, surely=by == "decisions")
        results[name] = ChangeResult(
            name=name,
            auc=_auc(local, odds[name]),
            auc_ci=_interval(local, aucs[name]),
            ranks=bool(np.quantile(aucs[name], RANKS) > 0.5),
            log_loss=float(losses[name].mean()),
            gain=gain,
        )
    name, reason = _winner(results, local, losses, aucs, weights)
    return _fitted(local, name, reason, results, odds, seed, rule, tune)


def cut_of(truth: np.ndarray, odds: np.ndarray, rule: str) -> float:
    """The threshold that `rule` picks on these films, in log-odds."""
    chance = choose_threshold(truth, expit(odds), rule)
    chance = min(max(chance, 1e-9), 1 - 1e-9)
    return float(np.log(chance / (1 - chance)))


def _winner(
    results: Mapping[ChangeName, ChangeResult],
    local: LocalScores,
    losses: Mapping[ChangeName, np.ndarray],
    aucs: Mapping[ChangeName, np.ndarray],
    weights: np.ndarray,
) -> tuple[ChangeName, str]:
    as_is, ranking = results["nothing"], [n for n in RANKING if n in results and results[n].ranks]
    if not ranking and not as_is.ranks:
        return "nothing", "nothing ranks these films better than chance"
    if gaining := [name for name in ranking if _shown(results[name])]:
        best = max(gaining, key=lambda name: results[name].auc)
        name = next(n for n in gaining if _interval(local, aucs[best] - aucs[n])[0] <= 0)
        return name, RANKING[name]
    if not as_is.ranks:
        return "nothing", (
            "the model does not rank these films better than chance, and no head is shown to"
        )
    least: tuple[ChangeName, ...] = ("nothing", *CALIBRATIONS)
    best = min(least, key=lambda name: float(losses[name].mean()))
    # The first that is not shown to be worse than the best; no change without a shown gain.
    for name in (n for n in least if n == "nothing" or _shown(results[n])):
        worse = losses[name] - losses[best]
        if name == best or _interval(local, weights @ worse / weights.sum(axis=1))[0] <= 0:
            break
    if name != "nothing":
        return name, "its probabilities fit the films better; their ranks stay"
    if _shown(results["threshold"]):
        return "threshold", "its decisions tell more of the films; probabilities stay"
    return "nothing", "no change is shown to gain"


def _shown(result: ChangeResult) -> bool:
    return result.gain is not None and result.gain.shown


def _fitted(
    local: LocalScores,
    name: ChangeName,
    reason: str,
    results: Mapping[ChangeName, ChangeResult],
    odds: Mapping[ChangeName, np.ndarray],
    seed: int,
    rule: str,
    tune: Tune | None,
) -> Choice:
    """The winner, fitted to all films; its threshold is chosen on what the outer folds say."""
    calibration = head = network = None
    if name in CALIBRATIONS:
        calibration = fit_calibration(local.truth, local.odds, intercept=name != "temperature")
        text = f"slope {calibration.slope:.3g}, intercept {calibration.intercept:.3g}"
    elif name in RANKING:
        every = np.arange(len(local.truth))
        head = fit_head(local, every, seed)
        network = tune(local, every, head) if tune and name == "network" else None
        text = head.settings
    else:
        text = ""
    threshold = local.threshold if name == "nothing" else cut_of(local.truth, odds[name], rule)
    changes = [
        result.model_copy(update={"settings": text}) if result.name == name else result
        for result in results.values()
    ]
    return Choice(name, reason, tuple(changes), odds, threshold, calibration, head, network)


def _gain(by: str, local: LocalScores, value: float, draws: np.ndarray, *, surely: bool) -> Gain:
    """surely: shown by an interval of 99 %."""
    ci = _interval(local, draws)
    error = float(np.std(draws))
    films, shown = None, ci[0] > 0
    if surely:
        shown = bool(np.quantile(draws, CUT) > 0)
    if shown:
        films = len(local.truth)
    elif value > 0:
        wanted = len(local.truth) * (POWERED * error / value) ** 2
        films = int(np.ceil(wanted)) if wanted < MOST_FILMS else None
    return Gain.model_validate(
        {"by": by, "value": value, "ci": ci, "shown": shown, "films_to_show": films}
    )


def _rates(truth: np.ndarray, called: np.ndarray) -> np.ndarray:
    """Share of positives among films not called and called, half a film of each added."""
    return np.array([(truth[among].sum() + 0.5) / (among.sum() + 1) for among in (~called, called)])


def _losses(truth: np.ndarray, chance: np.ndarray) -> np.ndarray:
    right = np.where(truth, chance, 1 - chance)
    return np.asarray(-np.log(np.clip(right, 1e-12, 1)))


def _auc(local: LocalScores, odds: np.ndarray) -> float:
    return float(weighted_auc(local.truth, odds, np.ones((1, len(odds))))[0])


def _interval(local: LocalScores, draws: np.ndarray) -> Interval:
    return percentile_interval(draws, least_patients(local.truth, local.patients.tolist()))
