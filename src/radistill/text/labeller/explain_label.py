"""Print a labeller's terms, or how it reads one report and which terms decided."""

from itertools import zip_longest
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from radistill.schema.labeller_file import Labeller
from radistill.text.labeller.decide import REASONS, decide
from radistill.text.labeller.labeller import ask, class_terms, strongest_terms
from radistill.text.nlp.bag import bag, chosen_text
from radistill.text.nlp.scope import MAYBE, NO, split_mark, tag
from radistill.text.nlp.sections import Report, split_sections
from radistill.text.nlp.tokens import tokenize
from radistill.text.read.reports import read_reports

COUNT = 12
_STYLES = {NO: "blue", MAYBE: "yellow"}


def read_argument(argument: str) -> Report:
    """A report from the .txt file named, or from the argument itself.

    Raises UsageError if a file is meant and cannot be read.
    """
    path = Path(argument)
    if path.suffix.lower() != ".txt" or " " in argument.strip():
        return split_sections(argument)
    return read_reports(path).records[0].report


def print_report(labeller: Labeller, report: Report, console: Console) -> None:
    """Print a report as the labeller reads it, its decision, and the terms that decided."""
    console.print("[bold]As it is read[/] ([blue]denied[/], [yellow]doubted[/])")
    for sentence in tokenize(chosen_text(report, labeller.steps.sections)):
        console.print("  " + " ".join(map(_coloured, tag(sentence))), highlight=False)
    decision = decide(labeller, report)
    sure = "" if decision.probability is None else f", probability {decision.probability:.3f}"
    console.print(f"\n[bold]{escape(decision.label or 'no label')}[/]{sure}", highlight=False)
    for reason in decision.reasons:
        console.print(f"  {REASONS[reason]}")
    words = bag(report, labeller.steps)
    for question in labeller.questions:
        answer = ask(question, words)
        agree = "agree" if answer.keywords == answer.yes else "disagree"
        console.print(
            f"\n[bold]{escape(question.name)}[/]: "
            f"{escape(question.positive if answer.yes else question.negative)}, probability of "
            f"{escape(question.positive)} {answer.probability:.3f}, threshold "
            f"{question.threshold:.3f}"
            + ("" if answer.keywords is None else f", the keywords {agree}"),
            highlight=False,
        )
        table = Table("word", "log-odds", "speaks for", box=None, padding=(0, 2))
        for term, odds in strongest_terms(answer, COUNT):
            side = question.positive if odds > 0 else question.negative
            table.add_row(escape(term), f"{odds:+.2f}", escape(side))
        console.print(table)


def _coloured(word: str) -> str:
    mark, bare = split_mark(word)
    return f"[{_STYLES[mark]}]{escape(bare)}[/]" if mark else escape(bare)


def print_labeller(labeller: Labeller, console: Console) -> None:
    """Print a labeller's card and the terms that speak most for each class."""
    for key, value in labeller.card.model_dump(exclude_unset=True).items():
        if isinstance(value, dict):
            value = ", ".join(f"{name} {inner}" for name, inner in value.items())
        console.print(f"{key.replace('_', ' ')}: {value}", highlight=False, markup=False)
    for question in labeller.questions:
        console.print(
            f"\n[bold]{escape(question.name)}[/]: {question.classifier.replace('_', ' ')}, "
            f"{len(question.vocabulary):,} words, {question.training.reports:,} reports, "
            f"{question.training.positives:,} of them {escape(question.positive)}",
            highlight=False,
        )
        positive, negative = (
            f"for {escape(name)}" for name in (question.positive, question.negative)
        )
        table = Table(positive, "log-odds", negative, "log-odds", box=None)
        columns = (
            [(escape(term), f"{odds:+.2f}") for term, odds in terms]
            for terms in class_terms(question, COUNT)
        )
        for left, right in zip_longest(*columns, fillvalue=("", "")):
            table.add_row(*left, *right)
        console.print(table)
