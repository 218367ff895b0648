"""The baseline: keywords that are affirmed, not denied.

What a hospital would write in an afternoon. It learns nothing, so a learned labeller that is no
better has no reason to be; where the two disagree, neither is sure.
"""

from __future__ import annotations

from collections.abc import Sequence

from radistill.text.scope import MAYBE, split_mark

QUESTIONS = ("opacity", "abnormal")
AFFIRMED, DOUBTED = 0.8, 0.5  # how far one mention goes towards certainty
OFTEN = 1 - (1 - AFFIRMED) ** 2  # two affirmed mentions

# Lemmas; a phrase is its words in a row. Written once, not tuned on the collection they are
# scored on.
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


def _phrases(text: str) -> dict[str, list[tuple[str, ...]]]:
    """First word -> phrases that begin with it."""
    found: dict[str, list[tuple[str, ...]]] = {}
    for phrase in text.replace("\n", ";").split(";"):
        if words := tuple(phrase.split()):
            found.setdefault(words[0], []).append(words)
    return found


_PHRASES = {question: _phrases(text) for question, text in KEYWORDS.items()}


def doubt(lemmas: Sequence[str], question: str) -> float:
    """The doubt that one sentence, marked and lemmatised, leaves of `question`, in (0, 1]."""
    phrases, left = _PHRASES[question], 1.0
    for i, word in enumerate(lemmas):
        mark, bare = split_mark(word)
        if mark in ("", MAYBE) and any(
            lemmas[i : i + len(phrase)] == [mark + part for part in phrase]
            for phrase in phrases.get(bare, ())
        ):
            left *= 1 - (DOUBTED if mark else AFFIRMED)
    return left


def level(score: float) -> str:
    """A score in words: none, doubted, once, often."""
    if score <= 0:
        return "none"
    if score < AFFIRMED - 1e-9:  # products of floats
        return "doubted"
    return "once" if score < OFTEN - 1e-9 else "often"
