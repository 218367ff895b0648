"""Fit the statistics by which a deployed model knows what it does not know."""

from collections.abc import Callable, Iterator

import numpy as np
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from radistill.export.outliers import outliers
from radistill.runtime.ood import THUMBNAIL, distance, orientations, products, thumbnails
from radistill.schema.abstention import Abstention, AbstentionRates, Caught, Gaussian, Orientation

Embed = Callable[[np.ndarray], np.ndarray]  # uint8 (N, S, S) -> (N, D)

FEWEST = 30  # validation films; with fewer the limits would be accidents
COMPONENTS = 16
ORIENTATION_COMPONENTS = 24
OUTLIERS = 450
# Shares of held-out validation films let through: together they give away one and a half in a
# hundred. The detector's is the highest, for it catches least (docs/bundle.md).
DETECTOR_KEEPS, LAYOUT_KEEPS, ORIENTATION_KEEPS = 0.998, 0.995, 0.992


def fit_abstention(squares: np.ndarray, embed: Embed) -> Abstention | None:
    """Statistics from the validation films, uint8 (N, S, S); None if they are too few or small.

    embed: the deployed model's embedding. Limits are quantiles over validation films that each
    statistic was not fitted on (two halves, each scored by a fit to the other).
    """
    if len(squares) < FEWEST or squares.shape[1] < THUMBNAIL:
        return None
    pictures = outliers(OUTLIERS, squares.shape[1], seed=0)
    films = thumbnails(np.concatenate([squares, exposed(squares)]))
    known = films[: len(squares)]
    layout = fit_gaussian(films)
    layout_limit = _limit(known, LAYOUT_KEEPS)
    layout_rate, by_layout = _rate(layout, layout_limit, LAYOUT_KEEPS, known, thumbnails(pictures))
    embeddings = embed(squares)
    detector, limit = fit_gaussian(embeddings), _limit(embeddings, DETECTOR_KEEPS)
    rate, by_embedding = _rate(detector, limit, DETECTOR_KEEPS, embeddings, embed(pictures))
    upright = [
        orientations(fit_orientation(fitted), thumbnails(held))[:, 0]
        for fitted, held in _halves(squares)
    ]
    return Abstention(
        detector=detector,
        detector_limit=limit,
        layout=layout,
        layout_limit=layout_limit,
        posture=fit_orientation(squares),
        posture_limit=float(np.quantile(np.concatenate(upright), 1 - ORIENTATION_KEEPS)),
        measured=AbstentionRates(
            validation_films=len(squares),
            outliers=OUTLIERS,
            embedding={detector.kind: rate},
            layout=layout_rate,
            outliers_caught=float((by_layout | by_embedding).mean()),
        ),
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


def fit_orientation(squares: np.ndarray) -> Orientation:
    """A softmax regression on the films as they are, turned, inverted and cut."""
    views = dict(_turned(squares))
    names = list(dict.fromkeys(name.partition(" ")[0] for name in views))
    x = thumbnails(np.concatenate(list(views.values())))
    y = np.repeat([names.index(name.partition(" ")[0]) for name in views], len(squares))
    pca = PCA(min(ORIENTATION_COMPONENTS, len(squares) // 2), svd_solver="full").fit(x)
    components = pca.components_ / np.sqrt(pca.explained_variance_)[:, None]
    features = products((x - pca.mean_) @ components.T)
    fitted = LogisticRegression(C=0.01, max_iter=500).fit(features, y)
    return Orientation(
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


def _turned(squares: np.ndarray) -> Iterator[tuple[str, np.ndarray]]:
    """Views by name; what follows a space tells apart views of one name."""
    yield "upright", squares
    yield "upright exposed", exposed(squares)
    yield "inverted", 255 - squares
    yield "rotated-90 left", np.rot90(squares, 1, (1, 2))
    yield "rotated-90 right", np.rot90(squares, 3, (1, 2))
    yield "rotated-180", np.rot90(squares, 2, (1, 2))
    yield "cut-off", cut(squares, 0)
    yield "cut-off again", cut(squares, 1)


def _rate(
    fitted: Gaussian, limit: float, kept: float, films: np.ndarray, pictures: np.ndarray
) -> tuple[Caught, np.ndarray]:
    """What the limit keeps and catches, and which of `pictures`, bool (M,)."""
    scores = distance(fitted, np.concatenate([films, pictures]))
    truth = np.arange(len(scores)) >= len(films)
    caught = scores[len(films) :] > limit
    auc = float(roc_auc_score(truth, scores))
    return Caught(kept=kept, caught=float(caught.mean()), auc=auc), caught


def _limit(x: np.ndarray, keeps: float) -> float:
    """The quantile of held-out distances, each half scored by a fit to the other."""
    held = [distance(fit_gaussian(fitted), other) for fitted, other in _halves(x)]
    return float(np.quantile(np.concatenate(held), keeps))


def _halves(x: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    even = np.arange(len(x)) % 2 == 0
    yield x[even], x[~even]
    yield x[~even], x[even]


def _rank(x: np.ndarray) -> int:
    return int(min(COMPONENTS, len(x) // 4, x.shape[1]))
