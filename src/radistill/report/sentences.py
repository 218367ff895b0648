"""Figures in words: how numbers are written, and what a comparison says in plain English."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

DASH = "-"
SYNTHETIC = "Figures from synthetic phantoms: they say nothing about real X-rays."
LEAKING = (
    "Leaking split: some patients stand in more than one split, so these figures are too good. "
    "They serve to reproduce published numbers, not to judge a model."
)


def figure(value: float | None, digits: int = 3) -> str:
    """A figure with fixed digits, or a dash where there is none."""
    return DASH if value is None else f"{value:.{digits}f}"


def interval(ci: list[float] | None, sign: bool = False) -> str:
    """`0.912 to 0.954`, or a dash."""
    if ci is None:
        return DASH
    return " to ".join(f"{value:{'+' if sign else ''}.3f}" for value in ci)


def size(count: float | None) -> str:
    """Bytes as KB or MB (powers of ten, as disks are sold)."""
    if count is None:
        return DASH
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} KB"


def amount(count: float | None) -> str:
    """A large count with three significant digits: `23.5 M`."""
    if count is None:
        return DASH
    for factor, unit in ((1e9, " G"), (1e6, " M"), (1e3, " k")):
        if count >= factor:
            return f"{count / factor:#.3g}".rstrip(".") + unit
    return str(int(count))


def duration(seconds: float | None) -> str:
    """`45 s`, `12 min 5 s` or `3 h 20 min`."""
    if seconds is None:
        return DASH
    whole = round(seconds)
    if whole < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s".removesuffix(" 0 s")
    return f"{whole // 3600} h {whole % 3600 // 60} min".removesuffix(" 0 min")


def rate(value: float | None) -> str:
    """A number a second, with three significant digits at most."""
    return DASH if value is None else f"{float(f'{value:.3g}'):g}"


def milliseconds(value: float | None) -> str:
    return DASH if value is None else f"{value:.1f} ms"


def signed(value: float | None) -> str:
    """`+0.012`, or a dash; what rounds to nothing is `+0.000`, never `-0.000`."""
    return DASH if value is None else f"{round(value, 3) + 0.0:+.3f}"


def bare_p(p: float | None) -> str:
    """`0.032`, `< 0.001`, or a dash."""
    if p is None:
        return DASH
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def p_value(p: float | None) -> str:
    """`p = 0.032`, `p < 0.001`, or `p -`."""
    text = bare_p(p)
    return f"p = {text}" if text[0].isdigit() else f"p {text}"


def rule(text: str) -> str:
    """A threshold rule in words."""
    kind, _, number = text.partition("=")
    if kind == "youden":
        return "largest Youden index"
    if kind == "fixed":
        return f"fixed at {number} beforehand"
    if kind == "cost":
        return f"least cost, a miss worth {number} false alarms"
    return f"{kind} of at least {number}"


def yes(value: bool | None) -> str:
    """`yes`, `no` or a dash."""
    return DASH if value is None else "yes" if value else "no"


def passed(value: bool | None) -> str:
    """The verdict of a check of heat maps."""
    if value is None:
        return "not told, all maps are empty"
    return "passed" if value else "NOT passed: do not read these maps"


def caveats(test: Mapping[str, Any]) -> list[str]:
    """What is missing among a model's figures, and why."""
    found = []
    if test["auc"] is None:
        found.append("no AUC, the films are all of one class.")
    if test.get("no_intervals"):
        found.append(f"{test['no_intervals']}.")
    return found


def banners(comparison: Mapping[str, Any]) -> list[tuple[str, str]]:
    """(kind, sentence) of what a reader must know before any figure: leaking, synthetic."""
    dataset = comparison["dataset"]
    found = []
    if dataset.get("leaking"):
        found.append(("leaking", LEAKING))
    if dataset.get("synthetic"):
        found.append(("synthetic", SYNTHETIC))
    return found


def pair_sentence(pair: Mapping[str, Any]) -> str:
    """One paired comparison in plain words, the better model named first."""
    a, b, difference, ci = pair["a"], pair["b"], pair["auc_difference"], pair["ci"]
    if difference is None:
        return f"{a} and {b}: not comparable, the test films are of one class."
    if ci is None:
        return f"{a} and {b}: not compared, {pair['no_interval']}."
    if difference < 0:
        a, b, difference, ci = b, a, -difference, [-ci[1], -ci[0]]
    tests = f"DeLong {p_value(pair['delong_p'])}, McNemar {p_value(pair['mcnemar_p'])}"
    keys = ("delong_p", "mcnemar_p")
    if any(pair.get(f"{key}_holm") not in (None, pair[key]) for key in keys):
        tests += (
            f", after Holm {bare_p(pair['delong_p_holm'])} and {bare_p(pair['mcnemar_p_holm'])}"
        )
    if difference == 0 and ci[0] == ci[1] == 0:
        return f"{a} and {b}: the same AUC ({tests})."
    verdict = "unlikely to be chance" if ci[0] > 0 else "may be chance"
    return (
        f"{a} is ahead of {b} by {difference:.3f} AUC "
        f"(95 % interval {interval(ci, sign=True)}; {tests}): {verdict}."
    )
