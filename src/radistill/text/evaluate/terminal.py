"""Figures and counts at the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from radistill.report import fmt
from radistill.text.labeller.decide import REASONS
from radistill.text.labeller.weak_labels import Labelled

ROWS = ("auc", "auc_ci", "f1", "f1_ci", "precision", "recall", "threshold", "ece")
NAMES = {
    "naive_bayes": "naive Bayes",
    "complement": "complement NB",
    "logistic": "logistic",
    "rules": "keywords",
}
HEADINGS = {"auc": "AUC", "f1": "F1", "ece": "ECE"}


def shown(name: str) -> str:
    """What a labeller is called where people read."""
    return NAMES.get(name, name)


def print_figures(figures: Mapping[str, Any], console: Console) -> None:
    """Print the figures of every task, the pairs, what agreement buys, and the ablation."""
    dataset = figures["dataset"]
    console.print(
        f"{dataset['name']}: {dataset['reports']:,} reports, {dataset['different_texts']:,} "
        f"different texts, seed {dataset['seed']}",
        highlight=False, markup=False,
    )  # fmt: skip
    for task, models in figures["tasks"].items():
        models = models | figures.get("comparisons", {}).get(task, {})
        console.print(_task(task, models))
        if left := dataset["left_out"][task]:
            console.print(f"{left:,} reports have no answer to this and are left out.\n")
    for pair in figures.get("pairs", ()):
        console.print(escape(pair_sentence(pair)), highlight=False)
    for task, found in figures.get("agreement", {}).items():
        console.print(agreement_sentence(task, found), highlight=False, markup=False)
    if figures.get("ablation"):
        console.print(_ablation(figures["ablation"]))


def _task(task: str, models: Mapping[str, Mapping[str, Any]]) -> Table:
    some = next(iter(models.values()))
    table = _table(f"{task}: {some['n']:,} reports, {some['positives']:,} positive")
    table.add_column("", no_wrap=True)
    for name in models:
        table.add_column(shown(name), justify="right")
    for key in ROWS:
        cells = [_cell(model[key]) for model in models.values()]
        heading = "95 % interval" if key.endswith("_ci") else HEADINGS.get(key, key)
        table.add_row(heading, *cells, style="bold" if key == "auc" else None)
    return table


def _cell(value: float | list[float]) -> str:
    if isinstance(value, list):
        return fmt.interval(value)
    return fmt.figure(value, 5 if 0.999 < value < 1 else 3)


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False,
        padding=(0, 1, 0, 0),
    )  # fmt: skip


def pair_sentence(pair: Mapping[str, Any]) -> str:
    """Both differences in plain words."""
    a, b = shown(pair["a"]), shown(pair["b"])
    parts = []
    for name, key, ci in (("AUC", "auc_difference", "ci"), ("F1", "f1_difference", "f1_ci")):
        low, high = pair[ci]
        verdict = "" if low > 0 or high < 0 else ", may be chance"
        parts.append(
            f"{name} {fmt.signed(pair[key])} ({fmt.interval(pair[ci], sign=True)}{verdict})"
        )
    return f"{pair['task']}: {a} against {b}: {'; '.join(parts)}."


def agreement_sentence(task: str, found: Mapping[str, Any]) -> str:
    """What leaving out the reports on which rules and naive Bayes disagree does."""
    return (
        f"{task}: naive Bayes and the keywords agree on {found['kept']:.1%} of reports; of these "
        f"{found['accuracy_of_kept']:.1%} are right, of all {found['accuracy_of_all']:.1%}."
    )


def _ablation(rows: Sequence[Mapping[str, Any]]) -> Table:
    table = _table("naive Bayes without one step")
    for heading in ("task", "without", "AUC", "change", "95 % interval", "F1"):
        table.add_column(heading, justify="left" if heading in ("task", "without") else "right")
    for row in rows:
        first = row["without"] == "nothing"
        table.add_row(
            row["task"] if first else "",
            row["without"].replace("_", " "),
            fmt.figure(row["auc"], 4),
            fmt.signed(row.get("auc_change")),
            "-" if first else fmt.interval(row["ci"], sign=True),
            fmt.figure(row["f1"]),
        )
    return table


def print_labelled(done: Labelled, out: Path, console: Console) -> None:
    """Print how many reports got which label, and why others got none."""
    for label, count in sorted(done.labels.items()):
        console.print(f"{label}: {count:,}", highlight=False, markup=False)
    for reason, count in done.left_out.most_common():
        console.print(f"left out, {REASONS[reason]}: {count:,}", highlight=False, markup=False)
    console.print(f"{out}: {done.rows:,} rows\n{done.beside}: {sum(done.left_out.values()):,} rows",
                  highlight=False, markup=False)  # fmt: skip
    console.print("For research and teaching, not a medical device.", markup=False)
    if len(done.labels) < 2:
        console.print("A study needs two classes: no other label was found.", markup=False)


def print_failed(failed: Sequence[tuple[str, str]], console: Console, shown: int = 10) -> None:
    """Name the first inputs that failed, and count the rest."""
    for where, why in failed[:shown]:
        console.print(f"{where}: {why}", highlight=False, markup=False)
    if len(failed) > shown:
        console.print(f"and {len(failed) - shown:,} more", highlight=False)
