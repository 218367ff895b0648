"""A bundle whose answers can be computed by hand: bright films are pneumonia."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper
from PIL import Image

from radistill.files import sha256

SIDE = 16


def brightness(slope: float = 4.0) -> bytes:
    """probability of the second class = sigmoid(slope * (mean - 0.5)); a 2 x 2 map of means."""
    shapes = {"probability": ["batch", 2], "cam": ["batch", 2, 2], "embedding": ["batch", 4]}
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in shapes.items()]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, SIDE, SIDE])
    weights = np.array([[0, slope / 4]] * 4, np.float32)
    constants = {
        "weights": weights,
        "bias": np.array([0, -slope / 2], np.float32),
        "four": np.array([-1, 4]),
        "grid": np.array([-1, 2, 2]),
        "half": np.array(0.5, np.float32),
    }
    k = SIDE // 2
    nodes = [
        helper.make_node("AveragePool", ["image"], ["means"], kernel_shape=[k, k], strides=[k, k]),
        helper.make_node("Reshape", ["means", "four"], ["embedding"]),
        helper.make_node("Gemm", ["embedding", "weights", "bias"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probability"], axis=1),
        helper.make_node("Reshape", ["means", "grid"], ["squares"]),
        helper.make_node("Sub", ["squares", "half"], ["cam"]),
    ]
    initial = [onnx.numpy_helper.from_array(value, name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "brightness", [image], outputs, initial)
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=10).SerializeToString()


def card(**changes: Any) -> dict[str, Any]:
    point = {
        "split": "validation",
        "films": 9,
        "sensitivity": None,
        "sensitivity_ci": None,
        "specificity": None,
        "specificity_ci": None,
    }
    return {
        "format": 2,
        "radistill_version": "0.1.0",
        "architecture": "brightness",
        "classes": ["NORMAL", "PNEUMONIA"],
        "positive": "PNEUMONIA",
        "input_size": SIDE,
        "preprocessing": "",
        "temperature": 1.0,
        "threshold": 0.5,
        "operating_points": [
            {"name": "default", "threshold": 0.5, **point},
            {"name": "sensitivity-0.95", "threshold": 0.3, **point},
        ],
        "cam": {"method": "", "size": [2, 2], "scale": 0.5},
        "embedding_size": 4,
        "population": {
            "description": "children of one hospital",
            "age_years": [1, 6],
            "body_parts": ["CHEST"],
            "views": ["PA", "AP"],
            "modalities": ["CR"],
        },
        "abstention": None,
        "training_data": {},
        "figures": {},
        "notes": [],
        "synthetic": False,
        "leaking": False,
        "licence": "",
        "intended_use": "",
        "quantisation": {
            "kind": "none",
            "setting": "",
            "val_auc_float32": None,
            "val_auc_small": None,
            "decisions_changed": None,
            "reason": "",
        },
        "parity": 0.0,
        **changes,
    }


def write_bundle(folder: Path, slope: float = 4.0) -> Path:
    folder.mkdir(exist_ok=True)
    model = brightness(slope)
    (folder / "model.onnx").write_bytes(model)
    values = card(files={"model.onnx": sha256(model)})
    (folder / "card.json").write_text(json.dumps(values), "utf-8")
    return folder


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bundle(tmp_path_factory.mktemp("bundle"))


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """Ten films of rising brightness, noisy so that they are not empty."""
    folder = tmp_path / "films"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(10):
        pixels = rng.normal(30 + 20 * i, 20, (40, 32)).clip(0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(folder / f"film {i}.png")
    return folder
