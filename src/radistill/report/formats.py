"""A comparison for other programs and for papers: JSON, CSV, Markdown, LaTeX."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping
from typing import Any

from radistill.report import sentences
from radistill.report.tables import ALL, COSTS, cells, markdown_table

# What LaTeX would take for a command.
_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}",
}  # fmt: skip


def render(comparison: Mapping[str, Any], form: str) -> str:
    """The comparison as `md`, `json`, `csv` or `latex`; ends with a newline."""
    return FORMATS[form](comparison)


def as_json(comparison: Mapping[str, Any]) -> str:
    """The whole comparison; NaN is refused."""
    return json.dumps(comparison, indent=2, allow_nan=False) + "\n"


def as_csv(comparison: Mapping[str, Any]) -> str:
    """One row a model and figure: `model,figure,value,low,high`, with all digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["model", "figure", "value", "low", "high"])
    for model in comparison["models"]:
        known = {**model["test"], **(model.get("cost") or {})}
        for key, value in known.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                low, high = known.get(f"{key}_ci") or ("", "")
                writer.writerow([model["name"], key, value, low, high])
    for pair in comparison["pairs"]:
        if pair["auc_difference"] is not None:
            low, high = pair["ci"] or ("", "")
            name = f"{pair['a']} - {pair['b']}"
            writer.writerow([name, "auc_difference", pair["auc_difference"], low, high])
            for key in ("delong_p", "delong_p_holm", "mcnemar_p", "mcnemar_p_holm"):
                writer.writerow([name, key, "" if pair[key] is None else pair[key], "", ""])
    return text.getvalue()


def as_latex(comparison: Mapping[str, Any]) -> str:
    """A table with one column a model, for the package booktabs."""
    names = [model["name"] for model in comparison["models"]]
    lines = [f"% {sentence}" for _, sentence in sentences.banners(comparison)]
    lines += [rf"\begin{{tabular}}{{l{'r' * len(names)}}}", r"\toprule"]
    lines += [_latex_row(["", *names]), r"\midrule"]
    lines += [_latex_row([heading, *row]) for heading, row in cells(comparison, ALL + COSTS)]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _latex_row(row: list[str]) -> str:
    return " & ".join("".join(_LATEX.get(c, c) for c in cell) for cell in row) + r" \\"


FORMATS: Mapping[str, Callable[[Mapping[str, Any]], str]] = {
    "md": markdown_table,
    "json": as_json,
    "csv": as_csv,
    "latex": as_latex,
}
