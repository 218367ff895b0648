"""The films of a site: read, those that the model has seen left out, and its scores of the rest."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort

from radistill.adapt.changes import LocalScores
from radistill.adapt.confounds import Columns
from radistill.config import DataConfig
from radistill.data import Dataset
from radistill.data.copies import exact_copies, linked_patients
from radistill.data.external_data import ExternalData, Rows, group_columns, read_external
from radistill.data.sources.table import FilmColumns
from radistill.data.training_films import training_films_of
from radistill.errors import UsageError, counted
from radistill.export.graph import head_weight, network_of
from radistill.export.stage_features import last_maps, pool_stages
from radistill.imaging import to_unit
from radistill.metrics.reliability import log_odds
from radistill.runtime.open_bundle import Bundle
from radistill.runtime.session import SOME, open_session
from radistill.schema.card import FLOAT32

FEWEST_FILMS, FEWEST_PATIENTS = 20, 10  # of each class
AS_IT_IS, STAGES, EXPOSED = "as it is", "all stages", "all stages, exposure evened out"


@dataclass(frozen=True, eq=False)
class LocalFilms:
    """dataset: without the films that the model has seen. squares: uint8 (N, S, S), in its order.

    columns: what may be a confound, by name. seen: films left out, None where that cannot be told.
    """

    dataset: Dataset
    squares: np.ndarray
    columns: Columns
    scores: LocalScores
    seen: int | None


def read_local_films(bundle: Bundle, data: ExternalData, cache: Path) -> LocalFilms:
    """Read and score the films of `data`; the network runs once over all of them.

    Raises UsageError if there are too few films or patients of a class, if the model has other than
    two classes, and as `read_external` does.
    """
    card = bundle.card
    if len(card.classes) != 2:
        raise UsageError(
            f"{bundle.folder}: has {len(card.classes)} classes; adapt works on models of two"
        )
    if data.columns is None and (data.labels or data.path.suffix.lower() == ".csv"):
        data = replace(data, columns=FilmColumns())
    dataset, rows = read_external(
        data, DataConfig(), card.classes, card.positive, size=card.input_size, cache=cache
    )
    dataset, seen = _without_seen(bundle, dataset)
    dataset = copies_as_one_patient(dataset)
    truth = np.array([film.label == card.positive for film in dataset.films])
    patients = np.array([film.patient for film in dataset.films])
    _check_enough(data.path, card.classes, card.positive, truth, patients, seen or 0)
    squares = dataset.squares[card.input_size].batch([film.sha256 for film in dataset.films])
    columns = _columns(data, dataset, rows, squares)
    scores = score(bundle, squares, truth, patients)
    return LocalFilms(dataset, squares, columns, scores, seen)


def embeddings_of(network: onnx.ModelProto) -> dict[str, onnx.ModelProto]:
    """The networks that a local head may stand on, by name, the least change first.

    A network without a feature map has no stages to pool.
    """
    if not last_maps(network):
        return {AS_IT_IS: network}
    return {
        AS_IT_IS: network,
        STAGES: pool_stages(network),
        EXPOSED: pool_stages(network, exposure=True),
    }


def score(
    bundle: Bundle, squares: np.ndarray, truth: np.ndarray, patients: np.ndarray
) -> LocalScores:
    """Log-odds of the file that runs by default, and embeddings of model.onnx."""
    card, model = bundle.card, onnx.load(bundle.folder / FLOAT32)
    threshold, *odds = log_odds(
        np.r_[card.threshold, bundle.probabilities(squares)[:, card.positive_index]]
    )
    networks = embeddings_of(network_of(model))
    embeddings = {
        name: embed(open_session(pooled.SerializeToString(), threads=0), squares)
        for name, pooled in networks.items()
    }
    return LocalScores(
        truth,
        patients,
        np.array(odds),
        float(threshold),
        embeddings,
        _directions(model, embeddings),
    )


def _directions(
    model: onnx.ModelProto, embeddings: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """The differences of the logits as weights on each embedding that holds the model's own."""
    weight = head_weight(model)
    if weight is None:
        return {}
    own = (weight[1:] - weight[0]).T
    directions, size = {AS_IT_IS: own}, len(own)
    for name in embeddings.keys() - {AS_IT_IS}:
        mean = slice(-2 * size, -size)  # of the last stage's feature map, before its deviation
        inside = embeddings[STAGES][:, mean]
        if inside.shape == embeddings[AS_IT_IS].shape and np.allclose(
            inside, embeddings[AS_IT_IS], atol=1e-4
        ):
            directions[name] = np.zeros((embeddings[name].shape[1], own.shape[1]))
            directions[name][mean] = own
    return directions


def embed(session: ort.InferenceSession, squares: np.ndarray) -> np.ndarray:
    """float32 (N, D) of uint8 films (N, S, S)."""
    parts = [
        session.run(["embedding"], {"image": to_unit(squares[start : start + SOME])})[0]
        for start in range(0, len(squares), SOME)
    ]
    return np.concatenate(parts)


def _without_seen(bundle: Bundle, dataset: Dataset) -> tuple[Dataset, int | None]:
    known = training_films_of(bundle.folder)
    if known is None:
        return dataset, None
    seen = known.contain(dataset.films, dataset.perceptual_hashes)
    rest = tuple(film for film, is_seen in zip(dataset.films, seen, strict=True) if not is_seen)
    if not rest:
        raise UsageError(
            f"{bundle.folder} was trained or chosen on all {len(seen)} films; bring others"
        )
    return replace(dataset, films=rest), int(seen.sum())


def copies_as_one_patient(dataset: Dataset) -> Dataset:
    """A fold must not judge a film that it was fitted to, whatever the files are called."""
    films = dataset.films
    copies = exact_copies(films)
    if not copies:
        return dataset
    first = linked_patients(films, copies)
    strange = sum(films[pair.a].label != films[pair.b].label for pair in copies)
    note = (
        f"Counted as of one patient: {counted(len(copies), 'film')} with the content of another, "
        f"{strange} with another label. Remove them or correct the labels."
    )
    return replace(
        dataset,
        films=tuple(replace(f, patient=first.get(f.patient, f.patient)) for f in films),
        notes=(*dataset.notes, note),
    )


def _check_enough(
    path: Path,
    classes: tuple[str, ...],
    positive: str,
    truth: np.ndarray,
    patients: np.ndarray,
    seen: int,
) -> None:
    left_out = (
        f" {seen} more that the model was trained or chosen on were left out." if seen else ""
    )
    for name in classes:
        among = truth == (name == positive)
        films, people = int(among.sum()), len(set(patients[among]))
        if films < FEWEST_FILMS or people < FEWEST_PATIENTS:
            raise UsageError(
                f"{path}: {films} films of {people} patients are {name}; adapting needs at least "
                f"{FEWEST_FILMS} films and {FEWEST_PATIENTS} patients of each class."
                f"{left_out} `radistill plan` says how many show what."
            )


def _columns(
    data: ExternalData, dataset: Dataset, rows: Rows, squares: np.ndarray
) -> dict[str, list[str]]:
    """What may be a confound: columns of the table, the file, and the exposure of the film."""
    films, side = dataset.films, squares.shape[1]
    columns = group_columns(dataset, rows, data.columns, side)
    columns.pop("subtype", None)  # of the disease itself
    columns["brightness"] = columns.pop("exposure")
    unit = squares.reshape(len(squares), -1) / 255
    columns["contrast"] = [f"{value:.4f}" for value in unit.std(axis=1)]
    edge = max(1, side // 16)
    inner = squares[:, edge:-edge, edge:-edge].reshape(len(squares), -1)
    border = (squares.sum(axis=(1, 2), dtype=float) - inner.sum(axis=1, dtype=float)) / (
        side**2 - inner.shape[1]
    )
    columns["border"] = [f"{value:.2f}" for value in border]
    root = data.path if data.path.is_dir() else data.path.parent
    files = [root / film.path for film in films]
    if all(file.is_file() for file in files):
        columns["file size"] = [str(file.stat().st_size) for file in files]
        columns["file format"] = [file.suffix.lower() or "none" for file in files]
    return columns
