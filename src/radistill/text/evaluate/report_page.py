"""The report on labellers: one HTML file of the same make as that of the image models."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from radistill.files import write_json, write_text
from radistill.metrics.predictions import Predictions, write_predictions
from radistill.report import fmt, tables
from radistill.report.figures import comparison_plots as image_plots
from radistill.report.figures.pictures import Picture, draw
from radistill.report.render import render
from radistill.text.evaluate import labeller_plots
from radistill.text.evaluate.evaluate_labellers import Evaluation
from radistill.text.evaluate.scores import Answers
from radistill.text.evaluate.terminal import agreement_sentence, pair_sentence, shown

F1_INTERVAL = ("95 % interval", lambda model: fmt.interval(model["test"]["f1_ci"]))
COLUMNS = tuple(
    row
    for figure in tables.FIGURES
    if figure[0] not in ("Architecture", "Macro AUC")
    for row in ((figure, F1_INTERVAL) if figure[0] == "F1" else (figure,))
)


def write_report(out: Path, evaluation: Evaluation) -> Path:
    """Write report.html, figures.json, plots/ and predictions of each labeller; returns the page.

    out/TASK/NAME.csv holds `path,patient,label,probability`: the report's number in the task, its
    text's hash and truth. Raises RadistillError if the folder cannot be written.
    """
    figures = evaluation.figures
    write_json(out / "figures.json", figures)
    tasks = [_task(out, figures, one) for one in evaluation.answers]
    values = {
        "dataset": figures["dataset"],
        "tasks": tasks,
        "summary": [sentence for task in tasks for sentence in task["summary"]],
        "ablation": figures.get("ablation", []),
        "ablation_plot": _ablation(out, figures),
        "shown": shown,
    }
    page = render("text.html", values, package="radistill.text.evaluate")
    write_text(out / "report.html", page)
    return out / "report.html"


def _task(out: Path, figures: Mapping[str, Any], one: Answers) -> dict[str, Any]:
    """All that the page shows of one task."""
    name = one.asked.name
    main = figures["tasks"][name]
    every = {**main, **figures.get("comparisons", {}).get(name, {})}
    answers = {"classes": [one.asked.negative, one.asked.positive], "positive": one.asked.positive}
    comparison = {"dataset": answers, "models": _models(main)}
    pairs = [pair for pair in figures.get("pairs", []) if pair["task"] == name]
    predictions = {key: _predictions(one, key) for key in main}
    for key, found in predictions.items():
        write_predictions(out / file_name(name) / f"{key}.csv", found)
    named = {shown(key): found for key, found in predictions.items()}
    agreement = figures.get("agreement", {}).get(name)
    return {
        "name": name,
        "n": len(one.truth),
        "positives": int(one.truth.sum()),
        "left_out": figures["dataset"]["left_out"][name],
        "models": list(every),
        "main": list(main),
        "rows": tables.cells({"models": _models(every)}, COLUMNS),
        "pairs": pairs,
        "summary": _summary(name, main, pairs),
        "agreement": agreement_sentence(name, agreement) if agreement else "",
        "plots": draw(out, _pictures(file_name(name), comparison, named, one, list(main))),
    }


def _models(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """As in a comparison of image models, so that the same tables and plots take them."""
    return [{"name": shown(name), "test": test} for name, test in figures.items()]


def file_name(task: str) -> str:
    """A task's name as that of a file; labels may hold anything."""
    return re.sub(r"[^\w-]+", "_", task)


def _predictions(one: Answers, name: str) -> Predictions:
    asked = one.asked
    return Predictions(
        path=tuple(str(i) for i in range(len(one.truth))),
        patient=tuple(one.groups.tolist()),
        label=tuple(np.where(one.truth, asked.positive, asked.negative).tolist()),
        probability=one.scored[name].probability,
        positive=asked.positive,
    )


def _pictures(
    task: str,
    comparison: Mapping[str, Any],
    predictions: Mapping[str, Predictions],
    one: Answers,
    main: Sequence[str],
) -> list[Picture]:
    learned = [name for name in main if name != "rules"]
    pictures = [
        Picture(
            f"{task}-confusion.svg", "Confusion matrices",
            "Reports by truth and decision; percentages are of the true class.",
            lambda: image_plots.confusion_plot(comparison),
        ),
        Picture(
            f"{task}-roc.svg", "ROC curves",
            f"{image_plots.describe(comparison)} The markers are the thresholds in use.",
            lambda: image_plots.roc_plot(comparison, predictions),
        ),
        Picture(
            f"{task}-calibration.svg", "Calibration",
            "How often reports given a probability were positive; on the dotted line the "
            "probability is right. The larger the mark, the more reports.",
            lambda: labeller_plots.calibration_plot(one, learned),
        ),
    ]  # fmt: skip
    if one.telling is not None:
        up, down = one.telling
        pictures.append(
            Picture(
                f"{task}-words.svg", "The most telling words",
                "Log-odds that the presence of a word adds. no: and maybe: mark denied and doubted "
                "words, rules/ is what the keywords found.",
                lambda: labeller_plots.words_plot(
                    up, down, (one.asked.negative, one.asked.positive)
                ),
            )
        )  # fmt: skip
    return pictures


def _summary(
    task: str, models: Mapping[str, Mapping[str, Any]], pairs: Sequence[Mapping[str, Any]]
) -> list[str]:
    name = "best" if "best" in models else next(iter(models))
    best, counts = models[name], models[name]["confusion"]
    who = "the best labeller" if name == "best" else shown(name)
    lines = [
        f"{task}: {who} has an AUC of {best['auc']:.3f} (95 % interval "
        f"{fmt.interval(best['auc_ci'])}) and an F1 of {best['f1']:.3f} "
        f"({fmt.interval(best['f1_ci'])}) on {best['n']:,} reports; it finds "
        f"{counts['tp']:,} of {best['positives']:,} and falsely calls {counts['fp']:,} others."
    ]
    return lines + [pair_sentence(pair) for pair in pairs if pair["b"] == "rules"]


def _ablation(out: Path, figures: Mapping[str, Any]) -> dict[str, str] | None:
    rows = figures.get("ablation")
    if not rows:
        return None
    picture = Picture(
        "ablation.svg",
        "Without one step",
        "Change of naive Bayes' AUC, 95 % interval over texts: left of the line the step helps.",
        lambda: labeller_plots.ablation_plot(rows, list(figures["tasks"])),
    )
    return draw(out, [picture])[0]
