"""The light reader: right numbers, nothing heavy imported, clear words on a damaged folder."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from radistill.errors import UsageError
from radistill.files import sha256
from radistill.runtime import Bundle

SIDE = 4


def brightness_model(sign: float) -> bytes:
    """softmax([0, sign * mean]) of the film: its probabilities can be computed by hand."""
    shape = ["batch", 1, SIDE, SIDE]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)
    sizes = {"probability": ["batch", 2], "cam": ["batch", 1, 2], "embedding": ["batch", 2]}
    outputs = [helper.make_tensor_value_info(n, TensorProto.FLOAT, s) for n, s in sizes.items()]
    weights = np.zeros((SIDE * SIDE, 2), np.float32)
    weights[:, 1] = sign / SIDE**2
    nodes = [
        helper.make_node("Flatten", ["image"], ["flat"]),
        helper.make_node("MatMul", ["flat", "weights"], ["logits"]),
        helper.make_node("Softmax", ["logits"], ["probability"], axis=1),
        helper.make_node("Unsqueeze", ["logits", "one"], ["cam"]),
        helper.make_node("Identity", ["logits"], ["embedding"]),
    ]
    initial = [
        onnx.numpy_helper.from_array(weights, "weights"),
        onnx.numpy_helper.from_array(np.array([1]), "one"),
    ]
    graph = helper.make_graph(nodes, "brightness", [image], outputs, initial)
    opset = [helper.make_opsetid("", 18)]
    model = helper.make_model(graph, opset_imports=opset, ir_version=10)
    return model.SerializeToString()


def card(**changes: object) -> dict[str, object]:
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
        "operating_points": [],
        "cam": {"method": "", "size": [1, 2], "scale": 1.0},
        "embedding_size": 2,
        "population": {"description": "squares"},
        "abstention": None,
        "training_data": {},
        "figures": {},
        "notes": [],
        "synthetic": True,
        "leaking": False,
        "licence": "",
        "intended_use": "",
        "quantisation": {
            "kind": "int8",
            "setting": "",
            "val_auc_float32": None,
            "val_auc_small": None,
            "decisions_changed": None,
            "reason": "",
        },
        "parity": 0.0,
        **changes,
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The float32 model likes bright films, the INT8 one (float inside) dark ones."""
    files = {"model.onnx": brightness_model(3.0), "model.int8.onnx": brightness_model(-3.0)}
    for name, data in files.items():
        (tmp_path / name).write_bytes(data)
    rewrite(tmp_path, files={name: sha256(data) for name, data in files.items()})
    return tmp_path


def rewrite(folder: Path, **changes: object) -> None:
    path = folder / "card.json"
    values = json.loads(path.read_text("utf-8")) if path.exists() else card()
    path.write_text(json.dumps({**values, **changes}), "utf-8")


def by_hand(squares: np.ndarray, slope: float) -> np.ndarray:
    positive = 1 / (1 + np.exp(-slope * squares.reshape(len(squares), -1).mean(1) / 255))
    return np.stack([1 - positive, positive], 1)


SQUARES = np.random.default_rng(0).integers(0, 256, (300, SIDE, SIDE), dtype=np.uint8)


def test_probabilities_by_hand(folder: Path) -> None:
    exact = Bundle.load(folder, precision="float32", threads=1)
    assert exact.file == "model.onnx"
    result = exact.probabilities(SQUARES)
    assert result.dtype == np.float64
    np.testing.assert_allclose(result, by_hand(SQUARES, 3.0), atol=1e-6)
    np.testing.assert_allclose(result.sum(1), 1, atol=1e-12)


def test_batches_side_by_side_say_the_same_in_order(folder: Path) -> None:
    one, many = (Bundle.load(folder, threads=n).run(SQUARES) for n in (1, 4))
    for expected, found in zip(one, many, strict=True):
        assert np.array_equal(expected, found)


def test_int8_is_preferred_where_there_is_one(folder: Path) -> None:
    bundle = Bundle.load(folder)
    assert bundle.file == "model.int8.onnx"
    np.testing.assert_allclose(bundle.probabilities(SQUARES), by_hand(SQUARES, -3.0), atol=1e-6)
    files = json.loads((folder / "card.json").read_text("utf-8"))["files"]
    rewrite(folder, files={"model.onnx": files["model.onnx"]})
    assert Bundle.load(folder).file == "model.onnx"


def test_no_film_gives_no_row(folder: Path) -> None:
    assert Bundle.load(folder).probabilities(SQUARES[:0]).shape == (0, 2)


@pytest.mark.parametrize(
    "squares",
    [SQUARES.astype(np.float32), SQUARES[0], SQUARES[:, :2]],
    ids=["float", "one film without batch", "other size"],
)
def test_other_arrays_are_refused(folder: Path, squares: np.ndarray) -> None:
    with pytest.raises(ValueError, match="expected uint8"):
        Bundle.load(folder).probabilities(squares)


@pytest.mark.parametrize("name", ["model.onnx", "model.int8.onnx"])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(UsageError, match=f"{name}: missing"):
        Bundle.load(folder)


def test_a_flipped_bit_is_noticed(folder: Path) -> None:
    data = bytearray((folder / "model.onnx").read_bytes())
    data[len(data) // 2] ^= 1
    (folder / "model.onnx").write_bytes(data)
    with pytest.raises(UsageError, match=r"model\.onnx: damaged or changed"):
        Bundle.load(folder)


def test_a_folder_that_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"card\.json: not found"):
        Bundle.load(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 1}, "reads bundles of format 2, this one has 1"),
        ({"positive": "COVID"}, "none of the classes"),
        ({"files": {"../../etc/passwd": "0"}}, "is damaged"),
        ({"files": {}}, r"model\.onnx is not listed"),
        ({"classes": ["ONE"], "positive": "ONE"}, "classes"),
        ({"temperature": 0}, "temperature"),
        ({"input_size": 8}, "says input_size 8"),
        (
            {"abstention": {"detector": {"kind": "neighbours"}}},
            r"\(neighbours\) are of an earlier version. Make the bundle again",
        ),
    ],
    ids=lambda value: "" if isinstance(value, str) else ",".join(value),
)
def test_a_wrong_card(folder: Path, changes: dict[str, object], words: str) -> None:
    rewrite(folder, **changes)
    with pytest.raises(UsageError, match=words):
        Bundle.load(folder)


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"format": 2}'])
def test_a_torn_card(folder: Path, text: str) -> None:
    (folder / "card.json").write_text(text)
    with pytest.raises(UsageError, match=r"card\.json: is damaged"):
        Bundle.load(folder)


def test_a_model_that_is_no_onnx(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(b"<html>not found</html>")
    rewrite(folder, files={"model.onnx": sha256(b"<html>not found</html>")})
    with pytest.raises(UsageError, match=r"model\.onnx: onnxruntime .* cannot open it"):
        Bundle.load(folder)


def test_nothing_heavy_is_imported(folder: Path) -> None:
    code = (
        "import sys, numpy as np; from pathlib import Path; from radistill.runtime import Bundle; "
        f"b = Bundle.load(Path(sys.argv[1])); "
        f"print(b.probabilities(np.zeros((1, {SIDE}, {SIDE}), np.uint8))[0, 1]); "
        "heavy = {'torch', 'torchvision', 'sklearn', 'scipy', 'matplotlib', 'onnx', 'pandas'}; "
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) == pytest.approx(0.5)
