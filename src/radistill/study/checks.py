"""What only the network itself can show: robustness to corruptions, and its heat maps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from radistill.data.cache import PixelCache
from radistill.explain.gradcam import heat_maps
from radistill.explain.heat_map_checks import FILMS, localisation, randomisation_check
from radistill.explain.robustness import robustness
from radistill.metrics.predictions import Predictions
from radistill.models import GreyClassifier, load_model, read_spec
from radistill.schema.figures import Explanation, Localisation, Robustness
from radistill.schema.record import write_record
from radistill.study.scorer import open_model

SANITY_FILMS = 16


@dataclass(frozen=True)
class Films:
    """Test films as a network sees them.

    squares: paths -> uint8 (N, S, S) at the network's input size. masks: folder with the true
    opacities, `<path>.png`, as phantoms have; None if there is none.
    """

    predictions: Predictions
    squares: Callable[[Sequence[str]], np.ndarray]
    masks: Path | None = None

    def of(self, rows: np.ndarray) -> np.ndarray:
        """The squares at these rows of the predictions."""
        return self.squares([self.predictions.path[row] for row in rows])


def cached_squares(
    cache: PixelCache, shas: dict[str, str]
) -> Callable[[Sequence[str]], np.ndarray]:
    """`Films.squares` from a pixel cache. shas: path of a film -> its sha256."""
    return lambda paths: cache.batch([shas[path] for path in paths])


def check_robustness(folder: Path, films: Films, threshold: float, out: Path | None) -> Robustness:
    """Score the model in `folder` on corrupted films; write `out/robustness.json` and return it."""
    scorer = open_model(folder)
    checked = robustness(films.predictions, threshold, films.of, scorer.positive_probability)
    if out is not None:
        write_record(out / "robustness.json", checked)
    return checked


def check_heat_maps(folder: Path, films: Films, out: Path | None, seed: int) -> Explanation:
    """Check the heat maps of the model in `folder`; write and return `out/explanation.json`.

    Films are spread evenly over the test split. Where true masks are there, says how well the maps
    find them.
    """
    model, positive = load_model(folder), positive_logits(folder)
    rows = np.flatnonzero(films.predictions.truth)
    some = rows[np.linspace(0, len(rows) - 1, min(len(rows), FILMS)).astype(int)]
    if not len(some):
        some = np.arange(min(len(films.predictions), SANITY_FILMS))
    squares = films.of(some)
    checked = Explanation(
        method="Grad-CAM (Selvaraju et al. 2017), last layer with positions, by captum",
        randomisation=randomisation_check(model, squares[:SANITY_FILMS], positive, seed),
    )
    if films.masks is not None:
        place = _localisation(model, films, some, squares, positive)
        checked = checked.model_copy(update={"localisation": place})
    if out is not None:
        write_record(out / "explanation.json", checked)
    return checked


def heat_of(folder: Path, films: Films) -> Callable[[str], np.ndarray]:
    """Path of a film -> its Grad-CAM by the model in `folder`, float32 (S, S) in [0, 1]."""
    model, positive = load_model(folder), positive_logits(folder)
    return lambda path: heat_maps(model, films.squares([path]), positive)[0]


def positive_logits(folder: Path) -> list[int]:
    """Which logits of a trained model count as its positive class."""
    spec = read_spec(folder)
    wanted = spec["classes"].index(spec["positive"])
    groups = spec.get("class_of", range(len(spec["classes"])))
    return [logit for logit, group in enumerate(groups) if group == wanted]


def _localisation(
    model: GreyClassifier,
    films: Films,
    rows: np.ndarray,
    squares: np.ndarray,
    positive: Sequence[int],
) -> Localisation | None:
    side = squares.shape[-1]
    masks = [_mask(films, films.predictions.path[row], side) for row in rows]
    known = {i: mask for i, mask in enumerate(masks) if mask is not None and mask.any()}
    if not known:
        return None
    maps = heat_maps(model, squares[list(known)], positive)
    patients = [films.predictions.patient[rows[i]] for i in known]
    return localisation(maps, np.stack(list(known.values())), patients)


def _mask(films: Films, path: str, side: int) -> np.ndarray | None:
    assert films.masks is not None
    file = (films.masks / path).with_suffix(".png")
    if not file.is_file():
        return None
    with Image.open(file) as image:
        shrunk = image.convert("L").resize((side, side), Image.Resampling.BILINEAR)
        return np.asarray(shrunk) >= 128
