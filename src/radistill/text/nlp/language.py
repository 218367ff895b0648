"""Is a report in English? The lists and dictionaries here know no other language."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import simplemma

from radistill.text.nlp.lemmas import RADIOLOGY
from radistill.text.nlp.rules import KEYWORDS
from radistill.text.nlp.stopwords import STOP_WORDS

# Of the Indiana reports one in a thousand has fewer; French, the nearest stranger, has two thirds.
LEAST_KNOWN = 0.8
FEWEST = 3  # words; of less nobody can tell
# Terms that the dictionary lacks.
_TERMS = frozenset(
    f"""{" ".join(KEYWORDS.values()).replace(";", " ")} {" ".join(RADIOLOGY.values())}
    cardiomediastinal mediastinum costophrenic bibasilar hemidiaphragm midlung perihilar hiatal
    bronchovascular subsegmental lingula lingular retrocardiac paratracheal svc ct ij bilaterally
    """.split()
)


@lru_cache(maxsize=50_000)
def is_english(word: str) -> bool:
    """Whether a word in lower case stands in an English dictionary or the radiology list."""
    return (
        word in RADIOLOGY
        or word in _TERMS
        or word in STOP_WORDS
        or bool(simplemma.is_known(word, lang="en"))
    )


def count_words(sentence: str, words: Sequence[str]) -> tuple[int, int]:
    """(English words, all words) of a sentence and of its `words`; numbers do not count.

    Each letter of another script is a word, and one with an accent spoils two: the tokeniser
    parts the word there.
    """
    letters = [word for word in words if word[0].isalpha()]
    foreign = 0 if sentence.isascii() else sum(c.isalpha() and not c.isascii() for c in sentence)
    known = sum(map(is_english, letters))
    return max(0, known - foreign), len(letters) + foreign


def is_foreign(known: int, total: int) -> bool:
    """Whether a report with `known` English words of `total` is in another language."""
    return total >= FEWEST and known < LEAST_KNOWN * total
