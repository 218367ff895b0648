"""Whether a report is in English: the lists and dictionaries here cover no other language."""

from collections.abc import Sequence
from functools import lru_cache

import simplemma

from radistill.text.nlp.lemmas import MISSPELT, RADIOLOGY
from radistill.text.nlp.rules import KEYWORDS
from radistill.text.nlp.stopwords import STOP_WORDS

# Of the Indiana reports one in a thousand has a smaller share; French reports have two thirds.
LEAST_KNOWN = 0.8
FEWEST = 3  # words; fewer cannot be judged
# Terms that the dictionary lacks.
_TERMS = frozenset(
    f"""{" ".join(KEYWORDS.values()).replace(";", " ")} {" ".join(RADIOLOGY.values())}
    cardiomediastinal mediastinum costophrenic bibasilar hemidiaphragm midlung perihilar hiatal
    bronchovascular subsegmental lingula lingular retrocardiac paratracheal svc ct ij bilaterally
    """.split()
)


@lru_cache(maxsize=50_000)
def is_known(word: str) -> bool:
    """Whether a word in lower case is in the English dictionary or a list of this room."""
    return (
        word in RADIOLOGY
        or word in MISSPELT
        or word in _TERMS
        or word in STOP_WORDS
        or bool(simplemma.is_known(word, lang="en"))
    )


def count_words(sentence: str, words: Sequence[str]) -> tuple[int, int]:
    """(English words, all words) of a sentence and of its `words`; numbers do not count.

    A letter beyond ASCII counts as a word of another language, and one word less is known: the
    tokeniser splits words there.
    """
    alphabetic = [word for word in words if word[0].isalpha()]
    other = 0 if sentence.isascii() else sum(c.isalpha() and not c.isascii() for c in sentence)
    return max(0, sum(map(is_known, alphabetic)) - other), len(alphabetic) + other


def in_english(known: int, total: int) -> bool:
    """Whether a report with `known` English words of `total` is English or too short to tell."""
    return total < FEWEST or known >= LEAST_KNOWN * total
