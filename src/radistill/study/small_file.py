"""The smaller file of a bundle: chosen on validation, with threshold and figures of its own."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from radistill.config import EvaluationConfig
from radistill.data.cache import PixelCache
from radistill.export.graph import ExportedModel
from radistill.export.int8 import shrink, shrink_again
from radistill.metrics.groups import Columns, by_group
from radistill.metrics.predictions import Predictions
from radistill.metrics.score import calibration_result, score_predictions, threshold_of
from radistill.metrics.thresholds import operating_points
from radistill.runtime.session import open_session, run_batches
from radistill.schema.card import FLOAT32, Quantisation
from radistill.schema.comparison import ModelResult

Splits = Mapping[str, Predictions]  # by name: val and test


def smaller_file(
    exported: ExportedModel, val: Predictions, squares: np.ndarray, positive: int, threshold: float
) -> tuple[Quantisation, bytes | None]:
    """The smaller file that holds on validation; None where none does.

    exported: the network's graph, not calibrated. val: its predictions. squares: the films of
    `val`, uint8 (N, S, S). threshold: of the network.
    """
    with TemporaryDirectory() as folder:
        path = Path(folder) / FLOAT32
        path.write_bytes(exported.bytes)
        outcome = shrink(
            path, squares=squares, truth=val.truth, positive=positive, threshold=threshold
        )
        small = path.with_name(outcome.file).read_bytes() if outcome.file else None
    return outcome, small


def smaller_file_again(
    exported: ExportedModel, squares: np.ndarray, outcome: Quantisation
) -> bytes:
    """The file that `smaller_file` chose, of another graph of the same network."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / FLOAT32
        path.write_bytes(exported.bytes)
        shrink_again(path, squares, outcome)
        return path.with_name(outcome.file or FLOAT32).read_bytes()


def predictions_of(
    file: bytes, network: Predictions, squares: np.ndarray, positive: int
) -> Predictions:
    """What an ONNX file says of the films that `network` are the predictions of."""
    scores = run_batches(open_session(file), squares).probability.astype(np.float64)
    scores /= scores.sum(axis=1, keepdims=True)
    return replace(
        network,
        probability=scores[:, positive],
        scores=None if network.scores is None else scores,
    )


def result_of_file(
    network: ModelResult, scored: Splits, columns: Columns, config: EvaluationConfig, seed: int
) -> ModelResult:
    """`network` with all that is chosen on validation and measured on test anew, for one file.

    columns: what its test films are grouped by.
    """
    val, test = scored["val"], scored["test"]
    threshold, rule = threshold_of(val, config.threshold)
    figures, _ = score_predictions(test, threshold, config, seed)
    return network.model_copy(
        update={
            "test": figures,
            "threshold_rule": rule,
            "operating_points": operating_points(val, test, config.operating_points),
            "calibration": calibration_result(val, test, config, seed),
            "groups": by_group(test, threshold, columns, config, seed),
        }
    )


def squares_of(p: Predictions, shas: Mapping[str, str], cache: PixelCache) -> np.ndarray:
    """The films of `p`, in their order, uint8 (N, S, S). shas: path -> sha256."""
    return cache.batch([shas[path] for path in p.path])
