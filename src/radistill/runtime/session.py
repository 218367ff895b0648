"""ONNX Runtime, opened and fed in one way everywhere."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import onnxruntime as ort

from radistill.imaging import to_unit
from radistill.progress import cores

BATCH = 16  # films that are predicted at once; bounds memory for any number of them
SOME = 4  # films of a run where there are many: a third of the memory of 16, and quicker


def open_session(model: bytes, *, threads: int = 1) -> ort.InferenceSession:
    """A CPU session over the bytes of an ONNX model; each run takes `threads`, 0 for all cores.

    One by default: small graphs gain by running side by side (`run_batches`), while threads within
    a graph wait for each other in busy loops, which take twice the CPU time on a loaded machine.
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


def run_batches(session: ort.InferenceSession, squares: np.ndarray, *, threads: int = 0) -> Outputs:
    """uint8 films (N, S, S), N at least 1 -> `Outputs`; `threads` batches at once, 0: all cores."""

    def run(start: int) -> Sequence[np.ndarray]:
        answer: Sequence[np.ndarray] = session.run(
            OUTPUTS, {"image": to_unit(squares[start : start + step])}
        )
        return answer

    step = SOME if len(squares) > BATCH else BATCH
    starts = range(0, len(squares), step)
    if len(starts) == 1:
        return Outputs(*run(0))
    with ThreadPoolExecutor(min(threads or cores(), len(starts))) as pool:
        batches = list(pool.map(run, starts))
    return Outputs(*(np.concatenate(parts) for parts in zip(*batches, strict=True)))
