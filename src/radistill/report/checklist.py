"""TRIPOD+AI and CLAIM, filled in as far as a run knows itself."""

from importlib import resources

import yaml

from radistill.config import StudyConfig
from radistill.report import fmt
from radistill.report.methods import NETWORKS, selection, split_sentence, teachers
from radistill.report.summary import main_model
from radistill.schema.comparison import Comparison, DatasetFacts
from radistill.schema.environment import Environment

OPEN = "for the authors"
UNCERTAINTY = (
    "95 % intervals: Wilson's for proportions, on the effective number of films; bootstrap over "
    "patients, within class, for all other figures. DeLong and exact McNemar tests of pairs, "
    "p-values corrected by Holm."
)


def checklist(
    comparison: Comparison, config: StudyConfig | None, environment: Environment | None
) -> dict[str, list[dict[str, str]]]:
    """By guideline its items: number, what is asked, answer, and `filled` (yes or no)."""
    text = (resources.files("radistill.report") / "checklist.yaml").read_text("utf-8")
    known = facts(comparison, config, environment)
    return {
        guideline: [
            {
                "item": item,
                "asked": asked,
                "answer": known.get(key or "") or OPEN,
                "filled": "yes" if known.get(key or "") else "no",
            }
            for item, asked, key in items
        ]
        for guideline, items in yaml.safe_load(text).items()
    }


def facts(
    comparison: Comparison, config: StudyConfig | None, environment: Environment | None
) -> dict[str, str]:
    """Sentences by key; a key is missing where the run does not know."""
    answers = _of_data(comparison.dataset, config) | _of_model(comparison)
    answers |= {
        "use": "Research and teaching only.",
        "predictors": "The pixels of one frontal chest film alone.",
        "preparation": "Films are decoded, made grey, resized to a square with antialiasing and "
        "divided by 255; unreadable and duplicate files are listed under Data.",
        "measures": "See Figures and Thresholds: discrimination, calibration, decisions at "
        "thresholds that were never chosen on test, net benefit.",
        "uncertainty": UNCERTAINTY,
        "clusters": "Films of one patient are drawn together in every resample.",
        "predictions": "One probability a film, kept in predictions.csv, from which every figure "
        "here can be recomputed.",
        "retrospective": "Retrospective: films and labels as the data set holds them.",
        "limits": "Test films are of the data set named here; another hospital, age or machine may "
        "give other figures.",
    }
    if config is not None:
        answers |= _of_config(config)
    if environment is not None:
        listed = [f"{name} {version}" for name, version in environment.packages.items()]
        answers["software"] = f"radistill {environment.radistill}; {', '.join(listed)}".strip("; ")
    return answers


def _of_data(dataset: DatasetFacts, config: StudyConfig | None) -> dict[str, str]:
    films = "; ".join(
        f"{split} " + ", ".join(f"{n:,} {label}" for label, n in by_label.items())
        for split, by_label in dataset.counts.items()
    )
    test = dataset.counts.get("test", {})
    share = test.get(dataset.positive, 0) / max(1, sum(test.values()))
    answers = {
        "data": f"The data set {dataset.name}.",
        "outcome": f"The label {dataset.positive}, as the data set gives it.",
        "sample": f"Films: {films}. No sample size was calculated.",
        "imbalance": f"{share:.0%} of the test films are {dataset.positive}; thresholds and "
        "intervals are within class.",
        "exclusions": "Files that cannot be read are left out and listed under Data; no value is "
        "imputed.",
    }
    if split := split_sentence(dataset, config):
        several = "Some patients or films are" if dataset.leaking else "No patient is"
        answers["split"] = f"{split} {several} in two splits."
    return answers


def _of_model(comparison: Comparison) -> dict[str, str]:
    main, external = main_model(comparison), comparison.external
    test, chosen = main.test, main.calibration
    answers = {
        "threshold": f"A probability and a decision at {fmt.figure(test.threshold)} "
        f"({main.threshold_rule or 'as recorded'}).",
        "failures": "The most confident wrong calls are shown under Films.",
        "performance": f"{main.name}: AUC {fmt.figure(test.auc)} ({fmt.interval(test.auc_ci)}); "
        "see Figures and Where it fails.",
        "calibration": f"Calibration: {chosen.kind} ({chosen.reason})." if chosen else "",
        "robustness": "Scored on corrupted films; see Where it fails.",
        "explanation": f"{main.explanation.method}; see Films." if main.explanation else "",
        "internal": "Figures are of held-out test films of the same data set.",
        "fairness": "Figures by group as far as the data name groups; see Where it fails.",
        "shift": "External data; see Other data.",
    }
    known = {
        "performance": test.auc is not None,
        "robustness": main.robustness,
        "internal": not external,
        "fairness": main.groups,
        "shift": external,
    }
    return {key: answer for key, answer in answers.items() if answer and known.get(key, True)}


def _of_config(config: StudyConfig) -> dict[str, str]:
    recipes = {name: config.recipe(name) for name in NETWORKS}
    parts = [
        f"{name}: {recipe.architecture} at {recipe.input_size} pixels, weights {recipe.weights}"
        for name, recipe in recipes.items()
    ]
    return {
        "models": "; ".join(parts) + ".",
        "training": "Every setting is listed under Settings.",
        "selection": "; ".join(f"{name}: {selection(recipe)}" for name, recipe in recipes.items())
        + ". Test was scored once a model.",
        "ensemble": teachers(config),
        "bundle": "ONNX with its card in RUN/bundle; no part of it is a pickle.",
    }
