"""The comparison as a table: at the terminal and in Markdown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from radistill.report import fmt, sentences

Cell = Callable[[Mapping[str, Any]], str]


def _test(key: str) -> Cell:
    return lambda model: fmt.figure(model["test"].get(key))


def _cost(key: str, write: Callable[[float | None], str]) -> Cell:
    return lambda model: write((model.get("cost") or {}).get(key))


# Heading and the text of a model's cell, in the order of every table.
Rows = tuple[tuple[str, Cell], ...]
FIGURES: Rows = (
    ("Architecture", lambda model: str(model.get("architecture") or fmt.DASH)),
    ("AUC", _test("auc")),
    ("95 % interval", lambda model: fmt.interval(model["test"].get("auc_ci"))),
    ("PR-AUC", _test("pr_auc")),
    ("Macro AUC", _test("macro_auc")),
    ("Accuracy", _test("accuracy")),
    ("F1", _test("f1")),
    ("Precision", _test("precision")),
    ("Sensitivity", _test("recall")),
    ("Specificity", _test("specificity")),
    ("Brier", _test("brier")),
    ("ECE", _test("ece")),
    ("Threshold", _test("threshold")),
)


def _with_interval(key: str) -> Cell:
    def write(model: Mapping[str, Any]) -> str:
        value, ci = model["test"].get(key), model["test"].get(f"{key}_ci")
        return fmt.figure(value) + (f" ({fmt.interval(ci)})" if ci else "")

    return write


# Every figure with its interval, for the report and for papers.
ALL: Rows = (
    ("Architecture", lambda model: str(model.get("architecture") or fmt.DASH)),
    *(
        (heading, _with_interval(key))
        for heading, key in (
            ("AUC", "auc"),
            ("PR-AUC", "pr_auc"),
            ("Sensitivity", "recall"),
            ("Specificity", "specificity"),
            ("PPV (precision)", "precision"),
            ("NPV", "npv"),
            ("Positive likelihood ratio", "lr_positive"),
            ("Negative likelihood ratio", "lr_negative"),
            ("Accuracy", "accuracy"),
            ("Balanced accuracy", "balanced_accuracy"),
            ("F1", "f1"),
            ("MCC", "mcc"),
            ("Brier score", "brier"),
            ("Log loss", "log_loss"),
            ("ECE, equal width", "ece"),
            ("ECE, equal mass", "ece_equal_mass"),
            ("Calibration slope", "calibration_slope"),
            ("Calibration intercept", "calibration_intercept"),
        )
    ),
    ("Macro AUC", _test("macro_auc")),
    ("Threshold", _test("threshold")),
)
COSTS: Rows = (
    ("Parameters", _cost("parameters", fmt.amount)),
    ("MACs", _cost("macs", fmt.amount)),
    ("File size", _cost("file_bytes", fmt.size)),
    ("Peak memory", _cost("peak_memory_bytes", fmt.size)),
    ("Latency", _cost("latency_ms_p50", fmt.milliseconds)),
    ("Latency p95", _cost("latency_ms_p95", fmt.milliseconds)),
    ("Films/s", _cost("films_per_second", fmt.rate)),
    ("Training time", lambda model: fmt.duration(model.get("training_seconds"))),
)


def cells(
    comparison: Mapping[str, Any], rows_of: Rows = FIGURES + COSTS
) -> list[tuple[str, list[str]]]:
    """(heading, one text a model) of every row in which some model has a figure."""
    models = comparison["models"]
    rows = [(heading, [cell(model) for model in models]) for heading, cell in rows_of]
    return [(heading, row) for heading, row in rows if set(row) != {fmt.DASH}]


def print_table(comparison: Mapping[str, Any], console: Console) -> None:
    """Print the test figures, one column a model so that 80 characters suffice, then the pairs."""
    for _, sentence in sentences.banners(comparison):
        console.print(f"[bold red]{escape(sentence)}[/]")
    n = comparison["models"][0]["test"]["n"] if comparison["models"] else 0
    name = escape(str(comparison["dataset"].get("name", "")))
    table = Table(
        title=f"{name}: {n} test films", title_justify="left",
        box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0),
    )  # fmt: skip
    table.add_column("", no_wrap=True)
    for model in comparison["models"]:
        table.add_column(escape(model["name"]), justify="right", overflow="fold")
    for heading, row in cells(comparison):
        style = "bold" if heading == "AUC" else None
        table.add_row(heading, *map(escape, row), style=style)
    console.print(table)
    for model in comparison["models"]:
        for sentence in sentences.caveats(model["test"]):
            console.print(escape(f"{model['name']}: {sentence}"), highlight=False)
    for pair in comparison["pairs"]:
        console.print(escape(sentences.pair_sentence(pair)), highlight=False)


def markdown_table(comparison: Mapping[str, Any]) -> str:
    """The same table in Markdown, one row a model, banners and pairs included."""
    rows = cells(comparison)
    head = ["Model", *(heading for heading, _ in rows)]
    lines = [f"> **{sentence}**\n" for _, sentence in sentences.banners(comparison)]
    lines.append(_line(head))
    lines.append("|" + "|".join([" --- ", *[" ---: "] * len(rows)]) + "|")
    for i, model in enumerate(comparison["models"]):
        lines.append(_line([model["name"], *(row[i] for _, row in rows)]))
    if comparison["pairs"]:
        lines.append("")
        lines += [f"- {sentences.pair_sentence(pair)}" for pair in comparison["pairs"]]
    return "\n".join(lines) + "\n"


def _line(row: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
