"""What a labeller knows, and why it said what it said of one report."""

from __future__ import annotations

from itertools import zip_longest
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from radistill.text.labeller.decide import REASONS, decide
from radistill.text.labeller.labeller import Labeller, Question
from radistill.text.nlp.bag import bag, chosen_text
from radistill.text.nlp.scope import MAYBE, NO, split_mark, tag
from radistill.text.nlp.sections import Report, split_sections
from radistill.text.nlp.tokens import sentences, words
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
    return read_reports(path).entries[0].report


def print_report(labeller: Labeller, report: Report, console: Console) -> None:
    """Print a report as the labeller reads it, its decision, and the words that decided."""
    console.print("[bold]As it is read[/] ([blue]denied[/], [yellow]doubted[/])")
    for sentence in sentences(chosen_text(report, labeller.steps.sections)):
        console.print("  " + " ".join(map(_coloured, tag(words(sentence)))), highlight=False)
    decision = decide(labeller, report)
    sure = "" if decision.probability is None else f", probability {decision.probability:.3f}"
    label = decision.label or "no label"
    console.print(f"\n[bold]{escape(label)}[/]{sure}", highlight=False)
    for reason in decision.reasons:
        console.print(f"  {REASONS[reason]}")
    found = bag(report, labeller.steps)
    for question in labeller.questions:
        hits = question.hits(found)
        probability = question.probability(hits)
        said = question.says(probability)
        agree = {None: "", said: ", the keywords agree", not said: ", the keywords disagree"}
        console.print(
            f"\n[bold]{escape(question.name)}[/]: "
            f"{escape(question.positive if said else question.negative)}, probability of "
            f"{escape(question.positive)} {probability:.3f}, threshold {question.threshold:.3f}"
            f"{agree[question.rules_say(found)]}",
            highlight=False,
        )
        console.print(_odds(question.words(hits, COUNT), question))


def _coloured(word: str) -> str:
    mark, bare = split_mark(word)
    return f"[{_STYLES[mark]}]{escape(bare)}[/]" if mark else escape(bare)


def print_labeller(labeller: Labeller, console: Console) -> None:
    """Print a labeller's card and the words that speak most for each class."""
    for key, value in labeller.card.items():
        console.print(f"{key.replace('_', ' ')}: {_plain(value)}", highlight=False, markup=False)
    for question in labeller.questions:
        console.print(
            f"\n[bold]{escape(question.name)}[/]: {question.classifier.replace('_', ' ')}, "
            f"{len(question.weights):,} words, {question.training['reports']:,} reports, "
            f"{question.training['positives']:,} of them {escape(question.positive)}",
            highlight=False,
        )
        table = Table(f"for {escape(question.positive)}", "log-odds",
                      f"for {escape(question.negative)}", "log-odds", box=None)  # fmt: skip
        for up, down in zip_longest(*map(_cells, question.telling(COUNT)), fillvalue=("", "")):
            table.add_row(*up, *down)
        console.print(table)


def _cells(found: list[tuple[str, float]]) -> list[tuple[str, str]]:
    return [(escape(word), f"{odds:+.2f}") for word, odds in found]


def _plain(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {inner}" for key, inner in value.items())
    return str(value)


def _odds(found: list[tuple[str, float]], question: Question) -> Table:
    table = Table("word", "log-odds", "speaks for", box=None, padding=(0, 2))
    for word, odds in found:
        side = question.positive if odds > 0 else question.negative
        table.add_row(escape(word), f"{odds:+.2f}", escape(side))
    return table
