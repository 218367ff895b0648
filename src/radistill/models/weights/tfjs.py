"""TensorFlow.js weights: a `model.json` with a manifest, and binary shards beside it."""

import json
import math
from collections.abc import Mapping

import numpy as np

from radistill.errors import RadistillError


def read_tfjs(files: Mapping[str, bytes]) -> dict[str, np.ndarray]:
    """Arrays by name, of the types that the manifest states.

    files: content by file name, `model.json` and every shard its manifest names. Weights lie
    one after the other in the joined shards of a group, little-endian, in row-major order.
    Raises RadistillError if a file is missing, the bytes do not add up or weights are quantised.
    """
    arrays: dict[str, np.ndarray] = {}
    try:
        for group in json.loads(files["model.json"])["weightsManifest"]:
            content, offset = b"".join(files[name] for name in group["paths"]), 0
            for weight in group["weights"]:
                if "quantization" in weight:
                    raise ValueError(f"{weight['name']} is quantised")
                stored, count = np.dtype(weight["dtype"]), math.prod(weight["shape"])
                values = np.frombuffer(content, stored.newbyteorder("<"), count, offset)
                arrays[weight["name"]] = values.astype(stored).reshape(weight["shape"])
                offset += count * stored.itemsize
            if offset != len(content):
                raise ValueError(f"{len(content)} bytes in the shards, {offset} in the manifest")
    except KeyError as error:
        raise RadistillError(f"TensorFlow.js weights: {error} is missing") from None
    except (ValueError, TypeError) as error:
        raise RadistillError(f"TensorFlow.js weights: not understood ({error})") from None
    return arrays
