"""PyTorch -> ONNX: traces a network and compares it. The only file of the room that needs torch."""

import copy
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import onnx
import torch
from scipy.special import softmax
from torch import Tensor, nn

from radistill.errors import RadistillError
from radistill.export.graph import ExportedModel, Head, add_head
from radistill.imaging import to_unit
from radistill.metrics.calibration import UNCALIBRATED, calibrate_scores, steepest_slope
from radistill.models.classifier import GreyClassifier
from radistill.runtime.session import open_session, run_batches
from radistill.schema.calibrated import CalibrationMap

OPSET = 18
TOLERANCE = 1e-4


def export_onnx(
    model: GreyClassifier,
    *,
    positive: int,
    sample: np.ndarray,
    calibration: CalibrationMap = UNCALIBRATED,
    groups: Sequence[int] | None = None,
    traced: onnx.ModelProto | None = None,
) -> ExportedModel:
    """`model` as ONNX; input "image", float32 (N, 1, S, S) in [0, 1]; outputs as `add_head` says.

    positive: index among the K reported classes. groups: for each logit the index of the class it
    is reported as. sample: uint8 (N, S, S), the films on which the graph is compared with PyTorch.
    traced: what `trace` made of `model`. `model` is left as it was.
    Raises RadistillError if an output differs by more than 1e-4 (times the steepest slope of the
    calibration, which magnifies what there is) or the sample is empty.
    """
    side = model.input_size
    if sample.shape[1:] != (side, side) or not len(sample):
        raise RadistillError(
            f"the export of {model.architecture} is checked on films of shape (N, {side}, {side}), "
            f"got {sample.shape}."
        )
    head = head_of(model, positive, groups)
    exported = add_head(traced or trace(model), head, calibration)
    parity = _difference(_plain_copy(model), exported.bytes, sample, head, calibration)
    allowed = TOLERANCE * steepest_slope(calibration)
    if not parity <= allowed:  # also when it is NaN
        raise RadistillError(
            f"the exported {model.architecture} differs from PyTorch by {parity:.2g} "
            f"(at most {allowed:.2g} is allowed), so it was not written."
        )
    return replace(exported, parity=parity)


def head_of(model: GreyClassifier, positive: int, groups: Sequence[int] | None = None) -> Head:
    """The last layer of `model`; arguments as `export_onnx` takes them."""
    last: nn.Linear = model.head[1]  # type: ignore[assignment]
    weight, bias = (value.detach().cpu().float().numpy() for value in (last.weight, last.bias))
    return Head(weight, bias, positive, tuple(groups) if groups else None)


class _Embedding(nn.Module):
    def __init__(self, classifier: GreyClassifier) -> None:
        super().__init__()
        self.classifier = classifier
        for module in classifier.modules():
            # Of maps with the channels last the exporter would copy it by indices of the image.
            if isinstance(module, nn.AdaptiveAvgPool2d) and module.output_size in (1, (1, 1)):
                module.forward = _mean  # type: ignore[method-assign]

    def forward(self, image: Tensor) -> Tensor:
        return self.classifier.embedding(image)


def _mean(input: Tensor) -> Tensor:
    return input.mean((2, 3), keepdim=True)


def _plain_copy(model: GreyClassifier) -> GreyClassifier:
    copied = copy.deepcopy(model).cpu().float().eval()
    return copied.to(memory_format=torch.contiguous_format)


def trace(model: GreyClassifier) -> onnx.ModelProto:
    """From "image" to "embedding" as ONNX, which takes seconds.

    A copy of `model` is traced, on the CPU, in float32 and eval mode.
    """
    # Two films: with one, the exporter takes the batch for a constant.
    example = torch.zeros(2, 1, model.input_size, model.input_size)
    program: Any = torch.onnx.export(
        _Embedding(_plain_copy(model)).eval(),
        (example,),
        input_names=["image"],
        output_names=["embedding"],
        opset_version=OPSET,
        dynamic_shapes={"image": {0: torch.export.Dim("batch")}},
        dynamo=True,
        external_data=False,
        verbose=False,
    )
    proto: onnx.ModelProto = program.model_proto
    return proto


def _difference(
    model: GreyClassifier, data: bytes, sample: np.ndarray, head: Head, calibration: CalibrationMap
) -> float:
    films = torch.from_numpy(to_unit(sample))
    with torch.inference_mode():
        parts = [(model(batch), model.embedding(batch)) for batch in films.split(32)]
    logits, embedding = (torch.cat(part).numpy() for part in zip(*parts, strict=True))
    ours = run_batches(open_session(data), sample)
    scores = softmax(logits.astype(np.float64), axis=1) @ head.membership
    expected = (calibrate_scores(calibration, scores, head.positive), embedding)
    return max(
        float(np.abs(one - two).max() / max(1.0, np.abs(two).max()))
        for one, two in zip((ours.probability, ours.embedding), expected, strict=True)
    )
