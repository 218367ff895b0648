"""What a comparison says, in a few sentences with the figures in them."""

from radistill.explain.robustness import weakest
from radistill.report import fmt
from radistill.schema.comparison import Comparison, DatasetFacts, ModelResult, PairResult

PREFERRED = ("student", "student-alone", "teacher", "baseline")


def main_model(comparison: Comparison) -> ModelResult:
    """The model the study is about: the distilled student, or the next best there is."""
    preferred = (comparison.model(name) for name in PREFERRED)
    return next((model for model in preferred if model), comparison.models[-1])


def summary(comparison: Comparison) -> list[str]:
    """Sentences for the head of the report, the most important first."""
    main, dataset = main_model(comparison), comparison.dataset
    teacher, gained = comparison.model("teacher"), comparison.pair("student", "student-alone")
    sentences = [_separates(main, dataset), _decides(main, dataset.positive)]
    if main.name == "student" and teacher:
        sentences.append(_against_teacher(main, teacher, comparison.pair("teacher", "student")))
    if gained:
        sentences.append(_gain(gained))
    sentences += [_weak_spot(main), _calibrated(main)]
    return [sentence for sentence in sentences if sentence]


def _separates(model: ModelResult, dataset: DatasetFacts) -> str:
    test = model.test
    held_out = "" if dataset.protocol == "external" else "held-out test "
    films = f"{test.n} {held_out}films"
    if test.auc is None:
        return f"The {films} are all of one class, so there is no AUC."
    return (
        f"The {model.name} model ({model.architecture}) separates {dataset.positive} from the rest "
        f"with an AUC of {test.auc:.3f} (95 % interval {fmt.interval(test.auc_ci)}) on {films}."
    )


def _decides(model: ModelResult, positive: str) -> str:
    counts = model.test.confusion
    return (
        f"At its threshold of {model.test.threshold:.3f}, set without the test films, it finds "
        f"{counts.tp} of {counts.tp + counts.fn} {positive} films and falsely calls {counts.fp} "
        f"of {counts.tn + counts.fp} others."
    )


def _weak_spot(model: ModelResult) -> str:
    """The group and the corruption in which the model does worst, if it was scored in any."""
    parts = []
    groups = [(g.auc, g) for g in model.groups if g.auc is not None and g.auc_ci]
    if groups:
        auc, worst = min(groups, key=lambda group: group[0])
        parts.append(
            f"Of all groups its AUC is lowest for {worst.by} {worst.group}: {auc:.3f} "
            f"(95 % interval {fmt.interval(worst.auc_ci)}, {worst.n} films)."
        )
    corrupted = weakest(model.robustness) if model.robustness else None
    if corrupted:
        parts.append(
            f"Of corrupted films its AUC is lowest for {corrupted.name} at {corrupted.level:g}: "
            f"{corrupted.auc:.3f}."
        )
    return " ".join(parts)


def _calibrated(model: ModelResult) -> str:
    """How far probabilities are from what happened on test, and whether calibration helped."""
    chosen = model.calibration
    if not chosen or not chosen.test:
        return ""
    before, after = chosen.test.before, chosen.test.after
    gap = f"On test its probabilities are off by {before.ece:.3f} on average (ECE)"
    if chosen.kind == "none":
        return f"{gap}; they are left as trained ({chosen.reason})."
    verdict = "better" if after.log_loss < before.log_loss else "worse, not better"
    return (
        f"{gap}; calibration by {chosen.kind}, chosen on validation, makes them {verdict} there "
        f"(log loss {before.log_loss:.3f} before, {after.log_loss:.3f} after)."
    )


def _against_teacher(student: ModelResult, teacher: ModelResult, pair: PairResult | None) -> str:
    small, large = student.cost, teacher.cost
    if not small or not large or pair is None or pair.auc_difference is None:
        return ""
    return (
        f"Its file is {fmt.size(small.file_bytes)} against the teacher's "
        f"{fmt.size(large.file_bytes)}, and it needs {fmt.milliseconds(small.latency_ms_p50)} a "
        f"film against {fmt.milliseconds(large.latency_ms_p50)} on one CPU thread. {_short(pair)}"
    )


def _short(pair: PairResult) -> str:
    difference, ci = pair.auc_difference, pair.ci
    if difference is None or ci is None:
        return ""
    ahead, behind = (pair.a, pair.b) if difference >= 0 else (pair.b, pair.a)
    beyond = ci[0] > 0 or ci[1] < 0
    return f"The {ahead}'s AUC is higher than the {behind}'s by {abs(difference):.3f}, " + (
        "which is unlikely to be chance." if beyond else "which may be chance."
    )


def _gain(pair: PairResult) -> str:
    """What the teacher added to the same student with the same schedule."""
    if pair.auc_difference is None or pair.ci is None:
        return ""
    sign = 1 if pair.a == "student" else -1
    low, high = sorted(sign * bound for bound in pair.ci)
    start = (
        f"Distillation changed the student's AUC by {fmt.signed(sign * pair.auc_difference)} "
        f"against the same student trained alone (95 % interval "
        f"{fmt.interval([low, high], sign=True)})"
    )
    if low > 0:
        return f"{start}: here the teacher helped."
    if high < 0:
        return f"{start}: here the teacher did harm."
    return f"{start}: this run does not show that the teacher helped."
