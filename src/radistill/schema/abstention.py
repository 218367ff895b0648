"""Statistics and limits of a card by which a model abstains; runtime.ood computes the scores."""

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema


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


_PACKED = {
    "type": "object",
    "properties": {
        "shape": {"type": "array", "items": {"type": "integer"}},
        "float16": {"type": "string", "contentEncoding": "base64"},
    },
    "required": ["shape", "float16"],
}
Array = Annotated[
    np.ndarray, BeforeValidator(unpack), PlainSerializer(pack), WithJsonSchema(_PACKED)
]


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


class Orientation(Statistics):
    """A softmax over orientations, from principal components of a thumbnail and their products.

    names: of the orientations, the first upright. mean: (T,). components: (K, T), divided by the
    deviations. weights: (K + K (K + 1) / 2, len(names)). bias: (len(names),).
    """

    names: tuple[str, ...]
    mean: Array
    components: Array
    weights: Array
    bias: Array


class Caught(Statistics):
    """A score at its limit: the share of test films that it keeps, the share of generated pictures
    that it catches, and the AUC between films and pictures."""

    kept: float
    caught: float
    auc: float


class AbstentionRates(Statistics):
    """How often the limits, set on validation films, abstain elsewhere.

    test_films: of patients that no limit was fitted to; abstained: the share of them that get no
    answer. Both are None on older cards, whose `kept` and `auc` are of the validation films
    themselves. outliers: generated pictures. embedding: by kind of score; cards of earlier versions
    compare three. outliers_caught: by layout and embedding together. Intervals are 95 %.
    """

    validation_films: int
    test_films: int | None = None
    abstained: float | None = None
    abstained_ci: tuple[float, float] | None = None
    outliers: int
    embedding: Mapping[str, Caught]
    layout: Caught
    outliers_caught: float
    outliers_caught_ci: tuple[float, float] | None = None


class AbstentionLimits(Statistics):
    """Limits beyond which the model does not answer; docs/bundle.md tells how they are found.

    detector, detector_limit: of the embedding. layout, layout_limit: of the thumbnail. posture,
    posture_limit: the least probability of upright that is let through.
    """

    detector: Gaussian
    detector_limit: float
    layout: Gaussian
    layout_limit: float
    posture: Orientation
    posture_limit: float


class Abstention(AbstentionLimits):
    """Limits, and how often they abstain."""

    measured: AbstentionRates
