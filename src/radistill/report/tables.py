"""The comparison as a table: at the terminal and in Markdown."""

from collections.abc import Callable, Sequence

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from radistill.report import fmt, sentences
from radistill.schema.comparison import Comparison, ModelResult
from radistill.schema.figures import Cost, FigureName

Cell = Callable[[ModelResult], str]
Rows = tuple[tuple[str, Cell], ...]  # heading and the text of a model's cell


def _test(name: FigureName) -> Cell:
    return lambda model: fmt.figure(model.test.value(name))


def _with_interval(name: FigureName) -> Cell:
    def write(model: ModelResult) -> str:
        ci = model.test.interval(name)
        return fmt.figure(model.test.value(name)) + (f" ({fmt.interval(ci)})" if ci else "")

    return write


def _cost(write: Callable[[Cost], str]) -> Cell:
    return lambda model: write(model.cost or Cost())


ARCHITECTURE: Rows = (("Architecture", lambda model: model.architecture or fmt.DASH),)
MACRO_AUC: Rows = (("Macro AUC", lambda model: fmt.figure(model.test.macro_auc)),)
THRESHOLD: Rows = (("Threshold", lambda model: fmt.figure(model.test.threshold)),)
AUC: Rows = (
    ("AUC", _test("auc")),
    ("95 % interval", lambda model: fmt.interval(model.test.auc_ci)),
    ("PR-AUC", _test("pr_auc")),
)
DECISIONS: Rows = (
    ("Accuracy", _test("accuracy")),
    ("F1", _test("f1")),
    ("Precision", _test("precision")),
    ("Sensitivity", _test("recall")),
    ("Specificity", _test("specificity")),
    ("Brier", _test("brier")),
    ("ECE", _test("ece")),
)
FIGURES = ARCHITECTURE + AUC + MACRO_AUC + DECISIONS + THRESHOLD
# Every figure with its interval, for the report and for papers.
ALL: Rows = (
    *ARCHITECTURE,
    ("AUC", _with_interval("auc")),
    ("PR-AUC", _with_interval("pr_auc")),
    ("Sensitivity", _with_interval("recall")),
    ("Specificity", _with_interval("specificity")),
    ("PPV (precision)", _with_interval("precision")),
    ("NPV", _with_interval("npv")),
    ("Positive likelihood ratio", _with_interval("lr_positive")),
    ("Negative likelihood ratio", _with_interval("lr_negative")),
    ("Accuracy", _with_interval("accuracy")),
    ("Balanced accuracy", _with_interval("balanced_accuracy")),
    ("F1", _with_interval("f1")),
    ("MCC", _with_interval("mcc")),
    ("Brier score", _with_interval("brier")),
    ("Log loss", _with_interval("log_loss")),
    ("ECE, equal width", _with_interval("ece")),
    ("ECE, equal mass", _with_interval("ece_equal_mass")),
    ("Calibration slope", _with_interval("calibration_slope")),
    ("Calibration intercept", _with_interval("calibration_intercept")),
    *MACRO_AUC,
    *THRESHOLD,
)
COSTS: Rows = (
    ("Parameters", _cost(lambda cost: fmt.amount(cost.parameters))),
    ("MACs", _cost(lambda cost: fmt.amount(cost.macs))),
    ("File size", _cost(lambda cost: fmt.size(cost.file_bytes))),
    ("Peak memory", _cost(lambda cost: fmt.size(cost.peak_memory_bytes))),
    ("Latency", _cost(lambda cost: fmt.milliseconds(cost.latency_ms_p50))),
    ("Latency p95", _cost(lambda cost: fmt.milliseconds(cost.latency_ms_p95))),
    ("Films/s", _cost(lambda cost: fmt.rate(cost.films_per_second))),
    ("Training time", lambda model: fmt.duration(model.training_seconds)),
)


def cells(
    models: Sequence[ModelResult], rows: Rows = FIGURES + COSTS
) -> list[tuple[str, list[str]]]:
    """(heading, one text a model) of every row in which some model has a figure."""
    filled = [(heading, [cell(model) for model in models]) for heading, cell in rows]
    return [(heading, row) for heading, row in filled if set(row) != {fmt.DASH}]


def titled_table(title: str) -> Table:
    """A table for the terminal, without columns yet."""
    return Table(
        title=escape(title),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )


def print_table(comparison: Comparison, console: Console) -> None:
    """Print the test figures, one column a model so that 80 characters suffice, then the pairs."""
    models = comparison.models
    for _, sentence in sentences.banners(comparison):
        console.print(f"[bold red]{escape(sentence)}[/]")
    films = models[0].test.n if models else 0
    table = titled_table(f"{comparison.dataset.name}: {films} test films")
    table.add_column("", no_wrap=True)
    for model in models:
        table.add_column(escape(model.name), justify="right", overflow="fold")
    for heading, row in cells(models):
        table.add_row(heading, *map(escape, row), style="bold" if heading == "AUC" else None)
    console.print(table)
    for model in models:
        for sentence in sentences.caveats(model.test):
            console.print(escape(f"{model.name}: {sentence}"), highlight=False)
    for pair in comparison.pairs:
        console.print(escape(sentences.pair_sentence(pair)), highlight=False)


def markdown_table(comparison: Comparison) -> str:
    """The same table in Markdown, one row a model, banners and pairs included."""
    rows = cells(comparison.models)
    lines = [f"> **{sentence}**\n" for _, sentence in sentences.banners(comparison)]
    lines.append(_line(["Model", *(heading for heading, _ in rows)]))
    lines.append("|" + "|".join([" --- ", *[" ---: "] * len(rows)]) + "|")
    for i, model in enumerate(comparison.models):
        lines.append(_line([model.name, *(row[i] for _, row in rows)]))
    if comparison.pairs:
        lines.append("")
        lines += [f"- {sentences.pair_sentence(pair)}" for pair in comparison.pairs]
    return "\n".join(lines) + "\n"


def _line(row: list[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
