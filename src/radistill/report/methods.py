"""The methods paragraph: how the figures were made, with every setting that decides them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from radistill.config import StudyConfig
from radistill.metrics.reliability import ECE_BINS
from radistill.report import fmt
from radistill.report.summary import main_model


def methods(comparison: Mapping[str, Any], config: StudyConfig | None) -> list[str]:
    """Sentences for a paper's methods section; some need the run's settings, `config`."""
    dataset, main = comparison["dataset"], main_model(comparison)
    return [
        _films(dataset),
        *(_training(config) if config else []),
        _threshold(main, dataset),
        *([_calibration(main)] if main.get("calibration") else []),
        _intervals(config),
        *([_pairs(comparison["pairs"][0])] if comparison["pairs"] else []),
        f"Calibration error was taken over {ECE_BINS} bins of equal width and of equal mass; slope "
        "and intercept are of the logistic regression of the outcome on the log-odds (Cox 1958).",
        *([_robustness(main["robustness"])] if main.get("robustness") else []),
        *([_explanation(main["explanation"])] if main.get("explanation") else []),
    ]


def _films(dataset: Mapping[str, Any]) -> str:
    counts = dataset["counts"]
    parts = [f"{sum(by.values()):,} {split}" for split, by in counts.items()]
    if dataset.get("protocol") == "external":
        return (
            f"The model was scored on {sum(counts['test'].values()):,} films of {dataset['name']}."
        )
    kept = (
        "some patients standing in more than one split" if dataset.get("leaking")
        else "no patient standing in two splits"
    )  # fmt: skip
    split = f"by the protocol {dataset.get('protocol')}, " if dataset.get("protocol") else ""
    return f"The films of {dataset['name']} were split {split}{kept}: {', '.join(parts)}."


def _training(config: StudyConfig) -> list[str]:
    recipes = {name: config.recipe(name) for name in ("baseline", "teacher", "student")}
    return [
        *(
            f"The {name} was a {recipe.architecture} at {recipe.input_size} x {recipe.input_size} "
            f"pixels (weights {recipe.weights}), {recipe.epochs} epochs of {recipe.optimizer} at a "
            f"learning rate of {recipe.learning_rate:g}, batches of {recipe.batch_size}; the epoch "
            f"was chosen by {recipe.criterion} on validation."
            for name, recipe in recipes.items()
        ),
        f"Seed {config.seed}.",
    ]


def _threshold(main: Mapping[str, Any], dataset: Mapping[str, Any]) -> str:
    rule = main.get("threshold_rule") or "as recorded"
    return (
        f"A film was called {dataset['positive']} from a probability of "
        f"{fmt.figure(main['test']['threshold'])} up ({main['name']}; {rule}), a threshold that "
        "was never chosen on test."
    )


def _calibration(main: Mapping[str, Any]) -> str:
    chosen = main["calibration"]
    detail = f" of {chosen['temperature']:.3f}" if chosen["kind"] == "temperature" else ""
    if chosen["kind"] == "none":
        return f"The probabilities of the {main['name']} were left as trained ({chosen['reason']})."
    return (
        f"Calibration by {chosen['kind']}{detail} was chosen for the {main['name']} "
        f"({chosen['reason']}); figures are of the probability before it unless they say "
        "otherwise, the bundle tells the one after it."
    )


def _intervals(config: StudyConfig | None) -> str:
    count = f", {config.evaluation.bootstrap:,} times" if config else ""
    return (
        f"Intervals are 95 %: of proportions Wilson's, the films divided by the design effect of "
        "patients with several; of other figures expanded percentiles (Hesterberg 2015) over "
        f"patients drawn with replacement within their class{count}; for calibration errors the "
        "lower end is that of the basic interval."
    )


def _pairs(pair: Mapping[str, Any]) -> str:
    return (
        "Models were compared on the same films by DeLong's test of AUC, McNemar's exact test of "
        "decisions and paired bootstrap intervals; p-values were corrected by Holm's method. "
        "A model is called not inferior where the interval leaves out a loss of "
        f"{pair['margin']:g} AUC or more."
    )


def _robustness(found: Mapping[str, Any]) -> str:
    names = ", ".join(curve["name"] for curve in found["curves"])
    return f"{found['films']} test films were damaged step by step ({names}) and scored again."


def _explanation(found: Mapping[str, Any]) -> str:
    alike = fmt.figure(found["randomisation"]["all"], 2)
    return (
        f"Heat maps are {found['method']}; against the same network with random weights "
        f"(Adebayo et al. 2018) their rank correlation is {alike}."
    )
