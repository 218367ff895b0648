"""What a card knows of the films its model was made for: arrays, scores and limits."""

from __future__ import annotations

import base64
import binascii
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer


def pack(values: np.ndarray) -> dict[str, Any]:
    """An array as JSON: base64 of little-endian float16, so numbers keep 11 significant bits."""
    data = np.ascontiguousarray(values, dtype="<f2").tobytes()
    return {"shape": list(values.shape), "float16": base64.b64encode(data).decode()}


def unpack(value: Any) -> np.ndarray:
    """The float32 array that `pack` wrote; ValueError if it is damaged. An array is let through."""
    if isinstance(value, np.ndarray):
        return value
    try:
        data = base64.b64decode(value["float16"], validate=True)
        array = np.frombuffer(data, "<f2").reshape(value["shape"]).astype(np.float32)
    except (KeyError, TypeError, binascii.Error) as error:
        raise ValueError(f"a damaged array ({error})") from None
    if not np.isfinite(array).all():
        raise ValueError("an array that is not finite")
    return array


Array = Annotated[np.ndarray, BeforeValidator(unpack), PlainSerializer(pack)]


class Statistics(BaseModel):
    """A part of the card that holds arrays."""

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True, defer_build=True)


class Gaussian(Statistics):
    """Principal components with deviations, and one variance for all that they leave out.

    mean: (D,). components: (K, D), orthonormal rows. deviations: (K,). residual: the mean squared
    length of what the components leave out.
    """

    kind: Literal["mahalanobis"] = "mahalanobis"
    mean: Array
    components: Array
    deviations: Array
    residual: float = Field(gt=0)

    def score(self, x: np.ndarray) -> np.ndarray:
        """(N, D) -> (N,): squared Mahalanobis distance in the components (Lee et al. 2018), plus
        the residual's squared length, scaled to weigh as much on average."""
        centred = x - self.mean
        inside = centred @ self.components.T
        left = (centred**2).sum(axis=1) - (inside**2).sum(axis=1)
        distance: np.ndarray = ((inside / self.deviations) ** 2).sum(axis=1)
        distance += len(self.deviations) * np.maximum(left, 0) / self.residual
        return distance


class Neighbours(Statistics):
    """A bank of films in principal components. mean: (D,). components: (K, D). bank: (M, K), of
    unit length."""

    kind: Literal["neighbours"] = "neighbours"
    mean: Array
    components: Array
    bank: Array
    nth: int = Field(ge=1)

    def score(self, x: np.ndarray) -> np.ndarray:
        """(N, D) -> (N,): distance to the nth neighbour on the unit sphere (Sun et al. 2022)."""
        reduced = (x - self.mean) @ self.components.T
        unit = reduced / np.maximum(np.linalg.norm(reduced, axis=1, keepdims=True), 1e-12)
        nearest: np.ndarray = np.partition(unit @ self.bank.T, -self.nth, axis=1)[:, -self.nth]
        return 1 - nearest


class Energy(Statistics):
    """The model's own head. weights: (D, C). bias: (C,)."""

    kind: Literal["energy"] = "energy"
    weights: Array
    bias: Array

    def score(self, x: np.ndarray) -> np.ndarray:
        """(N, D) -> (N,): minus the log of the summed exponentials of the logits (Liu et al.
        2020)."""
        negative: np.ndarray = -np.logaddexp.reduce(x @ self.weights + self.bias, axis=1)
        return negative


Detector = Annotated[Gaussian | Neighbours | Energy, Field(discriminator="kind")]


class Posture(Statistics):
    """A softmax over postures, from principal components of a thumbnail and their products.

    names: of the postures, the first upright. mean: (T,). components: (K, T), divided by the
    deviations. weights: (K + K (K + 1) / 2, len(names)). bias: (len(names),).
    """

    names: tuple[str, ...]
    mean: Array
    components: Array
    weights: Array
    bias: Array

    def probabilities(self, x: np.ndarray) -> np.ndarray:
        """(N, T) -> (N, len(names)), rows sum to 1."""
        logits = products((x - self.mean) @ self.components.T) @ self.weights + self.bias
        powers = np.exp(logits - logits.max(axis=1, keepdims=True))
        shares: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
        return shares


class Abstention(Statistics):
    """Limits beyond which the model does not answer; docs/bundle.md tells how they are found.

    detector, detector_limit: of the embedding; whichever of three methods won on validation.
    layout, layout_limit: of the thumbnail. posture, posture_limit: the least probability of
    upright that is let through. measured: what every method let through and caught.
    """

    detector: Detector
    detector_limit: float
    layout: Gaussian
    layout_limit: float
    posture: Posture
    posture_limit: float
    measured: dict[str, Any]


THUMBNAIL = 16
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


def products(x: np.ndarray) -> np.ndarray:
    """(N, K) -> (N, K + K (K + 1) / 2): the values and their products in pairs."""
    row, column = np.triu_indices(x.shape[1])
    return np.concatenate([x, x[:, row] * x[:, column]], axis=1)
