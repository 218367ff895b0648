"""Whether heat maps point at the disease, and whether they depend on what was learnt at all."""

import copy
from collections.abc import Callable, Iterable, Sequence

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import nn

from radistill.metrics.intervals import percentile_interval, too_few, wilson
from radistill.schema.weak_points import Localisation, Randomisation

FILMS = 64  # positive films that are explained
# A network and uint8 (N, S, S) -> its maps (N, h, w), 0 where nothing speaks for the disease.
HeatMaps = Callable[[nn.Module, np.ndarray], np.ndarray]


def localisation(
    maps: np.ndarray,
    masks: np.ndarray,
    patients: Sequence[str],
    *,
    resamples: int = 1000,
    seed: int = 0,
) -> Localisation:
    """How well heat maps find true opacities.

    maps: (N, S, S), at least 0. masks: bool (N, S, S), none of them empty. Returns
    `pointing_game`: the share of films whose hottest pixel lies in the opacity (Zhang et al. 2018);
    `energy_inside`: the mean share of a map's heat that does (Wang et al. 2020); both with 95 %
    intervals over patients, and `chance`: both for a map that knows nothing, the opacity's share of
    the film. A map of zeros finds nothing.
    """
    flat, inside = maps.reshape(len(maps), -1), masks.reshape(len(masks), -1)
    lit = flat.max(axis=1) > 0
    hits = lit & inside[np.arange(len(flat)), flat.argmax(axis=1)]
    total = flat.sum(axis=1)
    energy = np.divide((flat * inside).sum(axis=1), total, out=np.zeros(len(flat)), where=lit)
    figures = Localisation(
        films=len(maps),
        pointing_game=float(hits.mean()),
        pointing_game_ci=None,
        energy_inside=float(energy.mean()),
        energy_inside_ci=None,
        chance=float(inside.mean()),
    )
    if why := too_few(patients):
        return figures.model_copy(update={"no_intervals": why})
    _, owner = np.unique(np.asarray(patients, dtype=str), return_inverse=True)
    sums, counts = np.bincount(owner, weights=energy), np.bincount(owner)
    drawn = np.random.default_rng(seed).integers(0, len(counts), (resamples, len(counts)))
    means = sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1)
    ends = {
        "pointing_game_ci": wilson(hits, patients),
        "energy_inside_ci": percentile_interval(means, len(counts)),
    }
    return figures.model_copy(update=ends)


def randomisation_check(
    network: nn.Module, heat_maps: HeatMaps, squares: np.ndarray, seed: int = 0
) -> Randomisation:
    """The sanity check of Adebayo et al. 2018: maps must change when the weights are random.

    squares: uint8 (N, S, S). Compares the maps of the trained network with those of the same
    network with a random head (`head`) and with all weights random (`all`). `empty` is the share of
    films whose map is 0 everywhere; they are left out, and if all are, all is None.
    """
    trained = heat_maps(network, squares)
    lit = trained.max(axis=(1, 2)) > 0
    empty = float(1 - lit.mean())
    if not lit.any():
        return Randomisation(empty=empty, head=None, all=None, passed=None)
    layers = list(network.modules())
    last = next(i for i in reversed(range(len(layers))) if isinstance(layers[i], nn.Linear))
    head, everything = (
        _similarity(trained[lit], heat_maps(_randomised(network, chosen, seed), squares[lit]))
        for chosen in ([last], range(len(layers)))
    )
    return Randomisation(empty=empty, head=head, all=everything, passed=bool(everything < 0.5))


def _similarity(one: np.ndarray, two: np.ndarray) -> float:
    """Mean rank correlation of maps; an even map is like no other, so it counts 0."""
    values = []
    for a, b in zip(one.reshape(len(one), -1), two.reshape(len(two), -1), strict=True):
        even = np.ptp(a) == 0 or np.ptp(b) == 0
        values.append(0.0 if even else float(spearmanr(a, b).statistic))
    return float(np.mean(values))


def _randomised(network: nn.Module, layers: Iterable[int], seed: int) -> nn.Module:
    """A copy, with the modules at these places of `modules()` initialised anew."""
    copied = copy.deepcopy(network)
    modules = list(copied.modules())
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for layer in layers:
            reset = getattr(modules[layer], "reset_parameters", None)
            if callable(reset):
                reset()
    return copied
