"""Which words of a sentence are denied or doubted.

A word in the scope of a trigger phrase gets the prefix `no:` or `maybe:` and so is another word
to all later steps; see `triggers`.
"""

from __future__ import annotations

from collections.abc import Sequence

from radistill.text.nlp.triggers import AFTER_COMMA, PHRASES, Kind

NO, MAYBE = "no:", "maybe:"
PUNCTUATION = frozenset(",;:()")
_STOPS = frozenset(";:")


def _table() -> dict[str, list[tuple[tuple[str, ...], Kind]]]:
    """First word -> phrases that begin with it, longest first."""
    table: dict[str, list[tuple[tuple[str, ...], Kind]]] = {}
    for kind, text in PHRASES.items():
        for phrase in text.replace("\n", ";").split(";"):
            if words := tuple(phrase.split()):
                table.setdefault(words[0], []).append((words, kind))
    for found in table.values():
        found.sort(key=lambda entry: -len(entry[0]))
    return table


_TABLE = _table()


def tag(sentence: Sequence[str]) -> list[str]:
    """Mark the words of one sentence; drop its punctuation.

    A scope runs to the end of the sentence, to a phrase that ends it, to a colon or semicolon,
    or to a comma with a word that begins a new statement. Within a denial a doubt changes
    nothing ("no opacity to suggest pneumonia") but after a comma. Phrases that deny are dropped,
    since every word they reach says so; phrases that doubt are kept.
    """
    tagged: list[str] = []
    mark, since = "", 0  # of the forward scope; where a backward scope may begin
    i, n = 0, len(sentence)
    while i < n:
        word = sentence[i]
        if word in PUNCTUATION:
            if word in _STOPS or (i + 1 < n and sentence[i + 1] in AFTER_COMMA):
                mark, since = "", len(tagged)
            i += 1
            continue
        length, kind = _trigger(sentence, i) if word in _TABLE else (0, None)
        if kind is None or (kind is Kind.MAYBE_AFTER and mark == NO):
            tagged.append(mark + word)
            i += 1
            continue
        if kind in (Kind.NO_BEFORE, Kind.MAYBE_BEFORE):
            _mark_back(tagged, since, NO if kind is Kind.NO_BEFORE else MAYBE)
            mark = ""
        elif kind is Kind.NO_AFTER:
            mark = NO
        elif kind is Kind.MAYBE_AFTER:
            mark = MAYBE
        elif kind is Kind.END:
            mark = ""
        if kind not in (Kind.NO_AFTER, Kind.NO_BEFORE):
            tagged += sentence[i : i + length]
        if kind is not Kind.PSEUDO:
            since = len(tagged)
        i += length
    return tagged


def _trigger(sentence: Sequence[str], i: int) -> tuple[int, Kind | None]:
    """Length and kind of the longest phrase that starts at word `i`."""
    for words, kind in _TABLE[sentence[i]]:
        if tuple(sentence[i : i + len(words)]) == words:
            return len(words), kind
    return 0, None


def _mark_back(tagged: list[str], since: int, mark: str) -> None:
    for i in range(since, len(tagged)):
        if not tagged[i].startswith((NO, MAYBE)):
            tagged[i] = mark + tagged[i]


def split_mark(word: str) -> tuple[str, str]:
    """`no:effusion` -> (`no:`, `effusion`); the mark is empty for a plain word."""
    head, colon, tail = word.partition(":")
    return (head + colon, tail) if colon else ("", word)
