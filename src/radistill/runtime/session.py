"""ONNX Runtime, opened and fed in one way everywhere."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

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


class Outputs(NamedTuple):
    """What a model says of N films, all float32.

    probability: (N, classes). cam: (N, h, w), of the positive class. embedding: (N, D).
    """

    probability: np.ndarray
    cam: np.ndarray
    embedding: np.ndarray


OUTPUTS = Outputs._fields


def run_batches(session: ort.InferenceSession, squares: np.ndarray) -> Outputs:
    """uint8 films (N, S, S), N at least 1 -> `Outputs`."""
    batches: list[Sequence[np.ndarray]] = [
        session.run(OUTPUTS, {"image": to_unit(squares[start : start + BATCH])})
        for start in range(0, len(squares), BATCH)
    ]
    return Outputs(*(np.concatenate(parts) for parts in zip(*batches, strict=True)))
