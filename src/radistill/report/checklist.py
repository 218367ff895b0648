"""TRIPOD+AI and CLAIM, filled in as far as a run knows itself."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources
from typing import Any

import yaml

from radistill.config import StudyConfig
from radistill.report import fmt
from radistill.report.summary import main_model

OPEN = "for the authors"
UNCERTAINTY = (
    "95 % intervals: Wilson's for proportions, on the effective number of films; bootstrap over "
    "patients, within class, for all other figures. DeLong and exact McNemar tests of pairs, "
    "p-values corrected by Holm."
)


def checklist(
    comparison: Mapping[str, Any], config: StudyConfig | None, environment: Mapping[str, Any] | None
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
    comparison: Mapping[str, Any], config: StudyConfig | None, environment: Mapping[str, Any] | None
) -> dict[str, str]:
    """Sentences by key; a key is missing where the run does not tell."""
    found = _of_data(comparison["dataset"]) | _of_model(comparison)
    found |= {
        "use": "Research and teaching only.",
        "predictors": "The pixels of one frontal chest film alone.",
        "preparation": "Films are decoded, made grey, resized to a square with antialiasing and "
        "divided by 255; unreadable and duplicate files are listed under Data.",
        "measures": "See Figures and Thresholds: discrimination, calibration, decisions at "
        "thresholds chosen on validation, net benefit.",
        "uncertainty": UNCERTAINTY,
        "clusters": "Films of one patient are drawn together in every resample.",
        "predictions": "One probability a film, kept in predictions.csv, from which every figure "
        "here can be recomputed.",
        "retrospective": "Retrospective: films and labels as the data set holds them.",
        "limits": "Test films are of the data set named here; another hospital, age or machine may "
        "give other figures.",
    }
    if config is not None:
        found |= _of_config(config)
    if environment is not None:
        packages = environment.get("packages") or {}
        listed = ", ".join(f"{name} {version}" for name, version in packages.items())
        found["software"] = f"radistill {environment.get('radistill', '')}; {listed}".strip("; ")
    return found


def _of_data(dataset: Mapping[str, Any]) -> dict[str, str]:
    counts = dataset["counts"]
    films = "; ".join(
        f"{split} " + ", ".join(f"{n:,} {label}" for label, n in by_label.items())
        for split, by_label in counts.items()
    )
    test = counts.get("test", {})
    share = test.get(dataset["positive"], 0) / max(1, sum(test.values()))
    leak = "Some patients stand in two splits." if dataset.get("leaking") else (
        "No patient stands in two splits."
    )  # fmt: skip
    found = {
        "data": f"The data set {dataset['name']}.",
        "outcome": f"The label {dataset['positive']}, as the data set gives it.",
        "sample": f"Films: {films}. No sample size was calculated.",
        "imbalance": f"{share:.0%} of the test films are {dataset['positive']}; thresholds and "
        "intervals are within class.",
        "exclusions": "Files that cannot be read are left out and listed under Data; no value is "
        "imputed.",
    }
    if dataset.get("protocol") != "external" and dataset.get("protocol"):
        found["split"] = f"Split {dataset['protocol']}, by patient. {leak}"
    return found


def _of_model(comparison: Mapping[str, Any]) -> dict[str, str]:
    main = main_model(comparison)
    test, found = main["test"], {}
    if test["auc"] is not None:
        found["performance"] = (
            f"{main['name']}: AUC {fmt.figure(test['auc'])} ({fmt.interval(test['auc_ci'])}); "
            "see Figures and Where it fails."
        )
    rule = main.get("threshold_rule") or "as recorded"
    found["threshold"] = (
        f"A probability and a decision at {fmt.figure(test['threshold'])} ({rule})."
    )
    if main.get("calibration"):
        chosen = main["calibration"]
        found["calibration"] = f"Calibration: {chosen['kind']} ({chosen['reason']})."
    if main.get("robustness"):
        found["robustness"] = "Scored on damaged films; see Where it fails."
    if main.get("explanation"):
        found["explanation"] = f"{main['explanation']['method']}; see Films."
    if main.get("groups"):
        found["fairness"] = "Figures by group as far as the data name groups; see Where it fails."
    found["failures"] = "The surest wrong calls stand under Films."
    if comparison.get("external"):
        found["shift"] = "External data; see Other data."
    return found


def _of_config(config: StudyConfig) -> dict[str, str]:
    recipes = {name: config.recipe(name) for name in ("baseline", "teacher", "student")}
    parts = [
        f"{name}: {recipe.architecture} at {recipe.input_size} pixels, weights {recipe.weights}"
        for name, recipe in recipes.items()
    ]
    return {
        "models": "; ".join(parts) + ".",
        "training": "Every setting stands under Settings.",
        "selection": "By the criterion on validation that Settings names; test was scored once a "
        "model.",
        "ensemble": "None.",
        "bundle": "ONNX with its card in RUN/bundle; no part of it is a pickle.",
    }
