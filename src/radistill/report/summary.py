"""What a comparison says, in a few sentences with the figures in them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from radistill.explain.robustness import weakest
from radistill.report import fmt

PREFERRED = ("student", "student-alone", "teacher", "baseline")


def main_model(comparison: Mapping[str, Any]) -> dict[str, Any]:
    """The model the study is about: the distilled student, or the next best there is."""
    models: dict[str, dict[str, Any]] = {m["name"]: m for m in comparison["models"]}
    return next((models[name] for name in PREFERRED if name in models), comparison["models"][-1])


def summary(comparison: Mapping[str, Any]) -> list[str]:
    """Sentences for the head of the report, the most important first."""
    main = main_model(comparison)
    models = {model["name"]: model for model in comparison["models"]}
    sentences = [_separates(main, comparison["dataset"]), _decides(main, comparison["dataset"])]
    if main["name"] == "student" and "teacher" in models:
        sentences.append(_against_teacher(main, models["teacher"], comparison["pairs"]))
    gained = _find(comparison["pairs"], "student", "student-alone")
    if gained:
        sentences.append(_gain(gained))
    sentences += [_weak_spot(main, comparison["dataset"]), _calibrated(main)]
    return [sentence for sentence in sentences if sentence]


def _separates(model: Mapping[str, Any], dataset: Mapping[str, Any]) -> str:
    test, positive = model["test"], dataset["positive"]
    held_out = "" if dataset.get("protocol") == "external" else "held-out test "
    films = f"{test['n']} {held_out}films"
    if test["auc"] is None:
        return f"The {films} are all of one class, so no model can be said to separate anything."
    return (
        f"The {model['name']} model ({model['architecture']}) tells {positive} from the rest with "
        f"an AUC of {test['auc']:.3f} (95 % interval {fmt.interval(test['auc_ci'])}) on {films}."
    )


def _decides(model: Mapping[str, Any], dataset: Mapping[str, Any]) -> str:
    counts, positive = model["test"]["confusion"], dataset["positive"]
    sick, well = counts["tp"] + counts["fn"], counts["tn"] + counts["fp"]
    return (
        f"At its threshold of {model['test']['threshold']:.3f}, set without the test films, it "
        f"finds {counts['tp']} of {sick} {positive} films and falsely calls {counts['fp']} of "
        f"{well} others."
    )


def _weak_spot(model: Mapping[str, Any], dataset: Mapping[str, Any]) -> str:
    """The group and the damage in which the model does worst, if it was scored in any."""
    parts = []
    groups = [g for g in model.get("groups") or [] if g["auc"] is not None and g["auc_ci"]]
    if groups:
        worst = min(groups, key=lambda group: group["auc"])
        parts.append(
            f"Of the groups looked at, its AUC is lowest for {worst['by']} {worst['group']}: "
            f"{worst['auc']:.3f} (95 % interval {fmt.interval(worst['auc_ci'])}, "
            f"{worst['n']} films)."
        )
    damaged = weakest(model["robustness"]) if model.get("robustness") else None
    if damaged:
        parts.append(
            f"Of damaged films it stands {damaged['name']} worst, with an AUC of "
            f"{damaged['auc']:.3f} at {damaged['level']:g}."
        )
    return " ".join(parts)


def _calibrated(model: Mapping[str, Any]) -> str:
    """Whether probabilities mean what they say on test, and whether calibration helped."""
    found = model.get("calibration")
    if not found:
        return ""
    before, after = found["test"]["before"], found["test"]["after"]
    gap = f"On test its probabilities are off by {before['ece']:.3f} on average (ECE)"
    if found["kind"] == "none":
        return f"{gap}; they are left as trained ({found['reason']})."
    verdict = "better" if after["log_loss"] < before["log_loss"] else "worse, not better"
    return (
        f"{gap}; calibration by {found['kind']}, chosen on validation, makes them {verdict} there "
        f"(log loss {before['log_loss']:.3f} before, {after['log_loss']:.3f} after)."
    )


def _against_teacher(
    student: Mapping[str, Any], teacher: Mapping[str, Any], pairs: list[Mapping[str, Any]]
) -> str:
    small, large = student.get("cost"), teacher.get("cost")
    pair = _find(pairs, "teacher", "student")
    if not small or not large or pair is None or pair["auc_difference"] is None:
        return ""
    return (
        f"Its file is {fmt.size(small['file_bytes'])} against the teacher's "
        f"{fmt.size(large['file_bytes'])}, and it needs {small['latency_ms_p50']:.1f} ms a film "
        f"against {large['latency_ms_p50']:.1f} ms on one CPU thread. {_short(pair)}"
    )


def _short(pair: Mapping[str, Any]) -> str:
    ahead, behind = pair["a"], pair["b"]
    if pair["auc_difference"] < 0:
        ahead, behind = behind, ahead
    beyond = pair["ci"][0] > 0 or pair["ci"][1] < 0
    return (
        f"The {ahead}'s AUC is higher than the {behind}'s by {abs(pair['auc_difference']):.3f}, "
        + ("which is unlikely to be chance." if beyond else "which may be chance.")
    )


def _gain(pair: Mapping[str, Any]) -> str:
    """What the teacher added to the same student with the same schedule."""
    if pair["auc_difference"] is None:
        return ""
    sign = 1 if pair["a"] == "student" else -1
    difference = sign * pair["auc_difference"]
    low, high = sorted(sign * bound for bound in pair["ci"])
    start = (
        f"Distillation changed the student's AUC by {fmt.signed(difference)} against the same "
        f"student trained alone (95 % interval {fmt.interval([low, high], sign=True)})"
    )
    if low > 0:
        return f"{start}: here the teacher helped."
    if high < 0:
        return f"{start}: here the teacher did harm."
    return f"{start}: this run does not show that the teacher helped."


def _find(pairs: list[Mapping[str, Any]], one: str, other: str) -> Mapping[str, Any] | None:
    return next((pair for pair in pairs if {pair["a"], pair["b"]} == {one, other}), None)
