"""The ONNX file says what PyTorch says, and holds little else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from torch import nn

from radistill.errors import RadistillError
from radistill.export.graph_builder import strip
from radistill.export.onnx import export_onnx
from radistill.models import GreyClassifier, create

SIDE = 32


def squares(count: int, side: int = SIDE) -> np.ndarray:
    return np.random.default_rng(3).integers(0, 256, (count, side, side), dtype=np.uint8)


def outputs(path: Path, images: np.ndarray) -> np.ndarray:
    session = ort.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return session.run(["probability"], {"image": images})[0]


def test_equals_pytorch_for_any_batch(tiny: GreyClassifier, tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    sample = squares(7)
    tiny.train()
    exported = export_onnx(tiny, positive=2, sample=sample)
    onnx.save(exported.graph, path)
    assert tiny.training, "the caller's model is left as it was"
    assert 0 <= exported.parity <= 1e-4

    images = (sample.astype(np.float32) / 255)[:, None]
    with torch.inference_mode():
        expected = torch.softmax(tiny.eval()(torch.from_numpy(images)), dim=1).numpy()
    for count in (1, 2, 7):
        np.testing.assert_allclose(outputs(path, images[:count]), expected[:count], atol=1e-5)
    assert np.abs(outputs(path, images) - expected).max() <= exported.parity + 1e-7


def test_the_graph_is_clean(tiny: GreyClassifier) -> None:
    model = export_onnx(tiny, positive=2, sample=squares(2)).graph
    assert model.opset_import[0].version >= 17
    assert {p.key: p.value for p in model.metadata_props} == {"positive": "2"}
    assert not any(node.metadata_props or node.doc_string for node in model.graph.node)
    assert [(i.name, i.type.tensor_type.shape.dim[0].dim_param) for i in model.graph.input] == [
        ("image", "batch")
    ]
    assert [o.name for o in model.graph.output] == ["probability", "cam", "embedding"]
    assert str(Path(__file__).parent).encode() not in model.SerializeToString(), (
        "no path of this machine"
    )


def test_size_is_that_of_the_weights() -> None:
    net, _ = create("shufflenet_v2_x0_5", classes=2, weights="random", input_size=64)
    size = len(export_onnx(net, positive=1, sample=squares(3, 64)).bytes)
    weights = 4 * sum(p.numel() for p in net.parameters())
    assert weights * 0.95 < size < weights * 1.06


class Unfaithful(nn.Module):
    """Answers differently when traced than when run, as data-dependent Python code does."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(1, 4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        shift = 0.5 if torch.compiler.is_exporting() else 0.0
        return self.conv(x).mean((2, 3)) + shift


def test_an_unfaithful_export_is_refused() -> None:
    model = GreyClassifier(
        Unfaithful(),
        embedding_size=4,
        classes=2,
        architecture="unfaithful",
        input_size=SIDE,
        mean=(0.5,),
        std=(0.25,),
    )
    with pytest.raises(RadistillError, match="differs from PyTorch"):
        export_onnx(model, positive=1, sample=squares(2))


def test_nan_is_a_difference(tiny: GreyClassifier) -> None:
    with torch.no_grad():
        next(tiny.parameters()).fill_(float("nan"))
    with pytest.raises(RadistillError, match="differs from PyTorch by nan"):
        export_onnx(tiny, positive=0, sample=squares(2))


@pytest.mark.parametrize("sample", [squares(0), squares(2, 16)], ids=["empty", "wrong size"])
def test_a_useless_sample_is_refused(tiny: GreyClassifier, sample: np.ndarray) -> None:
    with pytest.raises(RadistillError, match="is checked on films of shape"):
        export_onnx(tiny, positive=0, sample=sample)


def test_strip_removes_every_note() -> None:
    x = onnx.helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, [1])
    y = onnx.helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, [1])
    node = onnx.helper.make_node("Relu", ["x"], ["y"], doc_string="a stack trace")
    model = onnx.helper.make_model(onnx.helper.make_graph([node], "g", [x], [y], doc_string="doc"))
    onnx.helper.set_model_props(model, {"note": "a path"})
    strip(model)
    onnx.checker.check_model(model)
    assert b"a stack trace" not in model.SerializeToString()
    assert b"note" not in model.SerializeToString()
