"""Fit the statistics by which a deployed model knows what it does not know."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from radistill.export.outliers import outliers
from radistill.schema.ood import (
    THUMBNAIL,
    Abstention,
    Detector,
    Energy,
    Gaussian,
    Neighbours,
    Posture,
    products,
    thumbnails,
)

Embed = Callable[[np.ndarray], np.ndarray]  # uint8 (N, S, S) -> (N, D)
Head = tuple[np.ndarray, np.ndarray]  # weights (D, C), bias (C,)
Fit = Callable[[np.ndarray], Detector]

FEWEST = 30  # validation films; with fewer the limits would be accidents
COMPONENTS = 16
POSTURE_COMPONENTS = 24
BANK, NTH = 256, 5
OUTLIERS = 450
# Shares of held-out validation films let through: together they give away one and a half in a
# hundred. The detector's is the highest, for it catches least (docs/bundle.md).
DETECTOR_KEEPS, LAYOUT_KEEPS, POSTURE_KEEPS = 0.998, 0.995, 0.992


def fit_abstention(squares: np.ndarray, embed: Embed, head: Head | None) -> Abstention | None:
    """Statistics from the validation films, uint8 (N, S, S); None if they are too few or small.

    embed: the deployed model's embedding. head: its last linear layer, for the energy; None if
    unknown. Limits are quantiles over validation films that each statistic was not fitted on
    (two halves, each scored by a fit to the other). Of the three methods for the embedding the one
    that catches most generated outliers at its limit is kept, the higher AUC breaking a tie.
    """
    if len(squares) < FEWEST or squares.shape[1] < THUMBNAIL:
        return None
    strange = outliers(OUTLIERS, squares.shape[1], seed=0)
    films = thumbnails(np.concatenate([squares, exposed(squares)]))
    known, odd = films[: len(squares)], thumbnails(strange)
    layout = fit_gaussian(films)
    layout_limit = _limit(_held_out(known, fit_gaussian), LAYOUT_KEEPS)
    embeddings, strange_embeddings = embed(squares), embed(strange)
    detectors = _detectors(embeddings, strange_embeddings, head)
    name = max(detectors, key=lambda key: (detectors[key][2]["caught"], detectors[key][2]["auc"]))
    detector, limit, _ = detectors[name]
    posture, posture_limit = _posture(squares)
    caught = (layout.score(odd) > layout_limit) | (detector.score(strange_embeddings) > limit)
    measured: dict[str, Any] = {
        "validation_films": len(squares),
        "outliers": OUTLIERS,
        "embedding": {key: found for key, (_, _, found) in detectors.items()},
        "layout": {"kept": LAYOUT_KEEPS, **_found(layout.score, layout_limit, known, odd)},
        "outliers_caught": float(caught.mean()),
    }
    return Abstention(
        detector=detector,
        detector_limit=limit,
        layout=layout,
        layout_limit=layout_limit,
        posture=posture,
        posture_limit=posture_limit,
        measured=measured,
    )


def fit_gaussian(x: np.ndarray) -> Gaussian:
    """(N, D), N at least 8 -> principal components and their deviations."""
    pca = PCA(_rank(x), svd_solver="full").fit(x)
    left = ((x - pca.mean_) ** 2).sum(axis=1).mean() - pca.explained_variance_.sum()
    return Gaussian(
        mean=pca.mean_,
        components=pca.components_,
        deviations=np.sqrt(np.maximum(pca.explained_variance_, 1e-8)),
        residual=float(max(left, 1e-6)),
    )


def fit_neighbours(x: np.ndarray) -> Neighbours:
    """(N, D) -> a bank of at most 256 films, evenly spaced."""
    pca = PCA(_rank(x), svd_solver="full").fit(x)
    rows = np.linspace(0, len(x) - 1, min(BANK, len(x))).round().astype(int)
    bank = pca.transform(x[rows])
    bank /= np.maximum(np.linalg.norm(bank, axis=1, keepdims=True), 1e-12)
    return Neighbours(
        mean=pca.mean_, components=pca.components_, bank=bank, nth=min(NTH, len(bank))
    )


def fit_posture(squares: np.ndarray) -> Posture:
    """A softmax regression on the films as they are, turned, inverted and cut."""
    views = dict(_postures(squares))
    names = list(dict.fromkeys(name.partition(" ")[0] for name in views))
    x = thumbnails(np.concatenate(list(views.values())))
    y = np.repeat([names.index(name.partition(" ")[0]) for name in views], len(squares))
    pca = PCA(min(POSTURE_COMPONENTS, len(squares) // 2), svd_solver="full").fit(x)
    components = pca.components_ / np.sqrt(pca.explained_variance_)[:, None]
    features = products((x - pca.mean_) @ components.T)
    fitted = LogisticRegression(C=0.01, max_iter=500).fit(features, y)
    return Posture(
        names=tuple(names),
        mean=pca.mean_,
        components=components,
        weights=fitted.coef_.T,
        bias=fitted.intercept_,
    )


def exposed(squares: np.ndarray) -> np.ndarray:
    """The films at other exposures: grey levels to a power between 0.6 and 1.6."""
    power = np.random.default_rng(0).uniform(0.6, 1.6, len(squares))[:, None, None]
    return np.rint(255 * (squares / 255.0) ** power).astype(np.uint8)


def cut(squares: np.ndarray, seed: int) -> np.ndarray:
    """The films with about half missing, from any side: cropped, or the rest blank."""
    rng = np.random.default_rng(seed)
    return np.stack([_cut_one(square, rng) for square in squares])


def _cut_one(square: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    side = len(square)
    keep = int(side * rng.uniform(0.45, 0.62))
    turns = int(rng.integers(4))
    turned = np.rot90(square, turns)
    if rng.random() < 0.5:
        half = Image.fromarray(np.ascontiguousarray(turned[:keep]))
        turned = np.asarray(half.resize((side, side), Image.Resampling.BILINEAR))
    else:
        turned = np.concatenate(
            [turned[:keep], np.full_like(turned[keep:], rng.choice([0, 128, 255]))]
        )
    return np.rot90(turned, -turns)


def _postures(squares: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Views by name; what follows a space tells apart views of one name."""
    yield "upright", squares
    yield "upright exposed", exposed(squares)
    yield "inverted", 255 - squares
    yield "rotated-90 left", np.rot90(squares, 1, (1, 2))
    yield "rotated-90 right", np.rot90(squares, 3, (1, 2))
    yield "rotated-180", np.rot90(squares, 2, (1, 2))
    yield "cut-off", cut(squares, 0)
    yield "cut-off again", cut(squares, 1)


def _posture(squares: np.ndarray) -> tuple[Posture, float]:
    held = np.concatenate(
        [
            fit_posture(fitted).probabilities(thumbnails(other))[:, 0]
            for fitted, other in _halves(squares)
        ]
    )
    return fit_posture(squares), float(np.quantile(held, 1 - POSTURE_KEEPS))


def _detectors(
    films: np.ndarray, strange: np.ndarray, head: Head | None
) -> dict[str, tuple[Detector, float, dict[str, float]]]:
    """Each method with its limit and what it lets through and catches."""
    fits: dict[str, Fit] = {"mahalanobis": fit_gaussian, "neighbours": fit_neighbours}
    if head is not None:
        energy = Energy(weights=head[0], bias=head[1])
        fits["energy"] = lambda _: energy
    found = {}
    for name, fit in fits.items():
        detector, limit = fit(films), _limit(_held_out(films, fit), DETECTOR_KEEPS)
        facts = {"kept": DETECTOR_KEEPS, **_found(detector.score, limit, films, strange)}
        found[name] = (detector, limit, facts)
    return found


def _found(
    score: Callable[[np.ndarray], np.ndarray], limit: float, films: np.ndarray, strange: np.ndarray
) -> dict[str, float]:
    scores = np.concatenate([score(films), score(strange)])
    truth = np.arange(len(scores)) >= len(films)
    return {
        "caught": float((score(strange) > limit).mean()),
        "auc": float(roc_auc_score(truth, scores)),
    }


def _held_out(x: np.ndarray, fit: Fit) -> np.ndarray:
    return np.concatenate([fit(fitted).score(other) for fitted, other in _halves(x)])


def _halves(x: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    even = np.arange(len(x)) % 2 == 0
    yield x[even], x[~even]
    yield x[~even], x[even]


def _limit(scores: np.ndarray, keeps: float) -> float:
    return float(np.quantile(scores, keeps))


def _rank(x: np.ndarray) -> int:
    return int(min(COMPONENTS, len(x) // 4, x.shape[1]))
