"""Fit the statistics by which a deployed model knows what it does not know."""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np
from PIL import Image
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from radistill.export.outliers import outliers
from radistill.metrics.intervals import wilson
from radistill.runtime.ood import (
    THUMBNAIL,
    distance,
    orientations,
    products,
    reasons_by_statistics,
    thumbnails,
)
from radistill.schema.abstention import (
    AbstentionLimits,
    AbstentionRates,
    Caught,
    Gaussian,
    Orientation,
)

Embed = Callable[[np.ndarray], np.ndarray]  # uint8 (N, S, S) -> (N, D)

FEWEST = 30  # validation films; with fewer the limits would be accidents
FEWEST_IN_HALF = 8  # of them, where patients have many films each
COMPONENTS = 16
ORIENTATION_COMPONENTS = 24
OUTLIERS = 450
# Shares of held-out validation films let through: together they give away one and a half in a
# hundred. The detector's is the highest, for it catches least (docs/bundle.md).
DETECTOR_KEEPS, LAYOUT_KEEPS, ORIENTATION_KEEPS = 0.998, 0.995, 0.992


def fit_limits(
    squares: np.ndarray, patients: Sequence[str], embed: Embed
) -> AbstentionLimits | None:
    """Statistics from the validation films, uint8 (N, S, S); None if they are too few or small.

    embed: the deployed model's embedding. Limits are quantiles over films of patients that each
    statistic was not fitted on (two halves, each scored by a fit to the other).
    """
    half = halves(patients)
    if len(squares) < FEWEST or squares.shape[1] < THUMBNAIL:
        return None
    if min(half.sum(), (~half).sum()) < FEWEST_IN_HALF:
        return None
    embeddings = embed(squares)
    return AbstentionLimits(
        detector=fit_gaussian(embeddings, _held_rank(embeddings, half)),
        detector_limit=_limit(embeddings, half, DETECTOR_KEEPS),
        **_pixel_limits(squares, half)._asdict(),
    )


def unlike(known: np.ndarray, patients: Sequence[str], squares: np.ndarray) -> np.ndarray | None:
    """bool (N,): the films of `squares` in another layout or orientation than those of `known`.

    known: uint8 (M, S, S), of these patients. squares: uint8 (N, S, S). By the limits of
    `fit_limits` that need no network; None where they cannot be fitted.
    """
    half = halves(patients)
    if len(known) < FEWEST or min(half.sum(), (~half).sum()) < FEWEST_IN_HALF:
        return None
    limits, small = _pixel_limits(known, half), thumbnails(squares)
    unusual: np.ndarray = distance(limits.layout, small) > limits.layout_limit
    return unusual | (orientations(limits.posture, small)[:, 0] < limits.posture_limit)


class _PixelLimits(NamedTuple):
    """The fields of `AbstentionLimits` that need no network."""

    layout: Gaussian
    layout_limit: float
    posture: Orientation
    posture_limit: float


def _pixel_limits(squares: np.ndarray, half: np.ndarray) -> _PixelLimits:
    known = thumbnails(squares)
    upright = [
        orientations(fit_orientation(squares[fitted]), known[~fitted])[:, 0]
        for fitted in (half, ~half)
    ]
    return _PixelLimits(
        layout=fit_gaussian(
            np.concatenate([known, thumbnails(exposed(squares))]), _held_rank(known, half)
        ),
        layout_limit=_limit(known, half, LAYOUT_KEEPS),
        posture=fit_orientation(squares),
        posture_limit=float(np.quantile(np.concatenate(upright), 1 - ORIENTATION_KEEPS)),
    )


def abstention_rates(
    limits: AbstentionLimits,
    squares: np.ndarray,
    patients: Sequence[str],
    embed: Embed,
    *,
    validation_films: int,
) -> AbstentionRates:
    """How often `limits` abstain from films of other patients, and from generated pictures.

    squares: uint8 (N, S, S), test films. validation_films: how many the limits were fitted to.
    """
    pictures = np.concatenate([squares, outliers(OUTLIERS, squares.shape[1], seed=0)])
    embeddings = embed(pictures)
    reasons = reasons_by_statistics(limits, pictures, embeddings)
    outlier = np.arange(len(pictures)) >= len(squares)

    def caught(known: Gaussian, limit: float, x: np.ndarray) -> Caught:
        scores = distance(known, x)
        return Caught(
            kept=float((scores[~outlier] <= limit).mean()),
            caught=float((scores[outlier] > limit).mean()),
            auc=float(roc_auc_score(outlier, scores)),
        )

    abstained = np.array([bool(one) for one in reasons])[~outlier]
    unlike = np.array([bool({*one} & {"unusual-layout", "out-of-distribution"}) for one in reasons])
    return AbstentionRates(
        validation_films=validation_films,
        test_films=len(squares),
        abstained=float(abstained.mean()),
        abstained_ci=wilson(abstained, patients),
        outliers=OUTLIERS,
        embedding={
            limits.detector.kind: caught(limits.detector, limits.detector_limit, embeddings)
        },
        layout=caught(limits.layout, limits.layout_limit, thumbnails(pictures)),
        outliers_caught=float(unlike[outlier].mean()),
        outliers_caught_ci=wilson(unlike[outlier], [str(i) for i in range(OUTLIERS)]),
    )


def fit_gaussian(x: np.ndarray, rank: int = COMPONENTS) -> Gaussian:
    """(N, D), N at least 8 -> at most `rank` principal components and their deviations."""
    pca = PCA(min(rank, _rank(x)), svd_solver="full").fit(x)
    left = ((x - pca.mean_) ** 2).sum(axis=1).mean() - pca.explained_variance_.sum()
    return Gaussian(
        mean=pca.mean_,
        components=pca.components_,
        deviations=np.sqrt(np.maximum(pca.explained_variance_, 1e-8)),
        residual=float(max(left, 1e-6)),
    )


def fit_orientation(squares: np.ndarray) -> Orientation:
    """A softmax regression on the films as they are, turned, inverted and cut."""
    views = {name: thumbnails(films) for name, films in _turned(squares)}  # one at a time
    names = list(dict.fromkeys(name.partition(" ")[0] for name in views))
    x = np.concatenate(list(views.values()))
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


def _limit(x: np.ndarray, half: np.ndarray, keeps: float) -> float:
    """The quantile of held-out distances, each half scored by a fit to the other."""
    rank = _held_rank(x, half)
    held = [distance(fit_gaussian(x[fitted], rank), x[~fitted]) for fitted in (half, ~half)]
    return float(np.quantile(np.concatenate(held), keeps))


def halves(patients: Sequence[str]) -> np.ndarray:
    """bool (N,): two halves of N films, as equal as they come, no patient in both."""
    names, owner, films = np.unique(patients, return_inverse=True, return_counts=True)
    second, sizes = np.zeros(len(names), dtype=bool), [0, 0]
    for patient in np.argsort(-films, kind="stable"):
        second[patient] = sizes[1] < sizes[0]
        sizes[int(second[patient])] += int(films[patient])
    return second[owner]


def _held_rank(x: np.ndarray, half: np.ndarray) -> int:
    """Components of both halves' fits: a distance grows with them, so the limit's must have as many
    as the distances that are held against it."""
    return min(_rank(x[half]), _rank(x[~half]))


def _rank(x: np.ndarray) -> int:
    return int(min(COMPONENTS, len(x) // 4, x.shape[1]))
