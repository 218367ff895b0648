"""The bundle of a site: the parent's network with the change that paid, and where it comes from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
from scipy.special import expit

from radistill.adapt.choose import Choice
from radistill.adapt.local_films import LocalFilms, embeddings_of
from radistill.config import EvaluationConfig
from radistill.data.training_films import TrainingFilms, training_films_of
from radistill.errors import RadistillError
from radistill.export.graph import ExportedModel, Head, add_head, network_of, recalibrate
from radistill.export.operating_points import validation_points
from radistill.export.population import FRONTAL
from radistill.export.write_bundle import BundleFilms, BundleSpec, write_bundle
from radistill.metrics.predictions import Predictions
from radistill.metrics.score import score_predictions
from radistill.runtime.open_bundle import Bundle
from radistill.runtime.session import open_session, run_batches
from radistill.schema.adaptation import Adaptation
from radistill.schema.card import FLOAT32, Card, Lineage, Population, TrainingData
from radistill.schema.comparison import ModelResult

PARITY = 1e-3  # of a probability between the head as fitted and the graph


def write_local_bundle(
    out: Path, bundle: Bundle, films: LocalFilms, choice: Choice, adaptation: Adaptation
) -> Card:
    """Write the adapted bundle to `out`, with all that bundles have; return its card.

    Figures and operating points are those of the outer folds. Raises RadistillError if the graph
    does not give what the head that was fitted does.
    """
    card, scores = bundle.card, films.scores
    p = outer_predictions(films, choice, card.positive)
    threshold = float(expit(choice.threshold))
    figures, _ = score_predictions(p, threshold, EvaluationConfig(), adaptation.seed)
    points = validation_points(scores.truth, p.probability, threshold, list(p.patient))
    points = tuple(point.model_copy(update={"split": "outer folds"}) for point in points)
    site, dataset = adaptation.site, films.dataset
    known = training_films_of(bundle.folder)
    own = TrainingFilms.of(
        [replace(film, split="train") for film in dataset.films], dataset.perceptual_hashes
    )
    spec = BundleSpec(
        classes=card.classes,
        positive=card.positive,
        input_size=card.input_size,
        threshold=threshold,
        architecture=card.architecture,
        training_data=TrainingData(
            name=site,
            classes=card.classes,
            positive=card.positive,
            counts={"train": dict(adaptation.counts)},
            protocol="local",
            synthetic=dataset.synthetic,
            unreadable=len(dataset.unreadable),
            notes=dataset.notes,
            seed=adaptation.seed,
        ),
        figures=ModelResult(
            name="adapted",
            architecture=card.architecture,
            test=figures,
            threshold_rule="chosen on outer folds",
        ),
        notes=adaptation.notes,
        synthetic=dataset.synthetic,
        operating_points=points,
        population=_population(site, films),
        lineage=Lineage(
            parent=adaptation.parent,
            parent_name=adaptation.parent_name,
            site=site,
            change=" ".join(filter(None, (choice.name, f"({adaptation.best.settings})"))),
            films=adaptation.films,
            patients=adaptation.patients,
            folds=adaptation.folds,
            confounds=tuple(c.name for c in adaptation.confounds if c.tells),
        ),
    )
    return write_bundle(
        out,
        exported=_exported(bundle, films, choice),
        spec=spec,
        val=BundleFilms(films.squares, scores.truth, scores.patients.tolist()),
        test=None,
        training_films=TrainingFilms(own.records | known.records) if known else own,
    )


def outer_predictions(films: LocalFilms, choice: Choice, positive: str) -> Predictions:
    """What the winner says of each film when it was fitted without that film's fold."""
    listed = films.dataset.films
    return Predictions(
        path=tuple(film.path for film in listed),
        patient=tuple(film.patient for film in listed),
        label=tuple(film.label for film in listed),
        probability=np.asarray(expit(choice.odds[choice.name])),
        positive=positive,
    )


def _exported(bundle: Bundle, films: LocalFilms, choice: Choice) -> ExportedModel:
    model = onnx.load(bundle.folder / FLOAT32)
    method, positive = bundle.card.cam.method, bundle.card.positive_index
    if choice.calibration is not None:
        return ExportedModel(recalibrate(model, *choice.calibration), method)
    if choice.head is None:
        return ExportedModel(model, method)
    weight = np.zeros((2, len(choice.head.weight)))
    weight[positive] = choice.head.weight
    bias = np.zeros(2)
    bias[positive] = choice.head.bias
    if choice.network is not None:
        network, odds = choice.network.graph, choice.network.odds
    else:
        network = embeddings_of(network_of(model))[choice.head.embedding]
        odds = choice.head.odds(films.scores, np.arange(len(films.squares)))
    exported = add_head(network, Head(weight, bias, positive))
    some = films.squares[:200]
    given = run_batches(open_session(exported.bytes), some).probability[:, positive]
    difference = float(np.abs(expit(odds[: len(some)]) - given).max())
    if difference > PARITY:
        raise RadistillError(
            f"{bundle.folder}: the graph's probabilities differ from the fitted head's by "
            f"{difference:.2g}. Report this; nothing was written."
        )
    return replace(exported, parity=difference)


def _population(site: str, films: LocalFilms) -> Population:
    """Frontal films of the site, of the ages that its table gives, if it gives nearly all."""
    ages = [float(age) for age in films.columns.get("age", ()) if age.strip().isdecimal()]
    known = len(ages) >= 0.9 * len(films.squares)
    return Population(
        description=f"the frontal chest films of {site}",
        age_years=(min(ages), max(ages) + 1) if known else None,
        **FRONTAL,
    )
