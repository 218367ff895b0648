"""TensorFlow.js weights: a `model.json` with a manifest, and binary shards beside it."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from typing import Any

import numpy as np

from radistill.errors import RadistillError


def read_tfjs(files: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """Arrays by name, float32 unless the manifest says otherwise.

    files: content by file name, `model.json` and every shard its manifest names. Weights lie
    one after the other in the joined shards of a group, little-endian, in row-major order;
    quantised ones are `integer * scale + min`, or float16.
    Raises RadistillError if a file is missing or the bytes do not add up.
    """
    try:
        manifest = json.loads(files["model.json"])["weightsManifest"]
        arrays: dict[str, np.ndarray] = {}
        for group in manifest:
            content = b"".join(files[name] for name in group["paths"])
            arrays |= _read_group(content, group["weights"])
    except KeyError as error:
        raise RadistillError(f"TensorFlow.js weights: {error} is missing") from None
    except (ValueError, TypeError) as error:
        raise RadistillError(f"TensorFlow.js weights: not understood ({error})") from None
    return arrays


def _read_group(content: bytes, weights: list[dict[str, Any]]) -> dict[str, np.ndarray]:
    arrays = {}
    offset = 0
    for weight in weights:
        quantised = weight.get("quantization", {})
        stored = np.dtype(quantised.get("dtype", weight["dtype"])).newbyteorder("<")
        count = math.prod(weight["shape"])
        values = np.frombuffer(content, stored, count, offset)
        offset += count * stored.itemsize
        if "scale" in quantised:
            values = values * np.float32(quantised["scale"]) + np.float32(quantised["min"])
        arrays[weight["name"]] = values.astype(weight["dtype"]).reshape(weight["shape"])
    if offset != len(content):
        raise ValueError(f"{len(content)} bytes in the shards, {offset} in the manifest")
    return arrays
