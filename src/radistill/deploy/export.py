"""PyTorch -> one ONNX file that holds the weights and nothing of the exporter's diary."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from radistill import atomic
from radistill.errors import RadistillError
from radistill.imaging import to_unit
from radistill.runtime.session import open_session, run_batches

OPSET = 18
TOLERANCE = 1e-4


class WithSoftmax(nn.Module):
    """A classifier that answers with probabilities instead of logits."""

    def __init__(self, classifier: nn.Module) -> None:
        super().__init__()
        self.classifier = classifier

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """float32 (N, 1, S, S) in [0, 1] -> probabilities (N, classes)."""
        return torch.softmax(self.classifier(image), dim=1)


def export_onnx(
    model: nn.Module, path: Path, *, input_size: int, positive: int, sample: np.ndarray
) -> float:
    """Write `model` (float32 (N, 1, S, S) in [0, 1] -> logits (N, classes)) as ONNX.

    The file's input is "image", float32 (N, 1, S, S) in [0, 1] with any N, its output
    "probability", float32 (N, classes). The index of the positive class is noted in the model's
    metadata, so that a file parted from its card can still be read. `model` is left as it was.

    sample: uint8 (N, S, S), the films on which the file is compared with PyTorch.
    Returns the greatest absolute difference of a probability. Above 1e-4, or with an empty
    sample, raises RadistillError and leaves no file.
    """
    if sample.shape[1:] != (input_size, input_size) or not len(sample):
        raise RadistillError(
            f"{path}: the export is checked on films of shape (N, {input_size}, {input_size}), "
            f"got {sample.shape}."
        )
    reference = WithSoftmax(copy.deepcopy(model)).cpu().float().eval()
    reference = reference.to(memory_format=torch.contiguous_format)
    graph = _trace(reference, input_size)
    strip(graph)
    onnx.helper.set_model_props(graph, {"positive": str(positive)})
    onnx.checker.check_model(graph, full_check=True)
    data = graph.SerializeToString()
    difference = _difference(reference, data, sample)
    if not difference <= TOLERANCE:  # also when it is NaN
        raise RadistillError(
            f"{path}: the exported model differs from PyTorch by {difference:.2g} in probability "
            f"(at most {TOLERANCE:g} is allowed), so it was not written."
        )
    atomic.write_with(path, lambda temporary: temporary.write_bytes(data))
    return difference


def strip(model: onnx.ModelProto) -> None:
    """Remove doc strings, metadata and inferred shapes, in place.

    torch's exporter notes the Python stack of every node: 0.3 MB in a ShuffleNet of 1.4 MB.
    """
    for part in (model, model.graph):
        del part.metadata_props[:]
        part.doc_string = ""
    graph = model.graph
    del graph.value_info[:]
    for items in (graph.node, graph.input, graph.output, graph.initializer):
        for item in items:
            del item.metadata_props[:]
            item.doc_string = ""


def _trace(module: nn.Module, input_size: int) -> onnx.ModelProto:
    # Two films: with one, the exporter takes the batch for a constant.
    example = torch.zeros(2, 1, input_size, input_size)
    program: Any = torch.onnx.export(
        module,
        (example,),
        input_names=["image"],
        output_names=["probability"],
        opset_version=OPSET,
        dynamic_shapes={"image": {0: torch.export.Dim("batch")}},
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    proto: onnx.ModelProto = program.model_proto
    return proto


def _difference(reference: nn.Module, data: bytes, sample: np.ndarray) -> float:
    ours = run_batches(open_session(data), sample)
    with torch.inference_mode():
        batches = torch.split(torch.from_numpy(to_unit(sample)), 32)
        theirs = torch.cat([reference(batch) for batch in batches]).numpy()
    return float(np.abs(ours - theirs).max())
