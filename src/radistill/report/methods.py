"""The methods paragraph: how the figures were made, with every setting that decides them."""

from radistill.config import Recipe, StudyConfig
from radistill.metrics.reliability import ECE_BINS
from radistill.report import fmt
from radistill.report.summary import main_model
from radistill.schema.comparison import Comparison, DatasetFacts, ModelResult
from radistill.schema.figures import CalibrationResult, Explanation, Robustness

NETWORKS = ("baseline", "teacher", "student")
SELECTION = {
    "auc": "the epoch with the highest AUC on validation was kept",
    "log_loss": "the epoch with the lowest log loss on validation was kept",
    "worst_auc": "the epoch with the highest AUC on validation was kept, the lowest of the AUCs on "
    "the films as they are and on corrupted ones being counted",
    "last": "the last epoch was kept, none was chosen",
}


def methods(comparison: Comparison, config: StudyConfig | None) -> list[str]:
    """Sentences for a paper's methods section; some need the run's settings, `config`."""
    dataset, main = comparison.dataset, main_model(comparison)
    return [
        _films(dataset, config),
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


def split_title(dataset: DatasetFacts) -> str:
    """How the films were split, for a title; empty where they were not, or it is not recorded."""
    titles = {
        "official": "test films as the data set names them",
        "patient": f"split by patient ({_shares(dataset)})",
        "image": f"split image by image ({_shares(dataset)})",
    }
    return titles.get(dataset.protocol or "", "")


def split_sentence(dataset: DatasetFacts, config: StudyConfig | None) -> str:
    """How the films were split; empty as for `split_title`."""
    seed = f", seed {config.seed}" if config else ""
    if dataset.protocol == "official":
        return (
            "The test films are those that the data set names; the validation films were held out "
            "of its others."
        )
    title = split_title(dataset)
    return (
        f"The films were {title.removesuffix(')')} training:validation:test{seed})."
        if title
        else ""
    )


def _shares(dataset: DatasetFacts) -> str:
    """Training, validation and test films in percent: `70:10:20`."""
    films = [sum(dataset.counts.get(split, {}).values()) for split in ("train", "val", "test")]
    return ":".join(f"{100 * count / max(1, sum(films)):.0f}" for count in films)


def selection(recipe: Recipe) -> str:
    """How the epoch of a network was chosen, as a clause."""
    if recipe.epochs:
        return SELECTION[recipe.criterion]
    by = "lowest log loss" if recipe.criterion == "log_loss" else "highest AUC"
    return f"the epoch with the {by} on validation was kept"


def teachers(config: StudyConfig) -> str:
    """What taught the student, as a sentence."""
    own, further = config.distill.ensemble, len(config.distill.teachers)
    if own + further == 1:
        return "The student learnt from the outputs of one teacher."
    parts = [f"{own} of this study, alike but for their seeds"] if own > 1 else ["the study's own"]
    if further:
        parts.append(f"{further} trained before")
    return (
        f"The student learnt from the averaged outputs of {own + further} teachers "
        f"({', '.join(parts)}); the student itself is one network."
    )


def _films(dataset: DatasetFacts, config: StudyConfig | None) -> str:
    totals = {split: sum(counts.values()) for split, counts in dataset.counts.items()}
    if dataset.protocol == "external":
        return f"The model was scored on {totals['test']:,} films of {dataset.name}."
    kept = (
        "some patients or films being in more than one split"
        if dataset.leaking
        else "no patient being in two splits"
    )
    counts = ", ".join(f"{films:,} {split}" for split, films in totals.items())
    done = f"The films of {dataset.name} were split, {kept}: {counts}."
    return f"{done} {split_sentence(dataset, config)}".strip()


def _training(config: StudyConfig) -> list[str]:
    return [
        *(_recipe(name, config.recipe(name)) for name in NETWORKS),
        teachers(config),
        f"Seed {config.seed}.",
    ]


def _recipe(name: str, recipe: Recipe) -> str:
    size = f"{recipe.input_size} x {recipe.input_size}"
    phases = [f"{recipe.head_epochs} epochs of the head alone"] if recipe.head_epochs else []
    if recipe.epochs:
        phases.append(
            f"{recipe.epochs} epochs of {recipe.optimizer} at a learning rate of "
            f"{recipe.learning_rate:g}"
        )
    return (
        f"The architecture of the {name} was {recipe.architecture} at {size} pixels (weights "
        f"{recipe.weights}); it was trained for {' and '.join(phases)}, in batches of "
        f"{recipe.batch_size}; {selection(recipe)}."
    )


def _threshold(main: ModelResult, positive: str) -> str:
    return (
        f"A film was called {positive} from a probability of {fmt.figure(main.test.threshold)} up "
        f"({main.name}; {main.threshold_rule or 'as recorded'}), a threshold that was never chosen "
        "on test. Figures are of the network in float32; the bundle's card has those of the file "
        "that runs by default, at its own threshold."
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
