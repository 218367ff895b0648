"""The methods paragraph: how the figures were made, with every setting that decides them."""

from __future__ import annotations

from radistill.config import StudyConfig
from radistill.metrics.reliability import ECE_BINS
from radistill.report import fmt
from radistill.report.summary import main_model
from radistill.schema.comparison import Comparison, DatasetFacts, ModelResult
from radistill.schema.figures import CalibrationResult, Explanation, Robustness


def methods(comparison: Comparison, config: StudyConfig | None) -> list[str]:
    """Sentences for a paper's methods section; some need the run's settings, `config`."""
    dataset, main = comparison.dataset, main_model(comparison)
    return [
        _films(dataset),
        *(_training(config) if config else []),
        _threshold(main, dataset.positive),
        *([_calibration(main.name, main.calibration)] if main.calibration else []),
        _intervals(config),
        *([_pairs(comparison.pairs[0].margin)] if comparison.pairs else []),
        f"Calibration error was taken over {ECE_BINS} bins of equal width and of equal mass; slope "
        "and intercept are of the logistic regression of the outcome on the log-odds (Cox 1958).",
        *([_robustness(main.robustness)] if main.robustness else []),
        *([_explanation(main.explanation)] if main.explanation else []),
    ]


def _films(dataset: DatasetFacts) -> str:
    totals = {split: sum(counts.values()) for split, counts in dataset.counts.items()}
    if dataset.protocol == "external":
        return f"The model was scored on {totals['test']:,} films of {dataset.name}."
    kept = (
        "some patients or films being in more than one split"
        if dataset.leaking
        else "no patient being in two splits"
    )
    how = f"by the protocol {dataset.protocol}, " if dataset.protocol else ""
    counts = ", ".join(f"{films:,} {split}" for split, films in totals.items())
    return f"The films of {dataset.name} were split {how}{kept}: {counts}."


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


def _threshold(main: ModelResult, positive: str) -> str:
    return (
        f"A film was called {positive} from a probability of {fmt.figure(main.test.threshold)} up "
        f"({main.name}; {main.threshold_rule or 'as recorded'}), a threshold that was never chosen "
        "on test."
    )


def _calibration(name: str, chosen: CalibrationResult) -> str:
    if chosen.kind == "none":
        return f"The probabilities of the {name} were left as trained ({chosen.reason})."
    detail = f" of {chosen.temperature:.3f}" if chosen.kind == "temperature" else ""
    return (
        f"Calibration by {chosen.kind}{detail} was chosen for the {name} ({chosen.reason}); "
        "figures are of the probability before it unless they say otherwise, the bundle gives the "
        "one after it."
    )


def _intervals(config: StudyConfig | None) -> str:
    count = f", {config.evaluation.bootstrap:,} times" if config else ""
    return (
        f"Intervals are 95 %: of proportions Wilson's, the films divided by the design effect of "
        "patients with several; of other figures expanded percentiles (Hesterberg 2015) over "
        f"patients drawn with replacement within their class{count}; for calibration errors the "
        "lower end is that of the basic interval."
    )


def _pairs(margin: float) -> str:
    return (
        "Models were compared on the same films by DeLong's test of AUC, McNemar's exact test of "
        "decisions and paired bootstrap intervals; p-values were corrected by Holm's method. "
        f"A model is called not inferior where the interval leaves out a loss of {margin:g} AUC or "
        "more."
    )


def _robustness(robustness: Robustness) -> str:
    names = ", ".join(curve.name for curve in robustness.curves)
    return f"{robustness.films} test films were corrupted step by step ({names}) and scored again."


def _explanation(explanation: Explanation) -> str:
    return (
        f"Heat maps: {explanation.method}; against the same network with random weights "
        "(Adebayo et al. 2018) their rank correlation is "
        f"{fmt.figure(explanation.randomisation.all, 2)}."
    )
