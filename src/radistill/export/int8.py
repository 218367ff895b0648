"""float32 ONNX -> static INT8 (QDQ), or half precision, whichever validation says holds."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime import quantization as ortq
from sklearn.metrics import roc_auc_score

from radistill.export.float16 import halve
from radistill.export.graph_builder import strip
from radistill.export.stage_features import STAGE
from radistill.files import write_with
from radistill.imaging import to_unit
from radistill.runtime.session import open_session, run_batches
from radistill.schema.card import FLOAT16, INT8, FileName, Quantisation

# How far a smaller file may be from float32 on validation, in either direction: it must be the same
# model. One film may always change sides.
MAX_AUC_DIFFERENCE = 0.003
MAX_PROBABILITY_DIFFERENCE = 0.03
MAX_DECISIONS_CHANGED = 0.03
LIMITS = (
    f"on validation the AUC differs by at most {MAX_AUC_DIFFERENCE} either way, probabilities by "
    f"{MAX_PROBABILITY_DIFFERENCE} on average, decisions of {MAX_DECISIONS_CHANGED:.0%}"
)
CALIBRATION_FILMS = 128


@dataclass(frozen=True)
class QuantiserSetting:
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
    QuantiserSetting("u8s8 per channel, 7-bit weights", True, True, ortq.QuantType.QUInt8),
    QuantiserSetting("u8s8 per tensor, 7-bit weights", False, True, ortq.QuantType.QUInt8),
    QuantiserSetting("s8s8 per channel", True, False, ortq.QuantType.QInt8),
)


class _Films(ortq.CalibrationDataReader):
    """Feeds films, uint8 (N, S, S), to onnxruntime one by one."""

    def __init__(self, squares: np.ndarray) -> None:
        self.feeds = ({"image": to_unit(squares[i : i + 1])} for i in range(len(squares)))

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.feeds, None)


def quantise(
    float_path: Path,
    int8_path: Path,
    calibration: np.ndarray,
    *,
    setting: QuantiserSetting = SETTINGS[0],
) -> None:
    """Write the INT8 twin of `float_path` to `int8_path`, atomically.

    calibration: uint8 (N, S, S), films that set the ranges of the activations.
    What follows the embedding stays float32: quantised it would leave at most 256 different
    probabilities, and with them ties that no threshold can part. So does what the class activation
    map alone needs.
    """
    model = onnx.load(float_path)
    with TemporaryDirectory() as folder:
        prepared, written = Path(folder) / "prepared.onnx", Path(folder) / "int8.onnx"
        _fold(model, prepared)
        logging.disable(logging.WARNING)  # the quantiser's advice on the root logger
        try:
            ortq.quantize_static(
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
        finally:
            logging.disable(logging.NOTSET)
        small = onnx.load(written)
    strip(small)
    small.metadata_props.extend(model.metadata_props)
    write_with(int8_path, lambda temporary: onnx.save(small, temporary))


def shrink(
    float_path: Path,
    *,
    squares: np.ndarray,
    truth: np.ndarray,
    positive: int,
    threshold: float,
    settings: tuple[QuantiserSetting, ...] = SETTINGS,
) -> Quantisation:
    """Write the smallest file that holds beside `float_path`: INT8 if it does, else half precision.

    A file holds if it is smaller than the float32 file and `difference` finds nothing too large.
    The settings of INT8 are tried in order, then half precision. The result says which and why.
    squares: uint8 (N, S, S) validation films; truth: bool (N,), True where positive.
    """
    if truth.all() or not truth.any():
        return _dropped("validation holds one class only, so no AUC can judge a smaller file")
    before = _positive(float_path, squares, positive)
    tried: list[str] = []
    for kind, name, setting in _attempts(settings):
        path = float_path.with_name(name)
        if setting is None:
            halve(float_path, path)
        else:
            quantise(float_path, path, squares, setting=setting)
        title = setting.name if setting else "half-precision weights"
        measured = difference(truth, before, _positive(path, squares, positive), threshold)
        if not _smaller(path, float_path):
            tried.append(f"{title}: not smaller")
        elif measured.too_large:
            tried.append(f"{title}: {', '.join(measured.too_large)}")
        else:
            return Quantisation(
                kind=kind,
                setting=title,
                val_auc_float32=measured.auc_before,
                val_auc_small=measured.auc_after,
                probability_difference=measured.probability,
                decisions_changed=measured.decisions,
                reason="; ".join([LIMITS, *tried]),
            )
        path.unlink()
    auc = float(roc_auc_score(truth, before))
    return _dropped(f"none is near enough to float32, AUC {auc:.4f} ({'; '.join(tried)})", auc)


def shrink_again(float_path: Path, squares: np.ndarray, outcome: Quantisation) -> None:
    """Write the file that `shrink` kept beside another graph of the same network."""
    if outcome.kind == "int8":
        setting = next(one for one in SETTINGS if one.name == outcome.setting)
        quantise(float_path, float_path.with_name(INT8), squares, setting=setting)
    elif outcome.kind == "float16":
        halve(float_path, float_path.with_name(FLOAT16))


@dataclass(frozen=True)
class FileDifference:
    """A smaller file against float32 on the same films.

    probability: mean absolute difference. decisions: share of films on the other side of the
    threshold. too_large: what is beyond its limit, in words.
    """

    auc_before: float
    auc_after: float
    probability: float
    decisions: float
    too_large: tuple[str, ...]


def difference(
    truth: np.ndarray, before: np.ndarray, after: np.ndarray, threshold: float
) -> FileDifference:
    """truth: bool (N,) of both classes; before, after: (N,), float32's and the smaller file's."""
    auc_before, auc_after = (float(roc_auc_score(truth, p)) for p in (before, after))
    probability = float(np.abs(before - after).mean())
    changed = (before >= threshold) != (after >= threshold)
    beyond = {
        f"AUC {auc_after:.4f} against {auc_before:.4f}": abs(auc_before - auc_after)
        > MAX_AUC_DIFFERENCE,
        f"probabilities differ by {probability:.2f}": probability > MAX_PROBABILITY_DIFFERENCE,
        f"{changed.mean():.1%} of the decisions change": changed.sum() > 1
        and changed.mean() > MAX_DECISIONS_CHANGED,
    }
    too_large = tuple(words for words, is_beyond in beyond.items() if is_beyond)
    return FileDifference(auc_before, auc_after, probability, float(changed.mean()), too_large)


def _smaller(path: Path, than: Path) -> bool:
    return path.stat().st_size < than.stat().st_size


def _attempts(
    settings: tuple[QuantiserSetting, ...],
) -> Iterator[tuple[Literal["int8", "float16"], FileName, QuantiserSetting | None]]:
    for setting in settings:
        yield "int8", INT8, setting
    yield "float16", FLOAT16, None


def spread(squares: np.ndarray, count: int) -> np.ndarray:
    """At most `count` films, evenly spaced over `squares`, which may be sorted by class."""
    take = min(count, len(squares))
    chosen: np.ndarray = squares[np.linspace(0, len(squares) - 1, take).round().astype(int)]
    return chosen


def _dropped(reason: str, auc: float | None = None) -> Quantisation:
    return Quantisation(
        kind="none",
        setting="",
        val_auc_float32=auc,
        val_auc_small=None,
        probability_difference=None,
        decisions_changed=None,
        reason=reason,
    )


def _positive(path: Path, squares: np.ndarray, positive: int) -> np.ndarray:
    session = open_session(path.read_bytes())
    column: np.ndarray = run_batches(session, squares).probability[:, positive]
    return column


def _kept_float(model: onnx.ModelProto) -> list[str]:
    """Nodes after the embedding, those on which the class activation map alone depends, and the
    pooling of stages."""
    after, needed = {"embedding"}, {"embedding", "probability"}
    for node in model.graph.node:
        if after & set(node.input):
            after |= set(node.output)
    for node in reversed(model.graph.node):
        if needed & set(node.output):
            needed |= set(node.input)
    return [
        node.name
        for node in model.graph.node
        if after & set(node.input) or not needed & set(node.output) or node.name.startswith(STAGE)
    ]


def _fold(model: onnx.ModelProto, path: Path) -> None:
    """Write `model` with batch norms folded into convolutions and constants computed.

    This is what onnxruntime's own preparation does after a shape inference that knows neither
    opset 18's reductions nor ReduceLogSumExp.
    """
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC
    options.optimized_model_filepath = str(path)
    options.log_severity_level = 3
    ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
