"""What a comparison says in plain English: caveats, banners, paired differences."""

from radistill.report.fmt import bare_p, interval, p_value
from radistill.schema.comparison import Comparison, PairResult
from radistill.schema.figures import Figures

SYNTHETIC = "Figures from synthetic phantoms: they say nothing about real X-rays."
LEAKING = (
    "Leaking split: some patients or films are in more than one split, so these figures are too "
    "good. They serve to reproduce published numbers, not to judge a model."
)

SEEN = (
    "Seen films: the model was trained or chosen on some of these films, so these figures are too "
    "good. They do not judge the model."
)


def rule(text: str) -> str:
    """A threshold rule, for readers."""
    kind, _, number = text.partition("=")
    if kind == "youden":
        return "largest Youden index"
    if kind == "fixed":
        return f"fixed at {number} beforehand"
    if kind == "cost":
        return f"least cost, a miss worth {number} false alarms"
    return f"{kind} of at least {number}"


def passed(value: bool | None) -> str:
    """The verdict of a check of heat maps."""
    if value is None:
        return "not known, all maps are empty"
    return "passed" if value else "NOT passed: do not read these maps"


def caveats(test: Figures) -> list[str]:
    """What is missing among a model's figures, and why."""
    missing = []
    if test.auc is None:
        missing.append("no AUC, the films are all of one class.")
    if test.no_intervals:
        missing.append(f"{test.no_intervals}.")
    return missing


def banners(comparison: Comparison) -> list[tuple[str, str]]:
    """(kind, sentence) of what a reader must know before any figure.

    shortfall: a model that should not be used. leaking, synthetic: of the data.
    """
    dataset = comparison.dataset
    marks = (
        *((True, ("shortfall", " ".join(m.shortfalls))) for m in comparison.models if m.shortfalls),
        (dataset.leaking, ("leaking", SEEN if dataset.seen_kept else LEAKING)),
        (dataset.synthetic, ("synthetic", SYNTHETIC)),
    )
    return [banner for marked, banner in marks if marked]


def pair_sentence(pair: PairResult) -> str:
    """One paired comparison as a sentence, the better model named first."""
    a, b, difference, ci = pair.a, pair.b, pair.auc_difference, pair.ci
    if difference is None:
        return f"{a} and {b}: not comparable, the test films are of one class."
    if ci is None:
        return f"{a} and {b}: not compared, {pair.no_interval}."
    if difference < 0:
        a, b, difference, ci = b, a, -difference, (-ci[1], -ci[0])
    tests = f"DeLong {p_value(pair.delong_p)}, McNemar {p_value(pair.mcnemar_p)}"
    corrected = (pair.delong_p_holm, pair.delong_p), (pair.mcnemar_p_holm, pair.mcnemar_p)
    if any(holm not in (None, p) for holm, p in corrected):
        tests += f", after Holm {bare_p(pair.delong_p_holm)} and {bare_p(pair.mcnemar_p_holm)}"
    if difference == 0 and ci[0] == ci[1] == 0:
        return f"{a} and {b}: the same AUC ({tests})."
    verdict = "unlikely to be chance" if ci[0] > 0 else "may be chance"
    return (
        f"{a} is ahead of {b} by {difference:.3f} AUC "
        f"(95 % interval {interval(ci, sign=True)}; {tests}): {verdict}."
    )
