"""The folder that is deployed: two ONNX files, their card, and a page for people."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from torch import nn

from radistill import __version__, atomic
from radistill.deploy.export import export_onnx
from radistill.deploy.model_card import model_card
from radistill.deploy.quantise import quantise_if_it_holds, spread
from radistill.errors import RadistillError
from radistill.runtime.bundle import Bundle
from radistill.runtime.card import CARD, FLOAT32, FORMAT, INT8, README, Card, FileName, sha256

PARITY_FILMS = 200
LICENCE = "MIT for the files of this bundle; the training films keep their own licence"
INTENDED_USE = (
    "Research and teaching. Not a medical device: it has not been assessed for diagnosis and "
    "must not decide about a patient."
)
PREPROCESSING = (
    "One grey channel, 8 bit; resized with antialiasing to input_size x input_size, aspect ratio "
    "not kept; divided by 255. The model normalises inside. Input 'image': float32 "
    "(N, 1, input_size, input_size); output 'probability': float32 (N, classes)."
)


@dataclass(frozen=True, kw_only=True)
class BundleSpec:
    """What the card says beyond what can be measured here.

    threshold: chosen on validation, for the probability of `positive`.
    training_data: facts about the training set, such as name, protocol and counts.
    figures: the model's entry of comparison.json ("test", "cost", ...).
    """

    classes: tuple[str, ...]
    positive: str
    input_size: int
    threshold: float
    architecture: str
    training_data: Mapping[str, Any]
    figures: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    synthetic: bool = False
    leaking: bool = False


def write_bundle(
    folder: Path,
    *,
    model: nn.Module,
    spec: BundleSpec,
    val_squares: np.ndarray,
    val_truth: np.ndarray,
) -> dict[str, Any]:
    """Write the bundle of `model` to `folder`, replacing an older one; return its card.

    model: float32 (N, 1, S, S) in [0, 1] -> logits (N, classes), as `export_onnx` takes it.
    val_squares: uint8 (N, S, S), the validation films, S = spec.input_size; they check the
    export and calibrate and judge INT8. val_truth: bool (N,), True where the film is positive.
    Raises RadistillError if the export differs from PyTorch or a file cannot be written; an
    older bundle is then still there.
    """
    if len(val_squares) != len(val_truth):
        raise RadistillError(
            f"{folder}: {len(val_squares)} validation films but {len(val_truth)} labels."
        )
    with _replacing_folder(folder) as work:
        card = _fill(work, model, spec, val_squares, np.asarray(val_truth, dtype=bool))
        Bundle.load(work)  # what cannot be read back is not shipped
    return card.model_dump(mode="json")


def _fill(
    work: Path, model: nn.Module, spec: BundleSpec, squares: np.ndarray, truth: np.ndarray
) -> Card:
    positive = spec.classes.index(spec.positive)
    parity = export_onnx(
        model,
        work / FLOAT32,
        input_size=spec.input_size,
        positive=positive,
        sample=spread(squares, PARITY_FILMS),
    )
    quantisation = quantise_if_it_holds(
        work / FLOAT32,
        work / INT8,
        squares=squares,
        truth=truth,
        positive=positive,
        threshold=spec.threshold,
    )
    values: dict[str, Any] = {
        "format": FORMAT,
        "radistill_version": __version__,
        "architecture": spec.architecture,
        "classes": spec.classes,
        "positive": spec.positive,
        "input_size": spec.input_size,
        "preprocessing": PREPROCESSING,
        "temperature": 1.0,
        "threshold": spec.threshold,
        "abstention": {},
        "training_data": dict(spec.training_data),
        "figures": dict(spec.figures),
        "notes": spec.notes,
        "synthetic": spec.synthetic,
        "leaking": spec.leaking,
        "licence": LICENCE,
        "intended_use": INTENDED_USE,
        "quantisation": quantisation,
        "parity": parity,
    }
    names = (FLOAT32, INT8) if quantisation.kept else (FLOAT32,)
    models: dict[FileName, str] = {name: sha256((work / name).read_bytes()) for name in names}
    page = model_card(Card(**values, files=models))
    atomic.write_text(work / README, page)
    card = Card(**values, files={**models, README: sha256(page.encode())})
    atomic.write_json(work / CARD, card.model_dump(mode="json"))
    return card


@contextmanager
def _replacing_folder(folder: Path) -> Iterator[Path]:
    """Yield an empty folder beside `folder`; put it in its place if the block succeeds."""
    work = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    old = folder.with_name(f".{folder.name}.{os.getpid()}.old.partial")
    try:
        work.mkdir(parents=True)
        yield work
        if folder.exists():
            os.replace(folder, old)
        os.replace(work, folder)
    except OSError as error:
        raise atomic.explain(error, folder) from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
        shutil.rmtree(old, ignore_errors=True)
