"""TensorFlow.js shards against arrays written by hand."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from radistill.errors import RadistillError
from radistill.models.weights.tfjs import read_tfjs


def pack(arrays: dict[str, np.ndarray], shard: int = 7, **extra: Any) -> dict[str, bytes]:
    """Files as the converter of TensorFlow.js writes them, in shards of `shard` bytes."""
    content = b"".join(a.astype(a.dtype.newbyteorder("<")).tobytes() for a in arrays.values())
    shards = [content[i : i + shard] for i in range(0, len(content), shard)]
    names = [f"group1-shard{i + 1}of{len(shards)}.bin" for i in range(len(shards))]
    weights = [
        {"name": k, "shape": list(a.shape), "dtype": a.dtype.name, **extra}
        for k, a in arrays.items()
    ]
    model = {"weightsManifest": [{"paths": names, "weights": weights}]}
    return {"model.json": json.dumps(model).encode(), **dict(zip(names, shards, strict=True))}


@given(
    st.lists(
        hnp.arrays(np.float32, hnp.array_shapes(max_dims=4, max_side=4)), min_size=1, max_size=4
    ),
    st.integers(1, 50),
)
def test_round_trip(values: list[np.ndarray], shard: int) -> None:
    arrays = {f"layer{i}/kernel": value for i, value in enumerate(values)}
    found = read_tfjs(pack(arrays, shard))
    assert found.keys() == arrays.keys()
    for name, value in arrays.items():
        np.testing.assert_array_equal(found[name], value)


def test_quantised_weights_are_refused() -> None:
    files = pack({"w": np.array([0, 1], np.uint8)}, quantization={"dtype": "uint8", "scale": 0.5})
    with pytest.raises(RadistillError, match="w is quantised"):
        read_tfjs(files)


def broken(change: str) -> dict[str, bytes]:
    files = pack({"w": np.arange(6, dtype=np.float32)}, shard=100)
    shard = "group1-shard1of1.bin"
    if change == "short":
        files[shard] = files[shard][:-1]
    elif change == "long":
        files[shard] += b"1234"
    elif change == "json":
        files["model.json"] = b"{"
    else:
        del files[change]
    return files


@pytest.mark.parametrize("change", ["short", "long", "json", "model.json", "group1-shard1of1.bin"])
def test_damage_is_noticed(change: str) -> None:
    with pytest.raises(RadistillError, match=r"TensorFlow\.js weights"):
        read_tfjs(broken(change))
