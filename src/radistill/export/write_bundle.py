"""The folder that is deployed: two ONNX files, their card, and a page for people."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from onnxruntime import InferenceSession

from radistill import __version__
from radistill.data.training_films import TrainingFilms
from radistill.errors import RadistillError
from radistill.export.graph import ExportedModel
from radistill.export.int8 import shrink
from radistill.export.model_card import model_card
from radistill.export.ood_statistics import abstention_rates, fit_limits
from radistill.export.operating_points import validation_points, without_points
from radistill.export.population import UNNAMED
from radistill.files import replacing_folder, sha256, write_json, write_text
from radistill.metrics.calibration import UNCALIBRATED
from radistill.runtime.open_bundle import Bundle
from radistill.runtime.session import open_session, run_batches
from radistill.schema.abstention import Abstention
from radistill.schema.calibrated import CalibrationMap
from radistill.schema.card import (
    CARD,
    FLOAT16,
    FLOAT32,
    FORMAT,
    INT8,
    README,
    TRAINING_FILMS,
    Cam,
    Card,
    CardCalibration,
    FileFigures,
    Lineage,
    OperatingPoint,
    Population,
    Quantisation,
    TrainingData,
)
from radistill.schema.comparison import ModelResult
from radistill.schema.figures import Figures

LICENCE = "MIT for the files of this bundle; the training films keep their own licence"
INTENDED_USE = (
    "Research and teaching. Not a medical device: it has not been assessed for diagnosis and "
    "must not decide about a patient."
)
PREPROCESSING = (
    "One grey channel, 8 bit; resized with antialiasing to input_size x input_size, aspect ratio "
    "not kept; divided by 255. The model normalises inside. Input 'image': float32 "
    "(N, 1, input_size, input_size); outputs, float32: 'probability' (N, classes); "
    "'cam' (N, h, w), of the positive class; 'embedding' (N, D)."
)


@dataclass(frozen=True, kw_only=True)
class BundleSpec:
    """What the card says beyond what can be measured here.

    classes: as reported. calibration: of the probability of `positive`, as it is in the graph.
    threshold: chosen on validation, for the probability of `positive` as calibrated.
    operating_points: thresholds to choose by name; `default` and three sensitivities, all measured
    on validation, where None. population: whom the model knows.
    figures: the model's entry of comparison.json ("test", "cost", ...), as calibrated.
    quantisation, small: the smaller file that was chosen before, and its bytes, calibrated; of it
    are threshold and figures. Where None it is chosen here, and they are of model.onnx. float32:
    the test figures of model.onnx, where `figures` are of the smaller file.
    """

    classes: tuple[str, ...]
    positive: str
    input_size: int
    threshold: float
    architecture: str
    training_data: TrainingData
    figures: ModelResult | None = None
    notes: tuple[str, ...] = ()
    synthetic: bool = False
    leaking: bool = False
    calibration: CalibrationMap = UNCALIBRATED
    operating_points: tuple[OperatingPoint, ...] | None = None
    population: Population | None = None
    quantisation: Quantisation | None = None
    small: bytes | None = None
    float32: Figures | None = None
    lineage: Lineage | None = None


@dataclass(frozen=True)
class BundleFilms:
    """The films of one split at the model's input size.

    squares: uint8 (N, S, S). truth: bool (N,), True where the film is positive. patients: N ids.
    """

    squares: np.ndarray
    truth: npt.ArrayLike
    patients: Sequence[str]


def write_bundle(
    folder: Path,
    *,
    exported: ExportedModel,
    spec: BundleSpec,
    val: BundleFilms,
    test: BundleFilms | None,
    training_films: TrainingFilms | None = None,
) -> Card:
    """Write a bundle to `folder`, replacing an older one; return its card.

    val: judges the smaller file and sets the limits of abstention. test: on it is measured how
    often they abstain; where there is none, on a third of val's patients, by limits that the others
    set. training_films: so that an evaluation can tell the films that the model has
    seen. Raises RadistillError if a file cannot be written; an older bundle is then still there.
    """
    if not len(val.squares) == len(np.asarray(val.truth)) == len(val.patients):
        raise RadistillError(
            f"{folder}: {len(val.squares)} validation films but {len(np.asarray(val.truth))} "
            f"labels and {len(val.patients)} patients."
        )
    with replacing_folder(folder) as work:
        if training_films is not None:
            (work / TRAINING_FILMS).write_bytes(training_films.to_bytes())
        card = _fill(work, exported, spec, val, test)
        Bundle.load(work)  # what cannot be read back is not shipped
    return card


def _fill(
    work: Path,
    exported: ExportedModel,
    spec: BundleSpec,
    val: BundleFilms,
    test: BundleFilms | None,
) -> Card:
    positive = spec.classes.index(spec.positive)
    squares, truth = val.squares, np.asarray(val.truth, dtype=bool)
    (work / FLOAT32).write_bytes(exported.bytes)
    if spec.small and spec.quantisation and spec.quantisation.file:
        (work / spec.quantisation.file).write_bytes(spec.small)
    quantisation = spec.quantisation or shrink(
        work / FLOAT32, squares=squares, truth=truth, positive=positive, threshold=spec.threshold
    )
    names = [name for name in (FLOAT32, INT8, FLOAT16) if (work / name).exists()]
    shipped = open_session((work / names[-1]).read_bytes())
    outputs = run_batches(shipped, squares)
    probability = outputs.probability[:, positive]
    points = spec.operating_points or validation_points(
        truth, probability, spec.threshold, val.patients
    )
    card = Card(
        format=FORMAT,
        radistill_version=__version__,
        architecture=spec.architecture,
        classes=spec.classes,
        positive=spec.positive,
        input_size=spec.input_size,
        preprocessing=PREPROCESSING,
        temperature=spec.calibration.temperature,
        calibration=CardCalibration(
            kind=spec.calibration.kind, x=spec.calibration.x, y=spec.calibration.y
        ),
        threshold=spec.threshold,
        operating_points=points,
        cam=Cam(
            method=exported.cam_method,
            size=outputs.cam.shape[1:],
            scale=cam_scale(outputs.cam, probability >= spec.threshold),
        ),
        embedding_size=outputs.embedding.shape[1],
        population=spec.population or UNNAMED,
        abstention=_abstention(val, test, shipped),
        training_data=spec.training_data,
        figures=spec.figures and without_points(spec.figures, points),
        figures_of=names[-1] if spec.quantisation else FLOAT32,
        float32=spec.float32 and _float32(work, spec.float32, val, positive),
        notes=spec.notes,
        synthetic=spec.synthetic,
        leaking=spec.leaking,
        licence=LICENCE,
        intended_use=INTENDED_USE,
        quantisation=quantisation,
        parity=exported.parity,
        lineage=spec.lineage,
        files={name: sha256(work / name) for name in names},
    )
    write_text(work / README, model_card(card))
    beside = [name for name in (README, TRAINING_FILMS) if (work / name).exists()]
    files = card.files | {name: sha256(work / name) for name in beside}
    card = card.model_copy(update={"files": files})
    write_json(work / CARD, card.model_dump(mode="json"))
    return card


def _abstention(
    val: BundleFilms, test: BundleFilms | None, session: InferenceSession
) -> Abstention | None:
    def embed(squares: np.ndarray) -> np.ndarray:
        return run_batches(session, squares).embedding

    limits = judged = fit_limits(val.squares, val.patients, embed)
    fitted = val
    if test is None:
        fitted, test = _parted(val)
        judged = fit_limits(fitted.squares, fitted.patients, embed)
    if limits is None or judged is None:
        return None
    measured = abstention_rates(
        judged, test.squares, test.patients, embed, validation_films=len(fitted.squares)
    )
    return Abstention(**dict(limits), measured=measured)


def _parted(films: BundleFilms) -> tuple[BundleFilms, BundleFilms]:
    """Two thirds of the patients, and the others."""
    ids = sorted(set(films.patients))
    held = set(np.random.default_rng(0).permutation(ids)[: len(ids) // 3])
    out = np.array([patient in held for patient in films.patients])
    truth = np.asarray(films.truth)

    def rows(chosen: np.ndarray) -> BundleFilms:
        owners = [films.patients[int(row)] for row in np.flatnonzero(chosen)]
        return BundleFilms(films.squares[chosen], truth[chosen], owners)

    return rows(~out), rows(out)


def _float32(work: Path, test: Figures, val: BundleFilms, positive: int) -> FileFigures:
    session = open_session((work / FLOAT32).read_bytes())
    probability = run_batches(session, val.squares).probability[:, positive]
    truth = np.asarray(val.truth, dtype=bool)
    return FileFigures(
        threshold=test.threshold,
        operating_points=validation_points(truth, probability, test.threshold, val.patients),
        test=test,
    )


def cam_scale(cam: np.ndarray, called: np.ndarray) -> float:
    """The value that a heat map draws strongest: the 99th percentile of the maps' greatest values.

    cam: (N, h, w). called: bool (N,), the films called positive; all are taken where none is.
    """
    maps = cam[called] if called.any() else cam
    return float(max(np.percentile(maps.max(axis=(1, 2)), 99), 1e-6))
