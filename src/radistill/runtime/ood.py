"""How far a film is from those a model was made for: scores of thumbnails and embeddings."""

import numpy as np

from radistill.schema.abstention import AbstentionLimits, Gaussian, Orientation

THUMBNAIL = 16
SKETCH = 8  # components
_FLAT = 4.0  # grey levels; a deviation below this is noise and is not blown up


def thumbnails(squares: np.ndarray) -> np.ndarray:
    """uint8 (N, S, S) -> float32 (N, 256): means over a 16 x 16 grid, each film with mean 0 and
    deviation 1. S is at least 16."""
    side = squares.shape[1]
    edges = (np.arange(THUMBNAIL + 1) * side / THUMBNAIL).astype(int)
    sums = np.add.reduceat(squares.astype(np.float32), edges[:-1], axis=1)
    sums = np.add.reduceat(sums, edges[:-1], axis=2)
    areas = np.outer(np.diff(edges), np.diff(edges))
    flat = (sums / areas).reshape(len(squares), -1)
    centred: np.ndarray = flat - flat.mean(axis=1, keepdims=True)
    centred /= np.maximum(centred.std(axis=1, keepdims=True), _FLAT)
    return centred


def distance(known: Gaussian, x: np.ndarray) -> np.ndarray:
    """(N, D) -> (N,): squared Mahalanobis distance in the components (Lee et al. 2018), plus the
    residual's squared length, scaled to weigh as much on average."""
    centred = x - known.mean
    inside = centred @ known.components.T
    left = (centred**2).sum(axis=1) - (inside**2).sum(axis=1)
    squared: np.ndarray = ((inside / known.deviations) ** 2).sum(axis=1)
    squared += len(known.deviations) * np.maximum(left, 0) / known.residual
    return squared


def sketches(known: Gaussian, x: np.ndarray) -> np.ndarray:
    """(N, D) -> (N, up to 8): the first principal components, each of mean 0 and deviation 1 on the
    films that `known` was fitted to. Enough to see that films changed, too little to see the film.
    """
    scores: np.ndarray = ((x - known.mean) @ known.components.T / known.deviations)[:, :SKETCH]
    return scores


def products(x: np.ndarray) -> np.ndarray:
    """(N, K) -> (N, K + K (K + 1) / 2): the values and their products in pairs."""
    row, column = np.triu_indices(x.shape[1])
    return np.concatenate([x, x[:, row] * x[:, column]], axis=1)


def orientations(known: Orientation, x: np.ndarray) -> np.ndarray:
    """Thumbnails (N, T) -> (N, len(known.names)): probabilities, rows sum to 1."""
    logits = products((x - known.mean) @ known.components.T) @ known.weights + known.bias
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return shares


def reasons_by_statistics(
    known: AbstentionLimits, squares: np.ndarray, embeddings: np.ndarray
) -> list[list[str]]:
    """For each film the limits of the card that it is beyond, as keys of `decision.REASONS`.

    squares: uint8 (N, S, S). embeddings: (N, D).
    """
    small = thumbnails(squares)
    scores = zip(
        orientations(known.posture, small),
        distance(known.layout, small) > known.layout_limit,
        distance(known.detector, embeddings) > known.detector_limit,
        strict=True,
    )
    reasons = []
    for orientation, unusual, unlike in scores:
        one = []
        if orientation[0] < known.posture_limit:
            one.append(known.posture.names[1 + int(orientation[1:].argmax())])
        if unusual:
            one.append("unusual-layout")
        if unlike:
            one.append("out-of-distribution")
        reasons.append(one)
    return reasons
