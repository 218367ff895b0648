"""A comparison for other programs and for papers: JSON, CSV, Markdown, LaTeX."""

import csv
import io
import json
from collections.abc import Callable, Mapping

from radistill.report import sentences
from radistill.report.tables import ALL, COSTS, cells, markdown_table
from radistill.schema.comparison import Comparison
from radistill.schema.figures import Cost

# What LaTeX would take for a command.
_LATEX = {c: rf"\{c}" for c in "&%$#_{}"}
_LATEX |= {"\\": r"\textbackslash{}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}"}


def render(comparison: Comparison, form: str) -> str:
    """The comparison as `md`, `json`, `csv` or `latex`; ends with a newline."""
    return FORMATS[form](comparison)


def as_json(comparison: Comparison) -> str:
    """The whole comparison, as in comparison.json."""
    return json.dumps(comparison.model_dump(mode="json", exclude_unset=True), indent=2) + "\n"


def as_csv(comparison: Comparison) -> str:
    """One row a model and figure: `model,figure,value,low,high`, with all digits."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["model", "figure", "value", "low", "high"])
    for model in comparison.models:
        for record in (model.test, model.cost or Cost()):
            for key, value in record:
                if isinstance(value, int | float):
                    low, high = getattr(record, f"{key}_ci", None) or ("", "")
                    writer.writerow([model.name, key, value, low, high])
    for pair in comparison.pairs:
        if pair.auc_difference is not None:
            name = f"{pair.a} - {pair.b}"
            writer.writerow([name, "auc_difference", pair.auc_difference, *(pair.ci or ("", ""))])
            for key in ("delong_p", "delong_p_holm", "mcnemar_p", "mcnemar_p_holm"):
                writer.writerow([name, key, getattr(pair, key), "", ""])  # None is left empty
    return text.getvalue()


def as_latex(comparison: Comparison) -> str:
    """A table with one column a model, for the package booktabs."""
    names = [model.name for model in comparison.models]
    lines = [f"% {sentence}" for _, sentence in sentences.banners(comparison)]
    lines += [rf"\begin{{tabular}}{{l{'r' * len(names)}}}", r"\toprule"]
    lines += [_latex_row(["", *names]), r"\midrule"]
    lines += [_latex_row([heading, *row]) for heading, row in cells(comparison.models, ALL + COSTS)]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"]) + "\n"


def _latex_row(row: list[str]) -> str:
    return " & ".join("".join(_LATEX.get(c, c) for c in cell) for cell in row) + r" \\"


FORMATS: Mapping[str, Callable[[Comparison], str]] = {
    "md": markdown_table,
    "json": as_json,
    "csv": as_csv,
    "latex": as_latex,
}
