"""The baseline: keywords that are affirmed, not denied.

A rule that a hospital could write in an afternoon. It learns nothing, so a learned labeller must be
better to be worth its while; where the two disagree, neither is trusted.
"""

import math
from collections.abc import Iterable, Sequence

from radistill.text.nlp.lemmas import lemma
from radistill.text.nlp.phrases import phrases
from radistill.text.nlp.scope import MAYBE, split_mark

AFFIRMED, DOUBTED = 0.8, 0.5  # score of one mention
OFTEN = 1 - (1 - AFFIRMED) ** 2  # two affirmed mentions

# By question; a phrase is its words in a row, compared as lemmas. Not tuned on the collection that
# they are scored on.
KEYWORDS = {
    "opacity": """
        pneumonia; bronchopneumonia; pneumonitis; infiltrate; consolidation; airspace disease
        airspace opacity; airspace process; alveolar opacity; alveolar disease
    """,
    "abnormal": """
        pneumonia; bronchopneumonia; pneumonitis; infiltrate; consolidation; airspace; opacity
        atelectasis; effusion; pneumothorax; edema; congestion; cardiomegaly; enlarge; mass; nodule
        granuloma; calcification; scar; fibrosis; emphysema; bullous; copd; hyperinflated
        hyperexpanded; hyperinflation; hyperexpansion; hyperlucent; bronchiectasis; thicken
        thickening; blunt; blunting; fracture; deformity; degenerative; scoliosis; kyphosis
        osteophyte; spondylosis; osteopenia; arthritis; hernia; eventration; tortuous; ectasia
        ectatic; atherosclerotic; atherosclerosis; unfolded; catheter; pacemaker; sternotomy; clip
        stent; tube; picc; port; suture; prosthesis; hardware; interstitial; adenopathy; density
        lucency; elevate; elevation; crowding; low lung volume; lung volume are low; shift
        obscure; mild; moderate; borderline; dilate; prominent; prominence; cavitary; lesion
        failure; bypass; surgical; postsurgical; foreign; hypoinflation; low volume; disc
    """,
}


QUESTIONS = tuple(KEYWORDS)


def _table() -> dict[str, list[tuple[int, list[str], float]]]:
    """First word, affirmed or doubted -> (question, words, doubt that is left) of phrases."""
    table: dict[str, list[tuple[int, list[str], float]]] = {}
    for question, text in enumerate(KEYWORDS.values()):
        for phrase in phrases(text):
            for mark, weight in (("", AFFIRMED), (MAYBE, DOUBTED)):
                words = [mark + lemma(word) for word in phrase.split()]
                table.setdefault(words[0], []).append((question, words, 1 - weight))
    return table


_TABLE = _table()
_TERMS = frozenset(
    lemma(word) for text in KEYWORDS.values() for word in text.replace(";", " ").split()
)
_TERMS |= {"normal", "clear", "unremarkable", "negative"}


def doubts(lemmas: Sequence[str]) -> tuple[float, ...]:
    """The doubt that one sentence, marked and lemmatised, leaves, in (0, 1], by `QUESTIONS`."""
    left = [1.0] * len(QUESTIONS)
    for i, word in enumerate(lemmas):
        counted = set()  # one word counts once for a question, whatever phrases begin with it
        for question, words, remains in _TABLE.get(word, ()):
            if question not in counted and lemmas[i : i + len(words)] == words:
                left[question] *= remains
                counted.add(question)
    return tuple(left)


def scores(doubts_of_sentences: Iterable[tuple[float, ...]]) -> dict[str, float]:
    """Score of a report for each question: 1 less the product of what its sentences leave."""
    columns = zip(*[(1.0,) * len(QUESTIONS), *doubts_of_sentences], strict=True)
    return {name: 1 - math.prod(left) for name, left in zip(QUESTIONS, columns, strict=True)}


def names_findings(features: Iterable[str]) -> bool:
    """Whether any feature is a word of the keywords, denied or not, or calls something normal."""
    return any(split_mark(feature)[1] in _TERMS for feature in features)


def level(score: float) -> str:
    """A score in words: none, doubted, once, often."""
    if score <= 0:
        return "none"
    if score < AFFIRMED - 1e-9:  # products of floats
        return "doubted"
    return "once" if score < OFTEN - 1e-9 else "often"
