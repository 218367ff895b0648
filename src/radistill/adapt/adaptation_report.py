"""OUT/report.html: one page for the clinic, before and after, and what may not be concluded."""

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from scipy.special import expit

from radistill.adapt.choose import Choice
from radistill.adapt.local_bundle import outer_predictions
from radistill.adapt.local_films import LocalFilms
from radistill.config import EvaluationConfig
from radistill.export.operating_points import validation_points
from radistill.files import write_text
from radistill.metrics.groups import by_group
from radistill.metrics.predictions import write_predictions
from radistill.metrics.score import score_predictions
from radistill.report.figures import comparison_plots, samples, validation_plots
from radistill.report.figures.pictures import Drawings, draw
from radistill.report.render import render
from radistill.schema.adaptation import Adaptation
from radistill.schema.card import Card
from radistill.schema.comparison import ModelResult

BEFORE, AFTER = "as it is", "adapted"
GROUPS = ("age", "sex", "view")
MISTAKES = 8


def write_adaptation_report(
    out: Path,
    records: Path,
    card: Card,
    films: LocalFilms,
    choice: Choice,
    adaptation: Adaptation,
) -> None:
    """Write report.html into both folders; plots/ and the outer folds' predictions.csv, too, into
    `records`, whose report alone shows films.

    card: the parent's. Raises RadistillError if the folder cannot be written.
    """
    config, seed, positive = EvaluationConfig(), adaptation.seed, card.positive
    after = outer_predictions(films, choice, positive)
    before = outer_predictions(films, _as_it_is(choice), positive)
    shown = {BEFORE: (before, card.threshold)}
    if adaptation.gained:
        shown[AFTER] = (after, float(expit(choice.threshold)))
    models = [
        ModelResult(name=name, test=score_predictions(p, threshold, config, seed)[0])
        for name, (p, threshold) in shown.items()
    ]
    predictions = {name: p for name, (p, _) in shown.items()}
    p, threshold = shown[AFTER if adaptation.gained else BEFORE]
    columns = {name: v for name, v in films.columns.items() if name.lower() in GROUPS}
    squares = {film.path: row for row, film in enumerate(films.dataset.films)}
    drawings: Drawings = {
        "roc.svg": partial(comparison_plots.roc_plot, models, predictions),
        "reliability.svg": partial(validation_plots.reliability_plot, models, predictions),
        "decision.svg": partial(validation_plots.decision_plot, models, predictions),
    }
    if wrong := samples.worst_mistakes(p, threshold, MISTAKES):
        drawings["mistakes.png"] = partial(
            samples.sample_sheet, p, wrong, threshold, lambda path: films.squares[squares[path]]
        )
    write_predictions(records / "predictions.csv", p)
    values: dict[str, Any] = {
        "adaptation": adaptation,
        "positive": positive,
        "models": models,
        "points": validation_points(p.truth, p.probability, threshold, list(p.patient)),
        "groups": by_group(p, threshold, columns, config, seed),
        "expected": {name: float(np.mean(q.probability)) for name, q in predictions.items()},
        "plots": draw(records, drawings),
        "records": records.name,
        "summary": summary(adaptation),
    }
    shipped = {name: plot for name, plot in values["plots"].items() if name != "mistakes.png"}
    for folder, plots in ((records, values["plots"]), (out, shipped)):
        page = render("adapt.html", values | {"plots": plots}, package="radistill.adapt")
        write_text(folder / "report.html", page)


def _as_it_is(choice: Choice) -> Choice:
    return Choice("nothing", "", choice.changes, choice.odds)


def summary(adaptation: Adaptation) -> list[str]:
    """The outcome in a few sentences, confounds first where they put it in doubt."""
    best, as_it_is = adaptation.best, adaptation.change("nothing")
    sentences = []
    tells = [one for one in adaptation.confounds if one.tells]
    explained = [one.name for one in tells if one.explains and adaptation.ranked_anew]
    if explained:
        sentences.append(
            f"The gain may be a matter of {_and(explained)}: that alone tells the label here, and "
            "among films alike in it no gain is shown."
        )
    elif tells:
        told = _and([f"{one.name} (AUC {one.auc:.2f})" for one in tells])
        text = f"The label here is also told by {told}, without looking at the lungs."
        if adaptation.ranked_anew:
            text += " Among films alike in each of these the gain is still there."
        sentences.append(text)
    gain = best.gain
    if adaptation.gained and gain is not None:
        units = {"auc": "AUC", "log_loss": "nats a film", "decisions": "nats a film, of decisions"}
        sentences.append(
            f"Adapted by {best.name}: {adaptation.reason}. Gain {gain.value:+.3f} {units[gain.by]} "
            f"(95 % interval {gain.ci[0]:+.3f} to {gain.ci[1]:+.3f}), on films that the change had "
            "not seen."
        )
    else:
        sentences.append(f"Nothing was changed and no bundle was written: {adaptation.reason}.")
        sentences += _more_films(adaptation)
    sentences.append(
        f"AUC {as_it_is.auc:.3f} ({as_it_is.auc_ci[0]:.3f} to {as_it_is.auc_ci[1]:.3f}) as it is"
        + (
            f", {best.auc:.3f} ({best.auc_ci[0]:.3f} to {best.auc_ci[1]:.3f}) adapted"
            if best.name != "nothing"
            else ""
        )
        + f", on {adaptation.films} films of {adaptation.patients} patients of {adaptation.site}, "
        f"{adaptation.positives} of them positive."
    )
    return sentences


def _more_films(adaptation: Adaptation) -> list[str]:
    """How many films could show the gain that these hint at."""
    hints = [one for one in adaptation.changes if one.gain is not None and one.gain.films_to_show]
    wanted = [
        f"{one.name} {one.gain.films_to_show:,}"
        for one in hints
        if one.gain is not None and not one.gain.shown and one.gain.films_to_show is not None
    ]
    if not wanted:
        return ["No number of films like these is likely to show one."]
    return [
        "If what these films hint at is true, this many films would show it with a power of 80 %: "
        f"{_and(wanted)}."
    ]


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
