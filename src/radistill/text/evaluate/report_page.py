"""The report on labellers: one HTML file in the style of that of the image models."""

import re
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from radistill.files import write_text
from radistill.metrics.predictions import Predictions, write_predictions
from radistill.report.figures import comparison_plots
from radistill.report.figures.pictures import Drawings, draw
from radistill.report.render import render
from radistill.schema.comparison import ModelResult
from radistill.schema.record import write_record
from radistill.text.evaluate.evaluate_labellers import Evaluation
from radistill.text.evaluate.labeller_plots import ablation_plot, calibration_plot, terms_plot
from radistill.text.evaluate.scores import TaskScores
from radistill.text.evaluate.terminal import agreement_sentence, pair_sentence, rows, shown
from radistill.text.labeller.labeller import ClassTerms


def write_report(out: Path, evaluation: Evaluation) -> Path:
    """Write report.html, figures.json, plots/ and predictions of each labeller; returns the page.

    out/TASK/NAME.csv holds `path,patient,label,probability`: the report's number in the task, its
    text's hash and truth. Raises RadistillError if the folder cannot be written.
    """
    figures = evaluation.figures
    write_record(out / "figures.json", figures)
    plots, models = {}, {}
    for scores, terms in zip(evaluation.scores, evaluation.terms, strict=True):
        task = scores.task.name
        predictions = {name: _predictions(scores, name) for name in figures.tasks[task]}
        for name, p in predictions.items():
            write_predictions(out / file_name(task) / f"{name}.csv", p)
        tests = figures.tasks[task].items()
        models[task] = [ModelResult(name=shown(name), test=test) for name, test in tests]
        drawings = _drawings(scores, models[task], predictions, terms)
        prefix = file_name(task)
        drawn = draw(out, {f"{prefix}-{kind}.svg": make for kind, make in drawings.items()})
        plots[task] = dict(zip(drawings, drawn.values(), strict=True))
    ablation: Drawings = {}
    if figures.ablation:
        ablation["ablation.svg"] = partial(ablation_plot, figures.ablation, list(figures.tasks))
    values = {
        "figures": figures,
        "models": models,
        "plots": plots,
        "ablation_plot": draw(out, ablation).get("ablation.svg"),
        "shown": shown,
        "rows": rows,
        "agreement_sentence": agreement_sentence,
        "pair_sentence": pair_sentence,
    }
    page = render("text.html", values, package="radistill.text.evaluate")
    write_text(out / "report.html", page)
    return out / "report.html"


def file_name(task: str) -> str:
    """A task's name as that of a file; labels may hold any character."""
    return re.sub(r"[^\w-]+", "_", task)


def _predictions(scores: TaskScores, name: str) -> Predictions:
    task = scores.task
    return Predictions(
        path=tuple(str(i) for i in range(len(task.truth))),
        patient=tuple(task.groups.tolist()),
        label=tuple(np.where(task.truth, task.positive, task.negative).tolist()),
        probability=scores.labellers[name].probability,
        positive=task.positive,
    )


def _drawings(
    scores: TaskScores,
    models: Sequence[ModelResult],
    predictions: Mapping[str, Predictions],
    terms: ClassTerms,
) -> Drawings:
    task = scores.task
    classes = (task.negative, task.positive)
    named = {shown(name): p for name, p in predictions.items()}
    learned = [name for name in predictions if name != "rules"]
    return {
        "confusion": partial(comparison_plots.confusion_plot, models, classes),
        "roc": partial(comparison_plots.roc_plot, models, named),
        "calibration": partial(calibration_plot, scores, learned),
        "words": partial(terms_plot, terms, classes),
    }
