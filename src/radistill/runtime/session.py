"""ONNX Runtime, opened and fed in one way everywhere."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnxruntime as ort

from radistill.imaging import to_unit

BATCH = 16  # bounds memory for any number of films; a larger batch is no faster on a CPU


def open_session(model: bytes, *, threads: int = 0) -> ort.InferenceSession:
    """A CPU session over the bytes of an ONNX model; `threads` 0 takes all cores.

    Raises onnxruntime's own errors if the bytes are no valid model.
    """
    options = ort.SessionOptions()
    options.intra_op_num_threads = threads
    options.log_severity_level = 3  # errors only
    return ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])


def run_batches(session: ort.InferenceSession, squares: np.ndarray) -> np.ndarray:
    """uint8 films (N, S, S), N at least 1 -> float32 probabilities (N, classes)."""
    outputs: list[Any] = [
        session.run(["probability"], {"image": to_unit(squares[start : start + BATCH])})[0]
        for start in range(0, len(squares), BATCH)
    ]
    return np.concatenate(outputs)
