"""float32 ONNX -> static INT8 (QDQ), kept only if validation says that nothing is lost."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import onnx
from onnxruntime import quantization as ortq
from sklearn.metrics import roc_auc_score

from radistill import atomic
from radistill.deploy.export import strip
from radistill.imaging import to_unit
from radistill.runtime.card import Quantisation
from radistill.runtime.session import open_session, run_batches

MAX_AUC_LOSS = 0.003
CALIBRATION_FILMS = 128
HEAD = ("Gemm", "MatMul")


@dataclass(frozen=True)
class Setting:
    """One way to quantise.

    reduce_range: 7-bit weights with unsigned activations. CPUs without VNNI add pairs of
    u8 x s8 products in 16 bits, which saturate with 8-bit weights.
    """

    name: str
    per_channel: bool
    reduce_range: bool
    activations: ortq.QuantType


# In the order of trial.
SETTINGS = (
    Setting("u8s8 per channel, 7-bit weights", True, True, ortq.QuantType.QUInt8),
    Setting("u8s8 per tensor, 7-bit weights", False, True, ortq.QuantType.QUInt8),
    Setting("s8s8 per channel", True, False, ortq.QuantType.QInt8),
)


class _Films(ortq.CalibrationDataReader):
    """Feeds calibration films to onnxruntime one by one."""

    def __init__(self, squares: np.ndarray) -> None:
        self.feeds: Iterator[dict[str, np.ndarray]] = (
            {"image": to_unit(squares[i : i + 1])} for i in range(len(squares))
        )

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.feeds, None)


def quantise(
    float_path: Path, int8_path: Path, calibration: np.ndarray, *, setting: Setting = SETTINGS[0]
) -> None:
    """Write the INT8 twin of `float_path` to `int8_path`, atomically.

    calibration: uint8 (N, S, S), films that set the ranges of the activations.
    The last linear layer and the softmax stay float32: quantised they would leave at most 256
    different probabilities, and with them ties that no threshold can part.
    """
    model = onnx.load(float_path)
    with TemporaryDirectory() as folder:
        prepared, written = Path(folder) / "prepared.onnx", Path(folder) / "int8.onnx"
        _quietly(ortq.shape_inference.quant_pre_process, model, str(prepared))
        _quietly(
            ortq.quantize_static,
            str(prepared),
            str(written),
            _Films(spread(calibration, CALIBRATION_FILMS)),
            quant_format=ortq.QuantFormat.QDQ,
            per_channel=setting.per_channel,
            reduce_range=setting.reduce_range,
            activation_type=setting.activations,
            weight_type=ortq.QuantType.QInt8,
            nodes_to_exclude=_kept_float(onnx.load(prepared)),
        )
        small = onnx.load(written)
    strip(small)
    properties = {item.key: item.value for item in model.metadata_props}
    onnx.helper.set_model_props(small, properties)
    atomic.write_with(int8_path, lambda temporary: onnx.save(small, temporary))


def quantise_if_it_holds(
    float_path: Path,
    int8_path: Path,
    *,
    squares: np.ndarray,
    truth: np.ndarray,
    positive: int,
    threshold: float,
    settings: tuple[Setting, ...] = SETTINGS,
) -> Quantisation:
    """Try `settings` in order; keep the first whose validation AUC falls by at most 0.003.

    squares: uint8 (N, S, S) validation films; truth: bool (N,), True where positive.
    If none holds, `int8_path` is removed and the outcome says why.
    """
    if truth.all() or not truth.any():
        return _dropped("validation holds one class only, so no AUC can judge INT8")
    before = _positive(float_path, squares, positive)
    auc_before = float(roc_auc_score(truth, before))
    tried = []
    for setting in settings:
        quantise(float_path, int8_path, squares, setting=setting)
        after = _positive(int8_path, squares, positive)
        auc_after = float(roc_auc_score(truth, after))
        tried.append(f"{setting.name}: AUC {auc_after:.4f}")
        if auc_before - auc_after <= MAX_AUC_LOSS:
            return Quantisation(
                kept=True,
                setting=setting.name,
                val_auc_float32=auc_before,
                val_auc_int8=auc_after,
                decisions_changed=float(np.mean((before >= threshold) != (after >= threshold))),
                reason=f"validation AUC falls by at most {MAX_AUC_LOSS}",
            )
    int8_path.unlink(missing_ok=True)
    return _dropped(
        f"validation AUC falls by more than {MAX_AUC_LOSS} ({'; '.join(tried)})", auc_before
    )


def spread(squares: np.ndarray, count: int) -> np.ndarray:
    """At most `count` films, evenly spaced over `squares`, which may be sorted by class."""
    take = min(count, len(squares))
    chosen: np.ndarray = squares[np.linspace(0, len(squares) - 1, take).round().astype(int)]
    return chosen


def _dropped(reason: str, auc: float | None = None) -> Quantisation:
    return Quantisation(
        kept=False,
        setting="",
        val_auc_float32=auc,
        val_auc_int8=None,
        decisions_changed=None,
        reason=reason,
    )


def _positive(path: Path, squares: np.ndarray, positive: int) -> np.ndarray:
    session = open_session(path.read_bytes())
    column: np.ndarray = run_batches(session, squares)[:, positive]
    return column


def _kept_float(model: onnx.ModelProto) -> list[str]:
    nodes = list(model.graph.node)
    heads = [node.name for node in nodes if node.op_type in HEAD][-1:]
    return heads + [node.name for node in nodes if node.op_type == "Softmax"]


def _quietly(function: Any, *args: Any, **kwargs: Any) -> None:
    """Call onnxruntime's quantiser without its advice on the root logger."""
    logging.disable(logging.WARNING)
    try:
        function(*args, **kwargs)
    finally:
        logging.disable(logging.NOTSET)
