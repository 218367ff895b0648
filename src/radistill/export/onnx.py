"""PyTorch -> one ONNX file that holds the weights and nothing of the exporter's diary."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from torch import nn

from radistill.errors import RadistillError
from radistill.export.traced import Explained
from radistill.files import write_with
from radistill.imaging import to_unit
from radistill.metrics.calibration import UNCALIBRATED, steepest_slope
from radistill.models.classifier import GreyClassifier
from radistill.runtime.session import OUTPUTS, open_session, run_batches
from radistill.schema.figures import CalibrationMap

OPSET = 18
TOLERANCE = 1e-4


@dataclass(frozen=True)
class Exported:
    """What is known of a file just written.

    parity: greatest difference between PyTorch and the file over all three outputs, each divided
    by its greatest absolute value where that is above 1. cam_method: how the map is computed.
    """

    parity: float
    cam_method: str


def export_onnx(
    model: GreyClassifier,
    path: Path,
    *,
    positive: int,
    sample: np.ndarray,
    calibration: CalibrationMap = UNCALIBRATED,
    groups: Sequence[int] | None = None,
) -> Exported:
    """Write `model` as ONNX with three outputs.

    The file's input is "image", float32 (N, 1, S, S) in [0, 1] with any N; its outputs are
    those of `Explained`: "probability" (N, K), "cam" (N, h, w) and "embedding" (N, D). The index of
    the positive class is noted in the model's metadata, so that a file parted from its card can
    still be read. `model` is left as it was.

    positive: index among the K reported classes. calibration, groups: see `Explained`.
    sample: uint8 (N, S, S), the films on which the file is compared with PyTorch.
    Raises RadistillError and leaves no file if an output differs by more than 1e-4 (see
    `Exported.parity`; times the steepest slope of the calibration, which magnifies what there is)
    or the sample is empty.
    """
    side = model.input_size
    if sample.shape[1:] != (side, side) or not len(sample):
        raise RadistillError(
            f"{path}: the export is checked on films of shape (N, {side}, {side}), "
            f"got {sample.shape}."
        )
    reference = Explained(model, positive=positive, calibration=calibration, groups=groups)
    graph = _trace(reference, side)
    strip(graph)
    onnx.helper.set_model_props(graph, {"positive": str(positive)})
    onnx.checker.check_model(graph, full_check=True)
    data = graph.SerializeToString()
    parity = _difference(reference, data, sample)
    allowed = TOLERANCE * steepest_slope(calibration)
    if not parity <= allowed:  # also when it is NaN
        raise RadistillError(
            f"{path}: the exported model differs from PyTorch by {parity:.2g} "
            f"(at most {allowed:.2g} is allowed), so it was not written."
        )
    write_with(path, lambda temporary: temporary.write_bytes(data))
    return Exported(parity, reference.method)


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
        output_names=list(OUTPUTS),
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
        batches = [reference(batch) for batch in torch.split(torch.from_numpy(to_unit(sample)), 32)]
    theirs = [torch.cat(parts).numpy() for parts in zip(*batches, strict=True)]
    return max(
        float(np.abs(one - two).max() / max(1.0, np.abs(two).max()))
        for one, two in zip(ours, theirs, strict=True)
    )
