"""A bundle, opened: squares in, probabilities out. No torch, scikit-learn or matplotlib."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import onnxruntime as ort

from radistill.errors import UsageError
from radistill.runtime.card import CARD, FLOAT32, INT8, Card, read_card, sha256
from radistill.runtime.session import open_session, run_batches

Precision = Literal["auto", "float32"]


@dataclass(frozen=True)
class Bundle:
    """A model ready to predict, with its card.

    file: which of the card's files runs, `model.onnx` or `model.int8.onnx`.
    """

    folder: Path
    card: Card
    file: str
    session: ort.InferenceSession

    @classmethod
    def load(cls, folder: Path, *, precision: Precision = "auto", threads: int = 0) -> Bundle:
        """Open `folder` after checking every file against the card's sha256.

        precision: "auto" takes the INT8 model where the bundle has one, "float32" never does.
        threads: of ONNX Runtime; 0 takes all cores.
        Raises UsageError naming the file that is missing, damaged or of an unknown format.
        """
        folder = Path(folder)
        card = read_card(folder / CARD)
        contents = {name: _verified(folder / name, digest) for name, digest in card.files.items()}
        file = INT8 if precision == "auto" and INT8 in contents else FLOAT32
        session = _session(folder / file, contents[file], card, threads)
        return cls(folder, card, file, session)

    def probabilities(self, squares: np.ndarray) -> np.ndarray:
        """uint8 (N, S, S) with S the card's input_size -> float64 (N, classes), rows sum to 1.

        Raises ValueError if `squares` has another shape or type.
        """
        side = self.card.input_size
        if squares.dtype != np.uint8 or squares.ndim != 3 or squares.shape[1:] != (side, side):
            raise ValueError(
                f"expected uint8 (N, {side}, {side}), got {squares.dtype} {squares.shape}"
            )
        if not len(squares):
            return np.empty((0, len(self.card.classes)))
        probabilities = run_batches(self.session, squares).astype(np.float64)
        return tempered(probabilities, self.card.temperature)


def tempered(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """Softmax outputs (N, classes) as they were with the logits divided by `temperature`.

    Guo et al. 2017, "On Calibration of Modern Neural Networks". The result is normalised, so
    that float32 rounding does not leave rows that sum to 0.9999999.
    """
    powers = probabilities ** (1.0 / temperature)
    scaled: np.ndarray = powers / powers.sum(axis=1, keepdims=True)
    return scaled


def _verified(path: Path, digest: str) -> bytes:
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path}: missing from the bundle. Copy the whole folder again.") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read ({error.strerror}).") from None
    if sha256(data) != digest:
        raise UsageError(
            f"{path}: damaged or changed (its sha256 is not the one in {CARD}). "
            "Copy the whole folder again."
        )
    return data


def _session(path: Path, data: bytes, card: Card, threads: int) -> ort.InferenceSession:
    try:
        session = open_session(data, threads=threads)
    except Exception as error:  # onnxruntime's errors share no public base class
        raise UsageError(
            f"{path}: onnxruntime {ort.__version__} cannot open it "
            f"({str(error).splitlines()[0]}). Try a newer onnxruntime."
        ) from error
    shape = list(session.get_inputs()[0].shape[1:])
    if shape != [1, card.input_size, card.input_size]:
        raise UsageError(
            f"{path}: takes images of shape {shape}, but {CARD} says input_size "
            f"{card.input_size}. Make the bundle again."
        )
    return session
