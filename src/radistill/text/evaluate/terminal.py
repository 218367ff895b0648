"""Figures and counts at the terminal, and the sentences that the report shares with it."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from radistill.report import fmt
from radistill.report.tables import titled_table
from radistill.schema.labeller_figures import (
    AblationRow,
    Agreement,
    LabellerEvaluation,
    LabellerFigures,
    LabellerPair,
)
from radistill.schema.record import Interval
from radistill.text.labeller.decide import REASONS
from radistill.text.labeller.weak_labels import LabellingResult

ROWS = (
    ("AUC", "auc"),
    ("95 % interval", "auc_ci"),
    ("PR-AUC", "pr_auc"),
    ("Accuracy", "accuracy"),
    ("F1", "f1"),
    ("95 % interval", "f1_ci"),
    ("Precision", "precision"),
    ("Sensitivity", "recall"),
    ("Specificity", "specificity"),
    ("Brier", "brier"),
    ("ECE", "ece"),
    ("Threshold", "threshold"),
)
NAMED = 10  # inputs that failed
_NAMES = {"naive_bayes": "naive Bayes", "rules": "keywords"}


def shown(name: str) -> str:
    """What a labeller is called in tables and sentences."""
    return _NAMES.get(name, name)


def rows(labellers: Mapping[str, LabellerFigures]) -> list[tuple[str, list[str]]]:
    """(heading, one cell a labeller) of each figure."""
    return [
        (heading, [_cell(getattr(figures, key)) for figures in labellers.values()])
        for heading, key in ROWS
    ]


def _cell(value: float | Interval | None) -> str:
    if isinstance(value, tuple):
        return fmt.interval(value)
    return fmt.figure(value, 5 if value is not None and 0.999 < value < 1 else 3)


def print_figures(figures: LabellerEvaluation, console: Console) -> None:
    """Print the figures of every task, the pairs, the agreement, and the ablation."""
    facts = figures.dataset
    console.print(
        f"{facts.name}: {facts.reports:,} reports, {facts.different_texts:,} different texts, "
        f"seed {facts.seed}",
        highlight=False,
        markup=False,
    )
    for task in figures.tasks:
        labellers = figures.labellers(task)
        some = next(iter(labellers.values()))
        table = titled_table(f"{task}: {some.n:,} reports, {some.positives:,} positive")
        table.add_column("", no_wrap=True)
        for name in labellers:
            table.add_column(shown(name), justify="right")
        for heading, cells in rows(labellers):
            table.add_row(heading, *cells, style="bold" if heading == "AUC" else None)
        console.print(table)
        if left_out := facts.left_out[task]:
            console.print(f"{left_out:,} reports have no answer to this and are left out.\n")
    for pair in figures.pairs:
        console.print(pair_sentence(pair), highlight=False, markup=False)
    for task, agreement in figures.agreement.items():
        console.print(agreement_sentence(task, agreement), highlight=False, markup=False)
    if figures.ablation:
        console.print(_ablation(figures.ablation))


def pair_sentence(pair: LabellerPair) -> str:
    """Both differences in plain words."""
    parts = []
    for name, difference, (low, high) in (
        ("AUC", pair.auc_difference, pair.ci),
        ("F1", pair.f1_difference, pair.f1_ci),
    ):
        chance = "" if low > 0 or high < 0 else ", may be chance"
        interval = fmt.interval((low, high), sign=True)
        parts.append(f"{name} {fmt.signed(difference)} ({interval}{chance})")
    return f"{pair.task}: {shown(pair.a)} against {shown(pair.b)}: {'; '.join(parts)}."


def agreement_sentence(task: str, agreement: Agreement) -> str:
    """What leaving out the reports on which rules and naive Bayes disagree does."""
    return (
        f"{task}: naive Bayes and the keywords agree on {agreement.kept:.1%} of reports; of these "
        f"{agreement.accuracy_of_kept or 0:.1%} are right, of all {agreement.accuracy_of_all:.1%}."
    )


def _ablation(rows: Sequence[AblationRow]) -> Table:
    table = titled_table("naive Bayes without one step")
    for heading in ("task", "without", "AUC", "change", "95 % interval", "F1"):
        table.add_column(heading, justify="left" if heading in ("task", "without") else "right")
    for row in rows:
        table.add_row(
            row.task if row.without == "nothing" else "",
            row.without.replace("_", " "),
            fmt.figure(row.auc, 4),
            fmt.signed(row.auc_change),
            fmt.interval(row.ci, sign=True),
            fmt.figure(row.f1),
        )
    return table


def print_labelled(result: LabellingResult, out: Path, console: Console) -> None:
    """Print how many reports got which label, and why others got none."""
    lines = [f"{label}: {count:,}" for label, count in sorted(result.labels.items())]
    for reason, count in result.left_out.most_common():
        lines.append(f"left out, {REASONS[reason]}: {count:,}")
    lines.append(f"{out}: {result.rows:,} rows")
    lines.append(f"{result.left_out_file}: {sum(result.left_out.values()):,} rows")
    lines.append("For research and teaching, not a medical device.")
    if len(result.labels) < 2:
        lines.append("A study needs two classes, and these reports give only one label or none.")
    console.print("\n".join(lines), highlight=False, markup=False)


def print_failed(failed: Sequence[tuple[str, str]], console: Console) -> None:
    """Name the first inputs that failed, and count the rest."""
    for where, why in failed[:NAMED]:
        console.print(f"{where}: {why}", highlight=False, markup=False)
    if len(failed) > NAMED:
        console.print(f"and {len(failed) - NAMED:,} more", highlight=False)
