"""Which words of a sentence are denied or doubted.

A word in the scope of a trigger phrase gets the prefix `no:` or `maybe:`, so that all later steps
treat it as another word; see `triggers`.
"""

from __future__ import annotations

from radistill.text.nlp.phrases import phrases
from radistill.text.nlp.triggers import AFTER_COMMA, PHRASES, Effect

MARKS = NO, MAYBE = "no:", "maybe:"
PUNCTUATION = frozenset(",;:()")
_STOPS = frozenset(";:")
_FORWARD = {Effect.NO_AFTER: NO, Effect.MAYBE_AFTER: MAYBE}
_BACKWARD = {Effect.NO_BEFORE: NO, Effect.MAYBE_BEFORE: MAYBE}


def _table() -> dict[str, list[tuple[list[str], Effect]]]:
    """First word -> phrases that begin with it, longest first."""
    table: dict[str, list[tuple[list[str], Effect]]] = {}
    for effect, text in PHRASES.items():
        for words in map(str.split, phrases(text)):
            table.setdefault(words[0], []).append((words, effect))
    for entries in table.values():
        entries.sort(key=lambda entry: -len(entry[0]))
    return table


_TABLE = _table()


def tag(sentence: list[str]) -> list[str]:
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
        length, effect = _trigger(sentence, i)
        if effect is None or (effect is Effect.MAYBE_AFTER and mark == NO):
            tagged.append(mark + word)
            i += 1
            continue
        if effect in _BACKWARD:
            back = _BACKWARD[effect]
            tagged[since:] = [w if w.startswith(MARKS) else back + w for w in tagged[since:]]
        if effect not in (Effect.NO_AFTER, Effect.NO_BEFORE):
            tagged += sentence[i : i + length]
        if effect is not Effect.PSEUDO:
            mark, since = _FORWARD.get(effect, ""), len(tagged)
        i += length
    return tagged


def _trigger(sentence: list[str], i: int) -> tuple[int, Effect | None]:
    """Length and effect of the longest phrase that starts at word `i`."""
    for words, effect in _TABLE.get(sentence[i], ()):
        if sentence[i : i + len(words)] == words:
            return len(words), effect
    return 0, None


def split_mark(word: str) -> tuple[str, str]:
    """`no:effusion` -> (`no:`, `effusion`); the mark is empty for a plain word."""
    head, colon, tail = word.partition(":")
    return (head + colon, tail) if colon else ("", word)
