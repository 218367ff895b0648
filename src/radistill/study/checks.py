"""Checks of a network beyond its figures: robustness to corruptions, and its heat maps."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image
from torch import nn

from radistill.explain.heat_map_checks import FILMS, localisation, randomisation_check
from radistill.explain.robustness import robustness
from radistill.models import GreyClassifier
from radistill.schema.weak_points import Explanation, Localisation, Robustness
from radistill.study.decoded_films import Squares
from radistill.study.scorer import scorer_of
from radistill.study.trained import TrainedModel

SANITY_FILMS = 16


def check_robustness(model: TrainedModel, squares: Squares, threshold: float) -> Robustness:
    """Figures of the test films under each corruption, at `threshold`."""
    films = model.predictions("test")
    return robustness(
        films,
        threshold,
        lambda rows: squares([films.path[row] for row in rows]),
        scorer_of(model).positive_probability,
    )


def check_heat_maps(
    model: TrainedModel, squares: Squares, masks: Path | None, seed: int
) -> Explanation:
    """Whether heat maps depend on what was learnt, and where `masks` are given find the disease.

    The maps are those that the bundle gives. Positive test films are taken, spread evenly over
    the split. masks: a folder with the true
    opacities, `<path>.png`, as phantoms have.
    """
    films = model.predictions("test")
    rows = np.flatnonzero(films.truth)
    rows = rows[np.linspace(0, len(rows) - 1, min(len(rows), FILMS)).astype(int)]
    if not len(rows):
        rows = np.arange(min(len(films), SANITY_FILMS))
    chosen = films.rows(rows)
    some = squares(chosen.path[:SANITY_FILMS])

    def maps_of(network: nn.Module, squares: np.ndarray) -> np.ndarray:
        assert isinstance(network, GreyClassifier)
        shipped = model.heat_maps if network is model.network else model.heat_maps.of(network)
        return shipped(squares)

    checked = Explanation(
        method=model.heat_maps.method,
        randomisation=randomisation_check(model.network, maps_of, some, seed),
    )
    if masks is None:
        return checked
    patients = dict(zip(chosen.path, chosen.patient, strict=True))
    found = _localisation(model, squares, masks, patients)
    return checked.model_copy(update={"localisation": found})


def heat_map_of(model: TrainedModel, squares: Squares) -> Callable[[str], np.ndarray]:
    """Path of a film -> its heat map, float32 (S, S) in [0, 1], its greatest value 1."""

    def heat(path: str) -> np.ndarray:
        (one,) = model.heat_maps(squares([path]))
        return np.asarray(one / max(float(one.max()), 1e-6))

    return heat


def _localisation(
    model: TrainedModel, squares: Squares, folder: Path, patients: dict[str, str]
) -> Localisation | None:
    """patients: by path of the films to explain. None if no film has a mask."""
    masks = {path: _mask(folder / path, model.input_size) for path in patients}
    known = {path: mask for path, mask in masks.items() if mask is not None and mask.any()}
    if not known:
        return None
    maps = model.heat_maps(squares(list(known)))
    return localisation(maps, np.stack(list(known.values())), [patients[path] for path in known])


def _mask(film: Path, side: int) -> np.ndarray | None:
    """bool (side, side); None if the film has none."""
    file = film.with_suffix(".png")
    if not file.is_file():
        return None
    with Image.open(file) as image:
        shrunk = image.convert("L").resize((side, side), Image.Resampling.BILINEAR)
        return np.asarray(shrunk) >= 128
