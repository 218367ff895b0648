"""How much of a network carries to another hospital: a linear head on its frozen embedding.

`python experiments/generality.py MODEL --data adults`: MODEL is a bundle, the name of an installed
one, a run, a model folder, or the name of an architecture, taken with its ImageNet weights
untouched, at `--input-size`. The films stand in DATA/labels.csv with path, label, patient and
source, from where it is known that a film is normal. Heads are fitted to both kinds of normals
together, on outer folds over patients, their regularisation chosen by inner folds; each film is
judged by the head that has not seen its patient. Prints the AUC of the positives against the
normals of each source with its 95 % interval over patients, and the lower one, which counts:
judged by one kind alone, a head may do well by the brightness of the films. Of a bundle each
embedding that `radistill adapt` may take is judged, the bundle's own as it is, and all stages.
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import torch
from scipy.special import expit

from radistill.adapt.changes import LocalScores, fit_head
from radistill.adapt.local_films import copies_as_one_patient, embed, embeddings_of
from radistill.config import DataConfig
from radistill.data.external_data import ExternalData, read_external
from radistill.data.sources.table import FilmColumns
from radistill.export.graph import network_of
from radistill.imaging import to_unit
from radistill.metrics.intervals import auc_interval
from radistill.metrics.over_seeds import aucs
from radistill.metrics.predictions import Predictions, write_predictions
from radistill.models import GreyClassifier, create
from radistill.runtime.find_bundle import find_bundle, installed
from radistill.runtime.open_bundle import Bundle
from radistill.runtime.session import open_session
from radistill.schema.card import CARD, FLOAT32
from radistill.study.scorer import open_model

CLASSES, POSITIVE = ("NORMAL", "PNEUMONIA"), "PNEUMONIA"
BATCH, RESAMPLES = 32, 2000
Embed = Callable[[np.ndarray], np.ndarray]  # uint8 (N, S, S) -> (N, D)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("--data", type=Path, required=True, help="folder with labels.csv")
    parser.add_argument("--input-size", type=int, default=224, help="of an architecture")
    parser.add_argument("--enlarge", type=int, default=1, help="of an architecture")
    parser.add_argument("--weights", default="auto", help="of an architecture; or a file")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--seed", type=int, default=0, help="of the folds and the bootstrap")
    parser.add_argument("--out", type=Path, help="folder for what the heads say of each film")
    options = parser.parse_args()
    size, embeddings = embeddings_by_name(options)
    films = ExternalData(options.data, options.data / "labels.csv", FilmColumns())
    with TemporaryDirectory() as cache:
        dataset, rows = read_external(
            films, DataConfig(), CLASSES, POSITIVE, size=size, cache=Path(cache)
        )
        dataset = copies_as_one_patient(dataset)
        squares = dataset.squares[size].batch([film.sha256 for film in dataset.films])
    sources = np.array([rows[film.path]["source"] for film in dataset.films])
    for name, embedding_of in embeddings.items():
        embedding = embedding_of(squares)
        print(f"{options.model}, {name}: {embedding.shape[1]} features of films of {size} pixels")
        outer = Predictions(
            path=tuple(film.path for film in dataset.films),
            patient=tuple(film.patient for film in dataset.films),
            label=tuple(film.label for film in dataset.films),
            probability=np.zeros(len(squares)),
            positive=POSITIVE,
        )
        outer.probability[:] = judged(embedding, outer, options.folds, options.seed)
        if options.out:
            write_predictions(options.out / f"{name}.csv", outer)
        _tell(outer, sources, options.seed)


def _tell(outer: Predictions, sources: np.ndarray, seed: int) -> None:
    """Print the AUC against the normals of each source, and the lower one."""
    by_source = {}
    for source in sorted(set(sources[~outer.truth])):
        normals = (sources == source) & ~outer.truth
        part = outer.rows(np.flatnonzero(outer.truth | normals))
        by_source[source] = float(aucs([part])[0])
        low, high = auc_interval(part.truth, part.probability, part.patient, RESAMPLES, seed)
        print(
            f"against {normals.sum()} normals by {source}: AUC {by_source[source]:.3f} "
            f"({low:.3f} to {high:.3f})"
        )
    lower = min(by_source, key=by_source.__getitem__)
    print(f"the lower one: {by_source[lower]:.3f}, by {lower}")


def embeddings_by_name(options: argparse.Namespace) -> tuple[int, dict[str, Embed]]:
    """The size of the films, and what turns them into each embedding."""
    named, path = options.model, Path(options.model)
    if named in [bundle.name for bundle in installed()]:
        path = find_bundle(named)
    if (path / CARD).is_file():
        networks = embeddings_of(network_of(onnx.load(path / FLOAT32)))
        return Bundle.load(path).card.input_size, {
            name: partial(embed, open_session(network.SerializeToString(), threads=0))
            for name, network in networks.items()
        }
    if path.exists():
        trained = open_model(path).trained
        assert trained is not None
        return trained.input_size, {"embedding": partial(_embed, trained.network)}
    network, _ = create(
        named,
        classes=len(CLASSES),
        weights=options.weights,
        input_size=options.input_size,
        enlarge=options.enlarge,
    )
    return options.input_size, {"embedding": partial(_embed, network.eval())}


def judged(embedding: np.ndarray, films: Predictions, folds: int, seed: int) -> np.ndarray:
    """(N,): of each film the probability by a head that was fitted to other patients."""
    truth, patients = films.truth, np.array(films.patient)
    local = LocalScores(truth, patients, np.zeros(len(truth)), 0.0, {"embedding": embedding})
    odds = np.empty(len(truth))
    for fit, held in local.folds(np.arange(len(truth)), folds, seed):
        odds[held] = fit_head(local, fit, seed).odds(local, held)
    return np.asarray(expit(odds))


@torch.no_grad()
def _embed(network: GreyClassifier, squares: np.ndarray) -> np.ndarray:
    parts = [
        network.embedding(torch.from_numpy(to_unit(squares[start : start + BATCH])))
        for start in range(0, len(squares), BATCH)
    ]
    return torch.cat(parts).double().numpy()


if __name__ == "__main__":
    main()
