"""The baseline: keywords that are affirmed, not denied.

What a hospital would write in an afternoon. It learns nothing, so a learned labeller that is no
better has no reason to be; where the two disagree, neither is sure.
"""

from __future__ import annotations

from collections.abc import Sequence

from radistill.text.nlp.lemmas import lemma
from radistill.text.nlp.scope import MAYBE

QUESTIONS = ("opacity", "abnormal")
AFFIRMED, DOUBTED = 0.8, 0.5  # how far one mention goes towards certainty
OFTEN = 1 - (1 - AFFIRMED) ** 2  # two affirmed mentions

# A phrase is its words in a row, compared as lemmas. Written once, not tuned on the collection
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


def _table() -> dict[str, list[tuple[int, list[str], float]]]:
    """First word, affirmed or doubted -> (question, words, doubt that is left) of phrases."""
    table: dict[str, list[tuple[int, list[str], float]]] = {}
    for question, text in KEYWORDS.items():
        for phrase in text.replace("\n", ";").split(";"):
            for mark, weight in (("", AFFIRMED), (MAYBE, DOUBTED)):
                if words := [mark + lemma(word) for word in phrase.split()]:
                    entry = (QUESTIONS.index(question), words, 1 - weight)
                    table.setdefault(words[0], []).append(entry)
    return table


_TABLE = _table()


def doubts(lemmas: Sequence[str]) -> tuple[float, ...]:
    """What one sentence, marked and lemmatised, leaves of doubt, in (0, 1], by `QUESTIONS`."""
    left = [1.0] * len(QUESTIONS)
    for i, word in enumerate(lemmas):
        counted = set()  # one word speaks once to a question, whatever phrases begin with it
        for question, words, remains in _TABLE.get(word, ()):
            if question not in counted and lemmas[i : i + len(words)] == words:
                left[question] *= remains
                counted.add(question)
    return tuple(left)


def level(score: float) -> str:
    """A score in words: none, doubted, once, often."""
    if score <= 0:
        return "none"
    if score < AFFIRMED - 1e-9:  # products of floats
        return "doubted"
    return "once" if score < OFTEN - 1e-9 else "often"
