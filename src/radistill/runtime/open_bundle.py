"""A bundle, opened: squares in, probabilities out. No torch, scikit-learn or matplotlib."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime as ort

from radistill.errors import UsageError
from radistill.files import sha256
from radistill.progress import cores
from radistill.runtime.prediction_options import Precision
from radistill.runtime.session import OUTPUTS, Outputs, open_session, run_batches
from radistill.schema.card import CARD, FLOAT32, Card, FileName, read_card


@dataclass(frozen=True)
class Bundle:
    """A model ready to predict, with its card, which has threshold and figures of `file`.

    file: which of the card's files runs: `model.onnx`, or the smaller one beside it. threads: how
    many batches run at once.
    """

    folder: Path
    card: Card
    file: FileName
    session: ort.InferenceSession
    threads: int

    @classmethod
    def load(cls, folder: Path, *, precision: Precision = "auto", threads: int = 0) -> Bundle:
        """Open `folder` after checking every file against the card's sha256.

        precision: "auto" takes the smaller file where the bundle has one, "float32" never does.
        threads: how many batches run at once, each on one core; 0 takes all cores.
        Raises UsageError naming the file that is missing, damaged or of an unknown format.
        """
        folder = Path(folder)
        card = read_card(folder / CARD)
        contents = {name: _verified(folder / name, digest) for name, digest in card.files.items()}
        file = card.small_file if precision == "auto" else FLOAT32
        session = _session(folder / file, contents[file], card)
        return cls(folder, card.of(file), file, session, threads or cores())

    def run(self, squares: np.ndarray) -> Outputs:
        """uint8 (N, S, S), S the card's input_size, N at least 1 -> what the model says of them.

        Raises ValueError if `squares` has another shape or type.
        """
        side = self.card.input_size
        if squares.dtype != np.uint8 or squares.ndim != 3 or squares.shape[1:] != (side, side):
            raise ValueError(
                f"expected uint8 (N, {side}, {side}), got {squares.dtype} {squares.shape}"
            )
        return run_batches(self.session, squares, threads=self.threads)

    def probabilities(self, squares: np.ndarray) -> np.ndarray:
        """uint8 (N, S, S) -> float64 (N, classes), calibrated; rows sum to 1.

        Raises ValueError as `run` does.
        """
        if not len(squares):
            return np.empty((0, len(self.card.classes)))
        probability = self.run(squares).probability.astype(np.float64)
        normalised: np.ndarray = probability / probability.sum(axis=1, keepdims=True)
        return normalised


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


def _session(path: Path, data: bytes, card: Card) -> ort.InferenceSession:
    try:
        session = open_session(data)
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
    if tuple(output.name for output in session.get_outputs()) != OUTPUTS:
        raise UsageError(f"{path}: does not give {', '.join(OUTPUTS)}. Make the bundle again.")
    return session
