"""The report on labellers: one HTML file in the style of that of the image models."""

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from radistill.files import write_text
from radistill.metrics.predictions import Predictions, write_predictions
from radistill.report import fmt
from radistill.report.figures import comparison_plots
from radistill.report.figures.pictures import ReportFigure, draw
from radistill.report.render import render
from radistill.schema.comparison import ModelResult
from radistill.schema.labeller_figures import LabellerEvaluation, LabellerFigures
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
    plots = {}
    for scores, terms in zip(evaluation.scores, evaluation.terms, strict=True):
        task = scores.task.name
        predictions = {name: _predictions(scores, name) for name in figures.tasks[task]}
        for name, p in predictions.items():
            write_predictions(out / file_name(task) / f"{name}.csv", p)
        plots[task] = draw(out, _pictures(scores, figures.tasks[task], predictions, terms))
    ablation = ReportFigure(
        "ablation.svg",
        "Without one step",
        "Change of naive Bayes' AUC, 95 % interval over texts: left of the line the step helps.",
        lambda: ablation_plot(figures.ablation, list(figures.tasks)),
    )
    values = {
        "figures": figures,
        "plots": plots,
        "ablation_plot": draw(out, [ablation])[0] if figures.ablation else None,
        "summary": _summary(figures),
        "shown": shown,
        "rows": rows,
        "agreement_sentence": agreement_sentence,
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


def _pictures(
    scores: TaskScores,
    figures: Mapping[str, LabellerFigures],
    predictions: dict[str, Predictions],
    terms: ClassTerms,
) -> list[ReportFigure]:
    task = scores.task
    prefix = file_name(task.name)
    classes = (task.negative, task.positive)
    models = [ModelResult(name=shown(key), test=test) for key, test in figures.items()]
    named = {shown(key): p for key, p in predictions.items()}
    return [
        ReportFigure(
            f"{prefix}-confusion.svg",
            "Confusion matrices",
            "Reports by truth and decision; percentages are of the true class.",
            lambda: comparison_plots.confusion_plot(models, classes),
        ),
        ReportFigure(
            f"{prefix}-roc.svg",
            "ROC curves",
            f"{comparison_plots.describe(models)} The markers are the thresholds in use.",
            lambda: comparison_plots.roc_plot(models, named),
        ),
        ReportFigure(
            f"{prefix}-calibration.svg",
            "Calibration",
            "Share of positive reports by probability, in ten bins; on the dotted line the "
            "probability is right.",
            lambda: calibration_plot(scores, [key for key in figures if key != "rules"]),
        ),
        ReportFigure(
            f"{prefix}-words.svg",
            "The words that speak most for each class",
            "Log-odds that the presence of a word adds. no: and maybe: mark denied and doubted "
            "words, rules/ is the result of the keywords.",
            lambda: terms_plot(terms, classes),
        ),
    ]


def _summary(figures: LabellerEvaluation) -> list[str]:
    """The best labeller of each task, and how labellers compare with the keywords."""
    sentences = []
    for task, labellers in figures.tasks.items():
        name = "best" if "best" in labellers else next(iter(labellers))
        best = labellers[name]
        who = "the best labeller" if name == "best" else shown(name)
        sentences.append(
            f"{task}: {who} has an AUC of {fmt.figure(best.auc)} (95 % interval "
            f"{fmt.interval(best.auc_ci)}) and an F1 of {best.f1:.3f} "
            f"({fmt.interval(best.f1_ci)}) on {best.n:,} reports; it finds "
            f"{best.confusion.tp:,} of {best.positives:,} and falsely calls "
            f"{best.confusion.fp:,} others."
        )
        pairs = (pair for pair in figures.pairs if pair.task == task and pair.b == "rules")
        sentences += map(pair_sentence, pairs)
    return sentences
