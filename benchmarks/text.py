"""How many reports a second the built-in labeller reads, as a ratio to NLTK or spaCy.

    pip install nltk        # or: spacy, and its model en_core_web_sm
    OMP_NUM_THREADS=1 python benchmarks/text.py [REPORTS.csv]

Without a CSV the reports are invented. One process, one core. The others split sentences,
tokenise and stem or lemmatise alone; the labeller also marks denials, counts words and decides. Of
each, the best of three rounds in processor time, the labeller's caches emptied before each.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from radistill.text.labeller.decide import decide
from radistill.text.labeller.grammar import write_reports
from radistill.text.labeller.labeller import load_labeller
from radistill.text.nlp import bag
from radistill.text.nlp.sections import Report
from radistill.text.read.reports import read_reports

ROUNDS, COUNT = 3, 10_000


def main() -> None:
    rounds = _rounds(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
    labeller = load_labeller("builtin")

    def label(reports: Sequence[Report]) -> None:
        bag._sentence.cache_clear()
        for report in reports:
            decide(labeller, report)

    label(rounds[0][:10])  # dictionaries are loaded once
    own = _best(label, rounds)
    print(f"radistill text label: {own:,.0f} reports a second")
    others = (("NLTK", _nltk()), ("spaCy, small", _spacy()), ("spaCy, blank", _blank()))
    for name, other in others:
        if other is None:
            print(f"{name}: not installed")
            continue
        other(rounds[0][:10])
        rate = _best(other, [reports[:500] for reports in rounds])
        print(f"{name}: {rate:,.0f} reports a second; radistill is {own / rate:.1f} times as fast")


def _rounds(table: Path | None) -> list[list[Report]]:
    if table is None:
        return [[w.report for w in write_reports(COUNT, seed)] for seed in range(ROUNDS)]
    return [[record.report for record in read_reports(table).records]] * ROUNDS


def _best(run: Callable[[Sequence[Report]], None], rounds: Sequence[Sequence[Report]]) -> float:
    rates = []
    for reports in rounds:
        start = time.process_time()
        run(reports)
        rates.append(len(reports) / (time.process_time() - start))
    return max(rates)


def _nltk() -> Callable[[Sequence[Report]], None] | None:
    """Rule-based parts of NLTK that need no data files: Treebank tokeniser, Snowball stemmer."""
    try:
        from nltk.stem import SnowballStemmer
        from nltk.tokenize import TreebankWordTokenizer
    except ImportError:
        return None
    tokenizer, stemmer = TreebankWordTokenizer(), SnowballStemmer("english")

    def run(reports: Sequence[Report]) -> None:
        for report in reports:
            for sentence in report.body.split(". "):
                _ = [stemmer.stem(word) for word in tokenizer.tokenize(sentence)]

    return run


def _spacy() -> Callable[[Sequence[Report]], None] | None:
    try:
        import spacy

        pipeline = spacy.load("en_core_web_sm", disable=["parser", "ner"])
        pipeline.enable_pipe("senter")
    except (ImportError, OSError):
        return None

    def run(reports: Sequence[Report]) -> None:
        for document in pipeline.pipe(report.body for report in reports):
            _ = [word.lemma_ for word in document]

    return run


def _blank() -> Callable[[Sequence[Report]], None] | None:
    """What spaCy does without a model: sentences and tokens, no lemmas."""
    try:
        import spacy
    except ImportError:
        return None
    pipeline = spacy.blank("en")
    pipeline.add_pipe("sentencizer")

    def run(reports: Sequence[Report]) -> None:
        for document in pipeline.pipe(report.body for report in reports):
            _ = [word.lower_ for word in document]

    return run


if __name__ == "__main__":
    main()
